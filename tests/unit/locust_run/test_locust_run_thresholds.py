# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors

from __future__ import annotations

import itertools
from typing import Any

import pytest
import yaml
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._locust.client import current_figures, parse_stats
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._locust.figures import (
    COMPARABLE,
    CURRENT,
    CURRENT_OF_ENDPOINTS,
    FIGURES,
)
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._locust.plan import BadOptionError
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._locust.thresholds import (
    Breach,
    Threshold,
    Watcher,
    judge,
    judge_baseline,
    parse_regression,
    parse_thresholds,
    with_defaults,
)
from ansible_collections.devsecops.monitor_lab.plugins.modules import locust_run
from hypothesis import given
from hypothesis import strategies as st

RUN_TIME = 60
numbers = st.floats(min_value=0, max_value=1e6, allow_nan=False)
limits = st.integers(0, 10**6) | st.decimals(0, 1000, places=3).map(float)
comparisons = st.sampled_from(["<", "<=", ">", ">=", "=="])


def row(name: Any = "Aggregated", method: Any = "", **figures: Any) -> dict[str, Any]:
    return {"name": name, "method": method, "num_requests": 10, **figures}


def sample(elapsed: float, counted: Any = True, steady: Any = True, **figures: Any) -> dict[str, Any]:
    return {"elapsed": elapsed, "counted": counted, "steady": steady, **figures}


def one(value: Any, run_time: int = RUN_TIME) -> Threshold:
    (threshold,) = parse_thresholds([value], run_time)
    return threshold


@given(st.sampled_from(list(FIGURES)), comparisons, limits, st.text(" ", max_size=3))
def test_whatever_is_written_is_read_back(figure: str, comparison: str, limit: float, space: str) -> None:
    threshold = one(f"{space}{figure}{space}{comparison}{space}{limit}{space}")
    assert (threshold.figure, threshold.comparison, threshold.limit) == (figure, comparison, limit)
    assert one(str(threshold)) == threshold


@given(st.text(max_size=30))
def test_any_text_is_read_or_refused_by_its_place(text: str) -> None:
    try:
        threshold = one(text)
    except BadOptionError as error:
        assert str(error).startswith("thresholds[0]")
    else:
        assert threshold.figure in FIGURES


@given(
    st.none()
    | st.integers()
    | st.lists(st.text(max_size=3), max_size=3)
    | st.dictionaries(
        st.sampled_from(["threshold", "name", "method", "for", "abort", "more"]),
        st.none() | st.booleans() | st.integers(-5, 100) | st.sampled_from(["p95 < 200", "max < 1", "10s", "/a"]),
    )
)
def test_any_value_is_read_or_refused_by_its_place(value: Any) -> None:
    try:
        one(value)
    except BadOptionError as error:
        assert str(error).startswith("thresholds[0]")


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("p95 < -1", "cannot read"),
        ("p95 below 200", "cannot read"),
        ("p95 < 200ms", "cannot read"),
        ("p100 < 200", "no figure 'p100'"),
        ("p0 < 200", "no figure 'p0'"),
        ("p150 < 200", "no figure 'p150'"),
        ("p9.9.9 < 200", "no figure 'p9.9.9'"),
        ("latency < 200", "no figure 'latency'"),
        ({"threshold": "p95 < 200", "name": "/a", "name_pattern": "/b"}, "use one"),
        ({"threshold": "p95 < 200", "name_pattern": "/item/("}, "is no regular expression"),
        ({"threshold": "generator_cpu < 90", "name_pattern": "/a"}, "not for an endpoint"),
        ({"threshold": "p50 < 200", "name_pattern": "/a", "abort": True}, "current figure"),
        ({"threshold": "p95 < 200", "unless": 1}, "unknown key unless"),
        ({"name": "/a"}, "with 'threshold'"),
        ({"threshold": "p95 < 200", "method": "GET"}, "method needs the name"),
        ({"threshold": "users > 5", "name": "/a"}, "not for an endpoint"),
        ({"threshold": "num_exceptions < 5", "name": "/a"}, "not for an endpoint"),
        ({"threshold": "users > 5", "name": True}, "name is True, not a text"),
        ({"threshold": "p95 < 200", "name_pattern": 5}, "name_pattern is 5, not a text"),
        ({"threshold": "p95 < 200", "name": "/a", "method": ["GET"]}, "method is ['GET'], not a text"),
        ({"threshold": "p95 < 200", "abort": "perhaps"}, "not true or false"),
        ({"threshold": "p99 < 200", "abort": True}, "current figure"),
        ({"threshold": "p95 < 200", "name": "/a", "for": "5s"}, "current figure"),
        ({"threshold": "p95 < 200", "for": "2m"}, "120 s is not within the 60 s"),
        ({"threshold": "p95 < 200", "for": "61s"}, "61 s is not within the 60 s"),
        ({"threshold": "p95 < 200", "for": "0s"}, "0 s is not within"),
        ({"threshold": "p95 < 200", "for": "soon"}, "not a time span"),
    ],
)
def test_what_cannot_be_used_is_refused(value: Any, problem: str) -> None:
    with pytest.raises(BadOptionError, match=r"^thresholds\[0\]") as error:
        one(value)
    assert problem in str(error.value)


