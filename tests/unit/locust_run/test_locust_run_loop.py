# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._locust.begin import begin
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._locust.finish import ARTIFACTS, finish
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._locust.look import look
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._locust.plan import plan_from
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._locust.state import Carried
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._locust.thresholds import parse_thresholds
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._locust.watch import Watched, watch
from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._load_reports import (
    SETTINGS,
    dashboard_url,
    junit,
    line,
    problem_of,
    progress,
    summary,
    write,
)
from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._load_run import (
    Baseline,
    LoadRun,
    Outcome,
    StepFailedError,
)
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.locust_run.memory_locust import Clock, MemoryLocust

OPTIONS = {"users": 5, "spawn_rate": 5.0, "run_time": "60s"}


class Steps:
    """Carries steps out in memory, each with the time that a module call takes.

    `failing` names those that fail, and `alter` changes what one answers.
    """

    def __init__(self, locust: MemoryLocust, clock: Clock, options: dict[str, Any], directory: Path) -> None:
        self.locust, self.clock, self.plan, self.directory = locust, clock, plan_from(options), directory
        self.thresholds = parse_thresholds(options.get("thresholds", []), self.plan.run_time)
        self.failing: Callable[[str], bool] = lambda name: False
        self.alter: Callable[[str, dict[str, Any]], object] = lambda name, answer: None
        self.called: list[str] = []
        self.marks: list[dict[str, Any]] = []
        self.marked = True
        self.overhead = 0.5

    def __call__(self, name: str, **arguments: Any) -> dict[str, Any]:
        self.clock.sleep(self.overhead)
        self.called.append(name)
        if self.failing(name):
            raise StepFailedError(f"{name} cannot be carried out")
        answer = self._carry_out(name, arguments)
        self.alter(name, answer)
        return answer

    def _carry_out(self, name: str, arguments: dict[str, Any]) -> dict[str, Any]:
        if name == "look":
            return look(self.locust)
        if name == "stop":
            return {}
        if name == "mark":
            self.marks.append(arguments["mark"])
            return {"marked": self.marked, "problem": None}
        if name == "begin":
            return self._answer(asdict(begin(self.locust, self.plan, self.directory, self.clock, False)))
        run = Carried.from_dict(arguments["state"]).begun
        if name == "watch":
            until = self.clock.time() + arguments["seconds"]
            seen: Watched = watch(self.locust, self.plan, self.thresholds, run, self.clock, until)
        else:
            before = Watched(run, problem=arguments["problem"], over=arguments["over"])
            seen = finish(self.locust, self.plan, before, self.clock, arguments["early"], self.thresholds)
        return self._answer(**asdict(seen))

    def _answer(self, run: dict[str, Any], **seen: Any) -> dict[str, Any]:
        left = run["started"] + self.plan.run_time - self.clock.time()
        # As a module call would: through JSON.
        answer = json.loads(json.dumps({**seen, "state": {"run": run}, "left": left}))
        assert isinstance(answer, dict)
        return answer


class Lab:
    def __init__(self, directory: Path) -> None:
        self.clock = Clock()
        self.locust = MemoryLocust(self.clock)
        self.directory = directory
        self.told: list[float] = []

    def prepare(self, **options: Any) -> Steps:
        return Steps(self.locust, self.clock, {**OPTIONS, **options}, self.directory)

    def run(self, steps: Steps, baseline: Baseline | None = None) -> Outcome:
        def tell(_sample: Any) -> None:
            self.told.append(self.clock.now)

        run = LoadRun(steps.plan, steps.thresholds, steps, tell, self.clock, run_id="run 1", lab="mine")
        return run.carry_out(baseline)


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lab:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return Lab(tmp_path)


def test_good_run_passes(lab: Lab) -> None:
    outcome = lab.run(lab.prepare(thresholds=["p95 < 10", {"threshold": "avg < 7", "name": "/a"}, "users >= 5"]))
    assert (outcome.verdict, outcome.reasons) == ("passed", [])
    assert outcome.ended - outcome.started == pytest.approx(60, abs=1)


