# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""Locust's answers as metrics, read back with Prometheus's own parser for Python."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from locust_exporter import metrics
from locust_exporter.exposition import Page
from prometheus_client.parser import text_string_to_metric_families

KEYS = [
    *(
        "stats",
        "errors",
        "workers",
        "state",
        "user_count",
        "worker_count",
        "fail_ratio",
        "id",
        "cpu_usage",
        "memory_usage",
    ),
    *(
        "method",
        "name",
        "error",
        "num_requests",
        "num_failures",
        "avg_response_time",
        "median_response_time",
        "current_rps",
    ),
    *("occurrences", "first_seen", "response_time_percentile_0.95", "ninetieth_response_time"),
    *("current_response_time_percentiles", "current_response_time_percentile_1"),
]
Labels = tuple[tuple[str, str], ...]


def samples(answer: object) -> dict[tuple[str, Labels], float]:
    page = Page("locust")
    metrics.write(page, answer)
    found: dict[tuple[str, Labels], float] = {}
    for family in text_string_to_metric_families(page.encode().decode("utf-8")):
        for sample in family.samples:
            key = sample.name, tuple(sorted(sample.labels.items()))
            assert key not in found, f"{key} is on the page twice"
            found[key] = sample.value
    return found


def answer(**changes: Any) -> dict[str, Any]:
    return {"stats": [], "errors": [], "state": "running", "user_count": 1, "fail_ratio": 0.0, **changes}


@pytest.mark.parametrize(
    ("state", "running"),
    [
        ("ready", 0),
        ("hatching", 1),
        ("spawning", 1),
        ("running", 2),
        ("cleanup", 0),
        ("stopping", 0),
        ("stopped", 0),
        ("missing", 0),
    ],
)
def test_the_ramp_up_is_not_shown_as_stopped(state: str, running: int) -> None:
    found = samples(answer(state=state))
    assert found["locust_running", ()] == running
    ones = {labels for (name, labels), value in found.items() if name == "locust_state" and value == 1}
    assert ones == {(("state", "spawning" if state == "hatching" else state),)}


@pytest.mark.parametrize(
    ("given", "count"),
    [({}, None), ({"workers": []}, 0), ({"workers": [{"state": "ready"}]}, 1), ({"workers": [], "worker_count": 2}, 2)],
    ids=["none, since it makes its load itself", "none", "a Locust up to 2.20", "a Locust's own count"],
)
def test_workers_that_are_not_there_are_told_from_a_locust_without_any(
    given: dict[str, Any], count: int | None
) -> None:
    assert samples(answer(**given)).get(("locust_workers_count", ())) == count


@pytest.mark.parametrize(
    "name",
    ['"', "\\", "\n", '\\"\n\\n', "\r\n\t", "\0", "\u2028", "🦗" * 100, "x" * 1000, "{}", "\ud800", "ÿ", "", "a,b=c"],
)
def test_hostile_names_stay_whole(name: str) -> None:
    found = samples(answer(stats=[{"method": name, "name": name, "num_requests": 3}]))
    expected = name.replace("\0", "\N{REPLACEMENT CHARACTER}").replace("\ud800", "?")
    assert found["locust_requests_num_requests", (("method", expected), ("name", expected))] == 3


def test_long_names_are_cut_and_stay_apart() -> None:
    names = ["x" * 10_000, "x" * 10_001, "x" * 9_999 + "y"]
    found = samples(answer(stats=[{"method": "", "name": name, "num_requests": 3} for name in names]))
    given = {dict(labels)["name"] for name, labels in found if name == "locust_requests_total"}
    assert len(given) == 3
    assert all(name.startswith("x" * 1000 + "…") and len(name) < 1020 for name in given)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("12.5", 12.5),
        (-3, -3.0),
        (True, 1.0),
        (10**400, None),
        (2**60, float(2**60)),
        (None, None),
        ("twelve", None),
        ([], None),
        ({}, None),
        (float("inf"), float("inf")),
        (-float("inf"), -float("inf")),
    ],
)
def test_hostile_figures_are_figures_or_nothing(given: object, expected: float | None) -> None:
    found = samples(answer(stats=[{"method": "GET", "name": "/", "num_requests": 1, "avg_response_time": given}]))
    assert found.get(("locust_requests_avg_response_time", (("method", "GET"), ("name", "/")))) == expected


@pytest.mark.parametrize(
    "given", [None, 1, "text", [], {}, {"stats": []}, {"state": "running"}, {"stats": 1, "state": 1}]
)
def test_other_json_is_not_taken_for_locust(given: object) -> None:
    with pytest.raises(metrics.NotLocustError):
        metrics.write(Page("locust"), json.loads(json.dumps(given)))


def test_every_recorded_answer_gives_a_valid_page(recorded: dict[str, Any]) -> None:
    found = samples(recorded)
    assert found["locust_users", ()] == recorded["user_count"]
    *_unused, total = recorded["stats"]
    assert found["locust_requests_num_requests", (("method", ""), ("name", "Aggregated"))] == total["num_requests"]
    assert found["locust_run_requests_total", ()] == total["num_requests"]


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ({"current_response_time_percentile_50": 7, "current_response_time_percentile_95": 80}, {50: 7, 95: 80}),
        ({"current_response_time_percentile_1": 7, "current_response_time_percentile_2": 80}, {50: 7, 95: 80}),
        (
            {
                "current_response_time_percentiles": {
                    "response_time_percentile_0.5": 7,
                    "response_time_percentile_0.95": 80,
                    "response_time_percentile_0.999": 90,
                }
            },
            {50: 7, 95: 80},
        ),
        ({"current_response_time_percentiles": {"response_time_percentile_0.5": None}}, {}),
        ({"current_response_time_percentiles": {"response_time_percentile_0.9": 5, "x": 1, "": 2}}, {}),
        ({"current_response_time_percentiles": []}, {}),
        ({}, {}),
    ],
)
def test_percentiles_under_all_names_that_they_had(keys: dict[str, Any], expected: dict[int, float]) -> None:
    found = samples(answer(**keys))
    prefix = "locust_requests_current_response_time_percentile_"
    assert {
        int(name.removeprefix(prefix)): value for (name, _unused), value in found.items() if name.startswith(prefix)
    } == expected
    assert all(
        found["locust_current_response_time_seconds", (("quantile", f"0.{p}".rstrip("0")),)] == value / 1000
        for p, value in expected.items()
    )