@pytest.mark.parametrize("lasting", [1, RUN_TIME])
def test_for_may_be_any_part_of_the_run(lasting: int) -> None:
    assert one({"threshold": "p95 < 200", "for": f"{lasting}s"}).lasting == lasting


@given(comparisons, numbers, numbers)
def test_verdict_is_what_the_comparison_says(comparison: str, measured: float, limit: float) -> None:
    (answer,) = judge([Threshold("p95", comparison, limit)], [row(p95=measured)], {}, {})
    expected = {
        "<": measured < limit,
        "<=": measured <= limit,
        ">": measured > limit,
        ">=": measured >= limit,
        "==": measured == limit,
    }
    assert answer["passed"] is expected[comparison]
    assert answer["measured"] == measured


@given(numbers, numbers)
def test_opposite_comparisons_never_agree(measured: float, limit: float) -> None:
    rows = [row(avg=measured)]
    for comparison, opposite in (("<", ">="), (">", "<=")):
        first, second = judge([Threshold("avg", each, limit) for each in (comparison, opposite)], rows, {}, {})
        assert first["passed"] is not second["passed"]


def test_endpoint_is_held_to_its_own_figures() -> None:
    others = [row(name, "GET", p95=900.0) for name in ("/", "/b")]
    rows = [row("/a", "GET", p95=10.0), row("/a", "POST", p95=300.0), *others, row(p95=500.0)]
    answers = judge([one({"threshold": "p95 < 200", "name": "/a"})], rows, {}, {})
    assert [(answer["method"], answer["passed"]) for answer in answers] == [("GET", True), ("POST", False)]
    (answer,) = judge([one({"threshold": "p95 < 200", "name": "/a", "method": "GET"})], rows, {}, {})
    assert answer["passed"]
    (answer,) = judge([one("p95 < 200")], rows, {}, {})
    assert (answer["method"], answer["name"], answer["passed"]) == ("", "", False)


def test_endpoint_with_one_request_is_judged() -> None:
    (answer,) = judge(
        [one({"threshold": "p95 < 200", "name": "/a"})], [{**row("/a", "GET", p95=1.0), "num_requests": 1}], {}, {}
    )
    assert answer["passed"]


@pytest.mark.parametrize("name", ["AAA", "Zoo"])
def test_endpoint_without_a_method_is_not_the_total(name: str) -> None:
    rows = [row(name, p95=900.0), row(p95=10.0)]
    (answer,) = judge([one("p95 < 200")], rows, {}, {})
    assert answer["passed"]
    (answer,) = judge([one({"threshold": "p95 < 200", "name": name})], rows, {}, {})
    assert (answer["name"], answer["passed"]) == (name, False)


@pytest.mark.parametrize(
    ("measured", "told"),
    [
        (0.12345, "0.1235"),
        (42, "42"),
        (999.5, "999.5"),
        (9999.7, "10000"),
        (12345.6, "12346"),
        (123456, "123456"),
    ],
)
def test_figure_is_told_with_four_digits_or_whole(measured: float, told: str) -> None:
    (answer,) = judge([one("avg < 1")], [row(avg=measured)], {}, {})
    assert answer["message"] == f"avg is {told}"