def test_progress_is_told_every_5_s(lab: Lab) -> None:
    begun = lab.clock.now
    lab.run(lab.prepare())
    moments = [begun, *lab.told, begun + 60]
    assert max(later - earlier for earlier, later in itertools.pairwise(moments)) <= 5


def test_breach_fails_and_everything_else_is_still_there(lab: Lab) -> None:
    outcome = lab.run(lab.prepare(thresholds=["p95 < 5", "p50 < 10", {"threshold": "p95 < 1", "name": "/a"}]))
    assert outcome.verdict == "failed"
    assert outcome.reasons == ["p95 < 5 breached, p95 is 9", "GET /a: p95 < 1 breached, p95 is 9"]
    assert [answer["passed"] for answer in outcome.thresholds] == [False, True, False, True, True]
    assert outcome.overall["num_requests"] == pytest.approx(3000, rel=0.02)
    assert [row["name"] for row in outcome.endpoints] == ["/a"]
    assert outcome.files["locust_stats.csv"]


def test_abort_ends_the_run_early_and_fails_it(lab: Lab) -> None:
    begun = lab.clock.now
    outcome = lab.run(lab.prepare(thresholds=[{"threshold": "p95 < 5", "abort": True}]))
    assert (outcome.verdict, outcome.aborted) == ("failed", True)
    assert lab.clock.now - begun < 8
    assert lab.locust.state == "stopped"


def test_run_without_requests_never_passes(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MemoryLocust, "_count", lambda self, now: None)
    outcome = lab.run(lab.prepare(thresholds=["fail_ratio < 0.01"]))
    assert (outcome.verdict, outcome.reasons) == ("incomplete", ["not a single request was made"])


def test_run_in_which_every_request_failed_never_passes(lab: Lab) -> None:
    """A refusal is fast: the response times alone would pass."""
    lab.locust.failing = 1
    outcome = lab.run(lab.prepare(thresholds=["p95 < 200", "fail_ratio <= 1"]))
    requests = outcome.overall["num_requests"]
    assert (outcome.verdict, outcome.reasons) == ("failed", [f"not a single request succeeded, of {requests}"])
    suites = ElementTree.fromstring(junit("run", outcome))
    assert (suites.get("failures"), suites.get("errors")) == ("1", "0")
    (failure,) = suites.iter("failure")
    assert failure.get("message") == outcome.reasons[0]


def test_run_in_which_one_request_succeeded_is_judged_by_its_thresholds(lab: Lab) -> None:
    lab.locust.failing = 0.9995
    outcome = lab.run(lab.prepare(thresholds=["p95 < 200"]))
    assert (outcome.verdict, len(outcome.reasons)) == ("failed", 1)
    assert outcome.reasons[0].startswith("fail_ratio < 0.01 breached, fail_ratio is ")
    assert lab.run(lab.prepare(thresholds=["p95 < 200", "fail_ratio <= 1"])).verdict == "passed"


def test_exceptions_in_tasks_fail_the_run(lab: Lab) -> None:
    lab.locust.raised = {"'a'": 3, "no such basket\nat all": 40}
    outcome = lab.run(lab.prepare(thresholds=["fail_ratio < 0.01"]))
    assert outcome.verdict == "failed"
    assert outcome.reasons == ["num_exceptions == 0 breached, num_exceptions is 43, most often: no such basket"]
    assert outcome.overall["num_exceptions"] == 43
    assert [exception["occurrences"] for exception in outcome.exceptions] == [3, 40]
    assert ElementTree.fromstring(junit("run", outcome)).get("failures") == "1"


@pytest.mark.parametrize(("message", "told"), [("", "without a message"), ("x" * 300, "x" * 200)])
def test_exception_is_told_in_a_line(message: str, told: str, lab: Lab) -> None:
    lab.locust.raised = {message: 2}
    (reason,) = lab.run(lab.prepare()).reasons
    assert reason == f"num_exceptions == 0 breached, num_exceptions is 2, most often: {told}"


def test_exceptions_that_are_expected_have_a_threshold_of_their_own(lab: Lab) -> None:
    lab.locust.raised = {"'a'": 3}
    outcome = lab.run(lab.prepare(thresholds=["num_exceptions < 5"]))
    assert outcome.verdict == "passed"
    assert [answer["threshold"] for answer in outcome.thresholds] == ["num_exceptions < 5", "fail_ratio < 0.01"]