def test_rows_that_say_nothing_after_a_reset_are_left_out() -> None:
    zero = {"method": "GET", "name": "/", "num_requests": 0, "num_failures": 0, "avg_response_time": 0}
    found = samples(answer(stats=[zero, {**zero, "method": "", "name": "Aggregated"}]))
    assert {dict(labels).get("name") for name, labels in found} == {None, "Aggregated"}
    assert ("locust_run_response_time_seconds", (("quantile", "0.5"),)) not in found


def test_a_row_that_is_there_twice_is_written_once() -> None:
    row = {"method": "GET", "name": "/", "num_requests": 1}
    found = samples(
        answer(stats=[row, {**row, "num_requests": 2}], errors=[row, row], workers=[{"id": 1}, {"id": "1"}])
    )
    assert found["locust_requests_total", (("method", "GET"), ("name", "/"))] == 1


def test_an_endpoint_called_aggregated_is_not_the_total() -> None:
    row = {"method": "GET", "name": "Aggregated", "num_requests": 1}
    found = samples(answer(stats=[row, {"method": None, "name": "Aggregated", "num_requests": 5}]))
    assert found["locust_requests_total", (("method", "GET"), ("name", "Aggregated"))] == 1
    assert found["locust_requests_num_requests", (("method", ""), ("name", "Aggregated"))] == 5
    assert found["locust_run_requests_total", ()] == 5


def test_workers_are_numbered_on_their_host() -> None:
    ids = [f"big_host_{'0' * 31}{number}" for number in range(3)] + ["mine"]
    workers = [{"id": identity, "state": "running"} for identity in ids]
    workers[1]["state"] = "missing"
    found = samples(answer(workers=workers))
    places = [dict(labels) for name, labels in found if name == "locust_worker_info"]
    assert places == [
        {"id": ids[0], "host": "big_host", "number": "1"},
        {"id": ids[2], "host": "big_host", "number": "2"},
        {"id": "mine", "host": "mine", "number": "1"},
    ]


def test_errors_of_older_versions_are_freed_from_their_html() -> None:
    error = {"method": "GET", "name": "/?a=&lt;b&gt;", "error": "X(&#x27;500&#x27;)", "occurrences": 2}
    row = {"method": "GET", "name": "/?a=<b>", "num_requests": 2, "num_failures": 2}
    old = samples(answer(stats=[{**row, "ninetieth_response_time": 1}], errors=[error]))
    assert old["locust_errors", (("error", "X('500')"), ("method", "GET"), ("name", "/?a=<b>"))] == 2
    new = samples(answer(stats=[row], errors=[error]))
    assert new["locust_errors", (("error", "X(&#x27;500&#x27;)"), ("method", "GET"), ("name", "/?a=&lt;b&gt;"))] == 2


@pytest.mark.parametrize(("rows", "reached"), [(499, False), (500, True)])
def test_the_cap_of_locusts_answer_is_told(rows: int, reached: bool) -> None:
    stats = [{"method": "GET", "name": f"/{number}", "num_requests": 1} for number in range(rows)]
    total = {"method": "", "name": "Aggregated", "num_requests": rows}
    page = Page("locust")
    assert metrics.write(page, answer(stats=[*stats, total])) == {"stats": reached, "errors": False}
    assert metrics.write(page, answer(errors=stats)) == {"stats": False, "errors": reached}


def test_what_is_missing_and_what_is_unknown_harms_nothing() -> None:
    found = samples(
        {
            "state": "on_fire",
            "stats": [None, 1, "x", [], {}, {"name": "/"}, {"method": 5, "name": ["a"], "num_requests": 1, "new": {}}],
            "errors": {"not": "a list"},
            "workers": [None, {}, {"id": None, "state": 7, "user_count": "3"}],
            "current_rps": "fast",
        }
    )
    assert found["locust_state", (("state", "on_fire"),)] == 1
    assert found["locust_running", ()] == 0
    assert found["locust_requests_total", (("method", "5"), ("name", "['a']"))] == 1
    assert found["locust_worker_detail", (("id", ""), ("state", "7"))] == 3


@settings(max_examples=60)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(KEYS), inner),
        max_leaves=40,
    )
)
def test_any_json_gives_a_valid_page_or_none(given_json: object) -> None:
    page = {"state": "running", "stats": [], **given_json} if isinstance(given_json, dict) else given_json
    with contextlib.suppress(metrics.NotLocustError):
        samples(page)


def test_the_namespace_is_the_users_choice() -> None:
    page = Page("load")
    metrics.write(page, answer(stats=[{"method": "", "name": "Aggregated", "num_requests": 1}]))
    families = [line.split()[2] for line in page.encode().decode().splitlines() if line.startswith("# TYPE")]
    assert families
    assert all(name.startswith("load_") for name in families)