def test_endpoint_called_aggregated_is_not_the_total() -> None:
    rows = [row("Aggregated", "GET", p95=900.0), row(p95=10.0)]
    (answer,) = judge([one("p95 < 200")], rows, {}, {})
    assert answer["passed"]
    (answer,) = judge([one({"threshold": "p95 < 200", "name": "Aggregated"})], rows, {}, {})
    assert not answer["passed"]


@pytest.mark.parametrize("rows", [[], [{**row("/a", "GET", p95=1.0), "num_requests": 0}], [row(p95=1.0)]])
def test_endpoint_that_never_appeared_is_a_breach(rows: list[dict[str, Any]]) -> None:
    (answer,) = judge([one({"threshold": "p95 < 200", "name": "/a"})], rows, {}, {})
    assert (answer["name"], answer["method"], answer["passed"]) == ("/a", "", False)
    assert answer["message"] == "endpoint /a never appeared"


def test_run_without_any_figures_is_a_breach() -> None:
    (answer,) = judge([one("p95 < 200")], [], {}, {})
    assert (answer["passed"], answer["message"]) == (False, "no request was counted")


def test_missing_figure_is_a_breach() -> None:
    (answer,) = judge([one("p99.99 < 200")], [row(p95=1.0)], {}, {})
    assert (answer["passed"], answer["measured"]) == (False, None)


def test_users_are_the_most_seen() -> None:
    assert judge([one("users >= 50")], [row()], {"users": 50}, {})[0]["passed"]
    assert not judge([one("users >= 50")], [row()], {"users": 49}, {})[0]["passed"]


def test_abort_is_immediate_and_for_takes_its_time() -> None:
    now, lasting = one({"threshold": "p95 < 100", "abort": True}), one({"threshold": "p50 < 100", "for": "10s"})
    watcher = Watcher([now, lasting])
    assert watcher.see(sample(1, p95=50, p50=500)) is None
    assert watcher.see(sample(9, p95=50, p50=500)) is None
    assert lasting not in watcher.breaches
    assert watcher.see(sample(11, p95=101, p50=500)) is now
    assert set(watcher.breaches) == {now, lasting}
    assert watcher.breaches[lasting].message == "p50 was 500 after 11 s"


def test_recovery_starts_the_clock_of_for_again() -> None:
    threshold = one({"threshold": "p95 < 100", "for": "10s", "abort": True})
    watcher = Watcher([threshold])
    for elapsed, p95 in ((0, 500), (8, 500), (9, 50), (10, 500), (19, 500)):
        assert watcher.see(sample(elapsed, p95=p95)) is None
    assert watcher.see(sample(20, p95=500)) is threshold


def test_first_of_two_that_end_a_run_is_told() -> None:
    first, second = (one({"threshold": f"{figure} < 100", "abort": True}) for figure in ("p95", "p50"))
    watcher = Watcher([first, second])
    assert watcher.see(sample(1, p95=500, p50=500)) is first
    assert {breach.message for breach in watcher.breaches.values()} == {
        "p95 was 500 after 1 s, run ended",
        "p50 was 500 after 1 s, run ended",
    }


@given(st.lists(st.tuples(st.floats(0.5, 5), st.booleans()), max_size=30), st.integers(1, 20))
def test_for_is_breached_exactly_when_a_stretch_lasts(steps: list[tuple[float, bool]], lasting: int) -> None:
    threshold = Threshold("p95", "<", 100, lasting=lasting)
    watcher = Watcher([threshold])
    elapsed, begun, expected, known = 0.0, None, False, False
    for step, bad in steps:
        elapsed += step
        known = True
        begun = (elapsed if begun is None else begun) if bad else None
        expected = expected or (begun is not None and elapsed - begun >= lasting)
        watcher.see(sample(elapsed, p95=500 if bad else 5))
    assert (threshold in watcher.breaches) is (expected or not known)