def test_run_whose_figures_are_lost_never_passes(lab: Lab) -> None:
    steps = lab.prepare(thresholds=["fail_ratio < 0.01"])
    steps.failing = lambda name: name == "finish"
    outcome = lab.run(steps)
    assert (outcome.verdict, outcome.reasons) == ("incomplete", ["finish cannot be carried out"])
    assert outcome.overall["num_requests"] > 2000
    assert outcome.overall.items() <= outcome.samples[-1].items()
    assert outcome.thresholds == []


def test_run_of_which_nothing_was_seen_has_no_figures(lab: Lab) -> None:
    steps = lab.prepare()
    steps.failing = lambda name: name in ("watch", "finish")
    outcome = lab.run(steps)
    assert (outcome.verdict, outcome.reasons) == ("incomplete", ["watch cannot be carried out"])
    assert (outcome.samples, outcome.overall) == ([], {})


def test_lost_connection_is_got_over_for_10_s(lab: Lab) -> None:
    steps = lab.prepare()
    begun = lab.clock.now
    steps.failing = lambda name: name == "watch" and begun + 20 < lab.clock.now < begun + 28
    assert lab.run(steps).verdict == "passed"


def test_lost_connection_ends_the_run_after_that(lab: Lab) -> None:
    steps = lab.prepare()
    begun = lab.clock.now
    steps.failing = lambda name: lab.clock.now > begun + 20
    outcome = lab.run(steps)
    assert outcome.verdict == "incomplete"
    assert lab.clock.now < begun + 40


@given(st.integers(1, 300), st.floats(0.05, 1.5))
def test_run_takes_no_longer_than_it_should(
    tmp_path_factory: pytest.TempPathFactory, run_time: int, overhead: float
) -> None:
    lab = Lab(tmp_path_factory.mktemp("run"))
    steps = lab.prepare(run_time=str(run_time))
    steps.overhead = overhead
    begun = lab.clock.now
    outcome = lab.run(steps)
    assert outcome.verdict == "passed"
    assert outcome.ended - outcome.started <= run_time
    # Two more steps leave its mark.
    assert lab.clock.now - begun < run_time + 3 + 2 * overhead


def test_workers_are_waited_for_and_then_given_up(lab: Lab) -> None:
    lab.locust.workers = 1
    steps = lab.prepare(expect_workers=2, expect_workers_max_wait="20s")
    begun = lab.clock.now
    with pytest.raises(StepFailedError, match="expect_workers: 1 of 2 workers are connected after 20 s"):
        lab.run(steps)
    assert 20 <= lab.clock.now - begun < 25
    assert lab.locust.changes() == []
    assert steps.called[-1] == "stop"


def test_locust_without_workers_is_not_waited_for(lab: Lab) -> None:
    with pytest.raises(StepFailedError, match="not a master"):
        lab.run(lab.prepare(expect_workers=1))


def test_state_of_another_version_ends_the_run_before_it_begins(lab: Lab) -> None:
    steps = lab.prepare()
    steps.alter = lambda name, answer: answer["state"]["run"].pop("started") if name == "begin" else None
    with pytest.raises(StepFailedError, match=r"another version of the collection: .*'started'"):
        lab.run(steps)


def test_baseline_is_held_too(lab: Lab) -> None:
    outcome = lab.run(lab.prepare(), Baseline({"p95": 8.0, "avg": 6.0}, [("p95", 10.0), ("avg", 0.0)]))
    assert outcome.verdict == "failed"
    assert outcome.reasons == ["p95 <= 8.8 (baseline 8 + 10%) breached, p95 is 9"]


def outcome_of(lab: Lab, **options: Any) -> Outcome:
    return lab.run(lab.prepare(**options))