def test_pattern_is_held_against_every_endpoint_of_such_a_name() -> None:
    rows = [row("/item/1", "GET", p95=10.0), row("/item/22", "GET", p95=300.0), row("/item/x", "GET", p95=900.0), row()]
    answers = judge([one({"threshold": "p95 < 200", "name_pattern": "/item/[0-9]+"})], rows, {}, {})
    assert [(answer["name"], answer["passed"]) for answer in answers] == [("/item/1", True), ("/item/22", False)]
    (answer,) = judge([one({"threshold": "p95 < 200", "name_pattern": "/basket/.*"})], rows, {}, {})
    assert (answer["passed"], answer["message"]) == (False, "endpoint /basket/.* never appeared")
    assert answer["name"] == "/basket/.*"


def test_percentile_that_the_locustfile_adds_is_judged_and_another_is_a_breach() -> None:
    rows = [row(p97=150.0, **{"p99.5": 150.0})]
    answers = judge([one(f"{text} < 200") for text in ("p97", "p99.5", "p42")] + [one("p97.0 < 100")], rows, {}, {})
    assert [(answer["threshold"], answer["passed"]) for answer in answers] == [
        ("p97 < 200", True),
        ("p99.5 < 200", True),
        ("p42 < 200", False),
        ("p97 < 100", False),
    ]


def endpoint(name: str, **figures: Any) -> dict[str, Any]:
    return {"name": name, "method": "GET", **figures}


def test_endpoints_are_watched_each_by_itself() -> None:
    threshold = one({"threshold": "fail_ratio < 0.1", "name_pattern": "/item/.*", "for": "10s", "abort": True})
    watcher = Watcher([threshold])
    for elapsed, bad in ((0, "/item/1"), (6, "/item/2"), (11, "/item/1")):
        rows = [endpoint(name, fail_ratio=0.5 if name == bad else 0.0) for name in ("/item/1", "/item/2")]
        assert watcher.see(sample(elapsed, endpoints=[*rows, endpoint("/other", fail_ratio=1.0)])) is None
    assert watcher.see(sample(21, endpoints=[endpoint("/item/1", fail_ratio=0.5)])) is threshold
    (answer,) = judge([threshold], [row()], {}, watcher.breaches)
    assert (answer["name"], answer["method"], answer["measured"]) == ("/item/1", "GET", 0.5)


def test_endpoint_that_is_bad_for_long_is_seen_behind_one_that_is_bad_for_short() -> None:
    threshold = one({"threshold": "fail_ratio < 0.1", "name_pattern": "/item/.*", "for": "10s"})
    watcher = Watcher([threshold])
    for elapsed, first in ((0, 0.0), (6, 0.5), (11, 0.5)):
        watcher.see(
            sample(elapsed, endpoints=[endpoint("/item/1", fail_ratio=first), endpoint("/item/2", fail_ratio=1)])
        )
    assert watcher.breaches[threshold].name == "/item/2"


def test_endpoint_that_is_watched_and_never_bad_that_long_is_good() -> None:
    threshold = one({"threshold": "fail_ratio < 0.1", "name": "/a", "for": "10s"})
    (answer,) = judge([threshold], [row("/a", "GET", fail_ratio=0.5), row()], {}, {})
    assert (answer["name"], answer["method"], answer["passed"]) == ("/a", "GET", True)
    assert (answer["threshold"], answer["message"]) == ("fail_ratio < 0.1 for 10s", "never breached that long")


@pytest.mark.parametrize(
    "value",
    [
        {"threshold": "p95 < 100", "abort": True},
        {"threshold": "p95 < 100", "for": "5s"},
        {"threshold": "generator_cpu < 90", "abort": True},
        {"threshold": "rps > 1", "name": "/a", "for": "5s"},
    ],
)
def test_figure_that_was_watched_and_never_known_is_a_breach(value: dict[str, Any]) -> None:
    threshold = one(value)
    watcher = Watcher([threshold])
    for elapsed in range(30):
        assert watcher.see(sample(elapsed, p95=None, generator_cpu=None, endpoints=[endpoint("/a", rps=None)])) is None
    (answer,) = judge([threshold], [row(p95=5.0), row("/a", "GET", rps=5.0)], watcher.peaks, watcher.breaches)
    assert (answer["passed"], answer["measured"]) == (False, None)
    assert answer["message"] == f"Locust never told its current {threshold.figure}"


def test_figure_that_was_known_and_never_looked_at_is_a_breach() -> None:
    threshold = one({"threshold": "rps > 100", "for": "5s"})
    watcher = Watcher([threshold])
    watcher.see(sample(5, steady=False, rps=3.0))
    (answer,) = judge([threshold], [row(rps=3.0)], {}, watcher.breaches)
    assert not answer["passed"]
    assert answer["message"] == "never looked at: all users ran for less than the 12 s that Locust's figures cover"


def test_what_may_end_the_run_need_not_be_looked_at() -> None:
    threshold = one({"threshold": "rps > 100", "abort": True})
    watcher = Watcher([threshold])
    watcher.see(sample(5, steady=False, rps=3.0))
    assert watcher.breaches == {}


def test_what_is_held_of_the_whole_run_alone_is_not_watched() -> None:
    thresholds = with_defaults([one("p95 < 100")])
    watcher = Watcher(thresholds)
    seen = sample(1, p95=500, fail_ratio=1.0)
    assert watcher.see(seen) is None
    assert watcher.breaches == {}
    assert not any(threshold.breached_now(seen) for threshold in thresholds)


def test_generator_is_judged_by_the_most_that_was_seen() -> None:
    threshold = one("generator_cpu < 90")
    watcher = Watcher([threshold])
    for cpu in (10.0, 95.0, None, 20.0):
        watcher.see(sample(1, generator_cpu=cpu))
    (answer,) = judge([threshold], [row()], watcher.peaks, watcher.breaches)
    assert (answer["passed"], answer["measured"]) == (False, 95.0)


def test_generator_that_did_next_to_nothing_is_judged_by_that() -> None:
    watcher = Watcher([])
    watcher.see(sample(1, generator_cpu=0.4))
    assert watcher.peaks == {"generator_cpu": 0.4}


@pytest.mark.parametrize(
    ("values", "held"),
    [
        ([], ["num_exceptions == 0", "fail_ratio < 0.01"]),
        (["p95 < 5"], ["p95 < 5", "num_exceptions == 0", "fail_ratio < 0.01"]),
        (["fail_ratio < 0.5"], ["fail_ratio < 0.5", "num_exceptions == 0"]),
        (["num_exceptions < 5"], ["num_exceptions < 5", "fail_ratio < 0.01"]),
        (
            [{"threshold": "fail_ratio < 0.5", "name": "/a"}],
            ["fail_ratio < 0.5", "num_exceptions == 0", "fail_ratio < 0.01"],
        ),
    ],
)
def test_defaults_are_held_unless_a_threshold_of_the_whole_run_names_them(values: list[Any], held: list[str]) -> None:
    assert [str(threshold) for threshold in with_defaults(parse_thresholds(values, RUN_TIME))] == held


@pytest.mark.parametrize("figure", CURRENT)
def test_unknown_figure_and_uncounted_time_breach_nothing(figure: str) -> None:
    threshold = one({"threshold": f"{figure} < 0.001", "abort": True})
    assert not threshold.breached_now(sample(1, **{figure: None}))
    assert not threshold.breached_now(sample(1, counted=False, **{figure: 5}))
    assert threshold.breached_now(sample(1, steady=False, **{figure: 5}))


def test_too_little_is_not_looked_at_before_all_users_run() -> None:
    threshold = one({"threshold": "rps > 500", "abort": True})
    assert not threshold.breached_now(sample(1, steady=False, rps=0))
    assert threshold.breached_now(sample(1, rps=0))


def test_lasting_breach_is_in_the_verdict_and_its_absence_too() -> None:
    threshold = one({"threshold": "p95 < 100", "for": "10s"})
    (answer,) = judge([threshold], [row(p95=400.0)], {}, {})
    assert answer["passed"]
    (answer,) = judge([threshold], [row(p95=10.0)], {}, {threshold: Breach(400.0, "p95 was 400 after 17 s")})
    assert (answer["passed"], answer["measured"]) == (False, 400.0)
    assert answer["message"] == "p95 was 400 after 17 s"