def test_junit_has_a_case_for_each_threshold(lab: Lab) -> None:
    named = {"threshold": "p95 < 1", "name": '/<&\x07"é', "method": "GET"}
    suites = ElementTree.fromstring(junit("run", outcome_of(lab, thresholds=["p50 < 100", named])))
    assert (suites.get("tests"), suites.get("failures"), suites.get("errors")) == ("5", "1", "0")
    cases = list(suites.iter("testcase"))
    assert [case.get("classname") for case in cases] == [
        "locust_run",
        "locust_run.overall",
        'locust_run.GET /<&"é',
        "locust_run.overall",
        "locust_run.overall",
    ]
    assert [case.find("failure") is not None for case in cases] == [False, False, True, False, False]


def test_junit_of_an_incomplete_run_has_an_error(lab: Lab) -> None:
    lab.locust.silent = [(lab.clock.now + 20, lab.clock.now + 999)]
    suites = ElementTree.fromstring(junit("run", outcome_of(lab, thresholds=["p50 < 100"])))
    assert (suites.get("tests"), suites.get("errors")) == ("1", "1")
    error = suites.find(".//error")
    assert error is not None and error.get("message") == "no answer from Locust"


def test_artifacts_say_the_same_as_the_result(lab: Lab, tmp_path: Path) -> None:
    outcome = outcome_of(lab)
    made = summary("run", outcome, {**dict.fromkeys(SETTINGS), **OPTIONS}, None)
    assert made["settings"] == OPTIONS
    directory = tmp_path / "made"
    directory.mkdir()
    write(directory, made, outcome)
    assert json.loads((directory / "summary.json").read_text()) == made
    assert made["summary_version"] == 2
    assert made["started"].endswith("Z")
    assert len((directory / "samples.jsonl").read_text().splitlines()) == len(outcome.samples)
    assert {path.name for path in directory.iterdir()} >= {"report.html", "locust_stats.csv", "junit.xml"}


def test_progress_is_a_line() -> None:
    sample = {"elapsed": 11.6, "users": 5, "rps": 39.04, "p95": 17.0, "num_failures": 3, "fail_ratio": 0.015}
    assert progress(sample, 60) == "12/60 s  5 users  39.0 requests/s  p95 17 ms  3 failures (1.50%)"
    unknown = {**sample, "rps": None, "p95": None, "fail_ratio": None}
    assert progress(unknown, 60) == "12/60 s  5 users  0.0 requests/s  p95 - ms  3 failures (0.00%)"


def test_dashboard_is_linked_at_the_time_of_the_run() -> None:
    url = dashboard_url("http://grafana/sub/", "a b", 1700000010.0, 1700000070.5)
    assert url == "http://grafana/sub/d/a%20b?from=1700000005000&to=1700000075500"


def test_run_leaves_its_mark(lab: Lab) -> None:
    steps = lab.prepare(thresholds=["p95 < 5", {"threshold": "rps > 1", "name_pattern": "/a.*", "method": "GET"}])
    outcome = lab.run(steps)
    begun, ended = steps.marks
    assert (begun["run"], begun["lab"], begun["verdict"], begun["ended"]) == ("run 1", "mine", None, None)
    assert ended == {**begun, "verdict": "failed", "ended": outcome.ended}
    assert [(each["figure"], each["name"], each["method"]) for each in begun["thresholds"]] == [
        ("p95", "", ""),
        ("rps", "/a.*", "GET"),
        ("num_exceptions", "", ""),
        ("fail_ratio", "", ""),
    ]


def test_mark_tells_where_the_report_is_when_the_run_has_ended(lab: Lab) -> None:
    steps = lab.prepare()
    at = "https://ci.example.org/run%201/lab_report.html"
    LoadRun(steps.plan, steps.thresholds, steps, lambda _sample: None, lab.clock, report=at).carry_out()
    assert [each.get("report") for each in steps.marks] == [None, at]


def test_locust_that_keeps_no_mark_is_asked_once_and_nothing_is_said(lab: Lab) -> None:
    steps = lab.prepare()
    steps.marked = False
    outcome = lab.run(steps)
    assert (outcome.verdict, outcome.cautions, len(steps.marks)) == ("passed", [], 1)


def test_mark_that_fails_is_a_caution(lab: Lab) -> None:
    steps = lab.prepare()
    steps.failing = lambda name: name == "mark"
    outcome = lab.run(steps)
    assert outcome.verdict == "passed"
    assert outcome.cautions == ["the run left no mark in Locust: mark cannot be carried out"]


def test_generator_that_was_out_of_cpu_is_a_caution_in_all_reports(lab: Lab) -> None:
    lab.locust.workers, lab.locust.cpu = 2, 97.0
    outcome = outcome_of(lab)
    (caution,) = outcome.cautions
    assert outcome.verdict == "passed"
    assert caution.startswith("a generator used 97 % of its processor core after ") and "latencies" in caution
    assert f" after {outcome.samples[0]['elapsed']:.0f} s:" in caution
    assert summary("run", outcome, dict.fromkeys(SETTINGS), None)["cautions"] == [caution]
    assert caution in ElementTree.fromstring(junit("run", outcome)).findtext(".//system-err", "")
    assert line("run", outcome) == f"Load run run passed (but {caution})"


def test_generator_that_was_out_of_cpu_for_a_moment_is_told_by_the_first_and_the_most(lab: Lab) -> None:
    lab.locust.workers, lab.locust.cpu = 2, 90.0
    assert outcome_of(lab).cautions == []
    begun = lab.clock.now
    lab.locust.events = [
        (begun + at, partial(setattr, lab.locust, "cpu", cpu))
        for at, cpu in ((20, 95.0), (30, 99.0), (40, 92.0), (50, 10.0))
    ]
    outcome = outcome_of(lab)
    (caution,) = outcome.cautions
    first = next(sample for sample in outcome.samples if sample["generator_cpu"] > 90)
    assert caution.startswith(f"a generator used 99 % of its processor core after {first['elapsed']:.0f} s: ")


@pytest.mark.parametrize(("late", "cautions"), [(0, 0), (2.5, 0), (3, 1), (20, 1)])
def test_load_that_came_late_is_a_caution(late: float, cautions: int, lab: Lab) -> None:
    steps = lab.prepare()

    def comes_late(name: str, answer: dict[str, Any]) -> None:
        if name == "finish":
            answer["state"]["run"]["load_since"] = answer["state"]["run"]["started"] + late

    steps.alter = comes_late
    outcome = lab.run(steps)
    assert (outcome.verdict, len(outcome.cautions)) == ("passed", cautions)
    assert all(caution.startswith(f"Locust made load only after {late} of 60 s: ") for caution in outcome.cautions)


def test_generator_can_have_a_threshold(lab: Lab) -> None:
    lab.locust.workers, lab.locust.cpu = 2, 97.0
    assert outcome_of(lab, thresholds=["generator_cpu < 90"]).reasons == [
        "generator_cpu < 90 breached, generator_cpu is 97"
    ]


def test_statistics_that_were_reset_in_the_last_moment_are_noticed(lab: Lab) -> None:
    lab.locust.events = [(lab.clock.now + 60.3, lambda: setattr(lab.locust, "requests", 5))]
    outcome = outcome_of(lab)
    assert outcome.verdict == "incomplete"
    assert outcome.reasons[0].startswith("Locust's statistics were reset: of ")


@pytest.mark.parametrize(("more", "verdict"), [(0, "passed"), (1, "incomplete")])
def test_statistics_have_as_many_requests_as_were_seen_and_no_fewer(more: int, verdict: str, lab: Lab) -> None:
    steps = lab.prepare()

    def has_seen(name: str, answer: dict[str, Any]) -> None:
        if name == "finish":
            answer["state"]["run"]["num_requests"] = int(lab.locust.requests) + more

    steps.alter = has_seen
    assert lab.run(steps).verdict == verdict


def test_statistics_that_cannot_be_read_leave_what_was_seen(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lab.locust, "download", lambda _path: "<html>")
    outcome = outcome_of(lab, thresholds=["p95 < 1"])
    assert (outcome.verdict, len(outcome.reasons)) == ("incomplete", 3)
    assert outcome.reasons[0].startswith("locust_stats.csv cannot be read: ")
    assert outcome.overall["num_requests"] > 2000
    assert (outcome.thresholds, outcome.endpoints) == ([], [])