@pytest.mark.parametrize(
    ("figure", "before", "now", "passes"),
    [
        *(("p95", 100, 110, True), ("p95", 100, 111, False), ("p0.5", 100, 110, True), ("p0.5", 100, 111, False)),
        *(("rps", 100, 90, True), ("rps", 100, 89, False)),
        *(("num_requests", 100, 90, True), ("num_requests", 100, 89, False)),
    ],
)
def test_baseline_allows_so_much_and_no_more(figure: str, before: float, now: float, passes: bool) -> None:
    (answer,) = judge_baseline(parse_regression({figure: "10%"}), {figure: before}, [row(**{figure: now})])
    assert answer["passed"] is passes
    bound = ">= 90 (baseline 100 - 10%)" if figure in ("rps", "num_requests") else "<= 110 (baseline 100 + 10%)"
    assert answer["threshold"] == f"{figure} {bound}"


@given(st.sampled_from(COMPARABLE), numbers, st.integers(0, 500))
def test_a_run_is_never_worse_than_itself(figure: str, value: float, percent: int) -> None:
    (answer,) = judge_baseline([(figure, percent)], {figure: value}, [row(**{figure: value})])
    assert answer["passed"]


def test_figure_that_the_baseline_lacks_is_a_breach() -> None:
    answers = judge_baseline([("p95", 10), ("rps", 5), ("avg", 10)], {"avg": 1}, [row(p95=1, rps=1, avg=1)])
    assert [(answer["threshold"], answer["passed"], answer["message"]) for answer in answers] == [
        ("p95 <= baseline + 10%", False, "the baseline has no p95"),
        ("rps >= baseline - 5%", False, "the baseline has no rps"),
        ("avg <= 1.1 (baseline 1 + 10%)", True, "avg is 1"),
    ]


@pytest.mark.parametrize("value", [{"p95": 10}, {"p95": "much"}, {"p100": "10%"}, {"users": "10%"}, {"p95": "-5%"}])
def test_regression_that_cannot_be_read_is_refused(value: dict[str, Any]) -> None:
    with pytest.raises(BadOptionError, match=r"^baseline_regression\.(p95|p100|users)"):
        parse_regression(value)


def documented() -> str:
    description = yaml.safe_load(locust_run.DOCUMENTATION)["options"]["thresholds"]["description"]
    return " ".join(" ".join(description).split())


def test_every_figure_is_documented_with_its_meaning_and_unit() -> None:
    def words(name: str) -> str:
        return ", ".join(part for part in (FIGURES[name].meaning, FIGURES[name].unit) if part)

    told = [
        f"{', '.join(f'V({name})' for name in names)} ({meaning})"
        for meaning, names in itertools.groupby(FIGURES, key=words)
    ]
    assert f"Figures are {', '.join(told)}." in documented()


def test_figures_for_the_moment_are_documented() -> None:
    names = [f"V({name})" for name in CURRENT]
    assert f"C(for) and C(abort) work with {', '.join(names[:-1])} and {names[-1]} of the whole" in documented()
    names = [f"V({name})" for name in CURRENT_OF_ENDPOINTS]
    assert f"and with {', '.join(names[:-1])} and {names[-1]} of endpoints" in documented()


def test_figures_are_what_locust_gives() -> None:
    """A run's statistics have all that is comparable, and a sample all that is current."""
    header = (
        "Type,Name,Request Count,Failure Count,Median Response Time,Average Response Time,Min Response Time,"
        "Max Response Time,Average Content Size,Requests/s,Failures/s,"
        "50%,66%,75%,80%,90%,95%,98%,99%,99.9%,99.99%,99.999%,100%"
    )
    (total,) = parse_stats(f"{header}\n,Aggregated{',1' * 21}\n")
    assert set(COMPARABLE) - {"num_exceptions"} <= set(total)
    idle = {"name": "Aggregated", "num_requests": 0, "num_failures": 0}
    assert set(CURRENT) <= set(current_figures({"state": "ready", "user_count": 0, "stats": [idle]}))