@pytest.mark.parametrize("lost", ["locust_failures.csv", "locust_exceptions.csv"])
def test_table_that_cannot_be_read_loses_no_other(lost: str, lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    path = ARTIFACTS[lost]
    download = lab.locust.download
    monkeypatch.setattr(lab.locust, "download", lambda asked: "<html>" if asked == path else download(asked))
    outcome = outcome_of(lab)
    assert outcome.verdict == "incomplete"
    assert outcome.reasons[0].startswith(f"{lost} cannot be read: ")
    assert outcome.overall["num_requests"] > 2000
    assert outcome.files[lost] == "<html>"


def test_lost_last_answer_is_asked_for_again(lab: Lab) -> None:
    steps = lab.prepare()
    steps.failing = lambda name: name == "finish" and steps.called.count("finish") < 2
    assert lab.run(steps).verdict == "passed"


def test_run_whose_begin_was_not_answered_is_stopped(lab: Lab) -> None:
    steps = lab.prepare()
    steps.failing = lambda name: name == "begin"
    with pytest.raises(StepFailedError, match="begin cannot be carried out"):
        lab.run(steps)
    assert steps.called[-1] == "stop"


def ends_with(code: int) -> Callable[[str, dict[str, Any]], object]:
    return lambda name, answer: answer.update(exit_code=code) if name == "finish" else None


@pytest.mark.parametrize(
    ("code", "failing", "options", "verdict"),
    [
        (0, 0.0, {}, "passed"),
        (7, 0.0, {}, "failed"),
        (1, 0.0, {}, "failed"),
        (1, 0.005, {}, "passed"),
        (2, 0.005, {}, "failed"),
        (3, 0.005, {"exit-code-on-error": 3}, "passed"),
        (2, 0.005, {"exit-code-on-error": 3}, "failed"),
    ],
)
def test_exit_code_counts_where_locust_does_not_end_so_by_itself(
    code: int, failing: float, options: dict[str, Any], verdict: str, lab: Lab
) -> None:
    """With failures it ends so, whatever the thresholds allow."""
    lab.locust.failing = failing
    steps = lab.prepare(locust_options=options)
    steps.alter = ends_with(code)
    outcome = lab.run(steps)
    assert (outcome.verdict, outcome.exit_code) == (verdict, code)
    assert [f"exit code {code}" in reason for reason in outcome.reasons] == [True] * (verdict == "failed")


def test_exit_code_is_locusts_own_where_only_exceptions_were_counted(lab: Lab) -> None:
    lab.locust.raised = {"'a'": 3}
    steps = lab.prepare(thresholds=["num_exceptions < 5"])
    steps.alter = ends_with(1)
    assert lab.run(steps).reasons == []


def test_names_that_are_no_text_are_written(lab: Lab, tmp_path: Path) -> None:
    outcome = replace(outcome_of(lab), failures=["\ud800"], files={"locust.log": "\ud800"})
    write(tmp_path, {"run_id": "run", "x": "\ud800"}, outcome)
    assert ElementTree.parse(tmp_path / "junit.xml").getroot().tag == "testsuites"
    assert (tmp_path / "locust.log").read_text() == "\\ud800"


def test_crash_of_a_module_shows_what_it_printed() -> None:
    assert problem_of({"msg": "no Locust there", "exception": "(traceback unavailable)"}) == "no Locust there"
    printed = "".join(f"line {number}\n" for number in range(50)) + "KeyError: 'users'"
    told = problem_of({"msg": "MODULE FAILURE", "module_stderr": printed, "rc": 1})
    assert told.startswith("MODULE FAILURE\nline 31\n") and told.endswith("KeyError: 'users'")
    # On a terminal it prints all to one place.
    told = problem_of({"msg": "MODULE FAILURE", "module_stderr": "", "module_stdout": f"{printed}\r\n", "rc": 1})
    assert told.startswith("MODULE FAILURE\nline 31\n") and told.endswith("KeyError: 'users'")
    assert problem_of({"msg": "KeyError: 'users'", "exception": "KeyError: 'users'"}) == "KeyError: 'users'"
    assert problem_of({}) == "the module failed without a word"
