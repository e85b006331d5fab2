# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the monitor_lab contributors
"""A load run from its start to its verdict, as a loop over short steps (see C(module_utils/_locust/steps.py))."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Optional

from ..module_utils._locust.client import parse_exceptions, parse_failures, parse_stats
from ..module_utils._locust.plan import Plan
from ..module_utils._locust.state import Carried
from ..module_utils._locust.thresholds import (
    NO_EXCEPTIONS,
    Threshold,
    Watcher,
    is_total,
    judge,
    judge_baseline,
    with_defaults,
)
from ..module_utils._locust.timing import PATIENCE, STALE, Clock
from ..module_utils._locust.transport import LocustError
from . import _load_workers

# How long one step follows the run: short enough for a line of progress every 5 s.
STEP = 3.0
# How often the last step is tried where its answer is lost.
ATTEMPTS = 3
# Locust warns where a generator uses more of its core than this, in percent.
BUSY = 90
# What a shell tells of a process that SIGTERM or SIGKILL ended.
KILLED = (128 + 9, 128 + 15)
# The last step begins this long before the run's end, so that it is under way when the end comes.
LAST_STEP = 3.0


class StepFailedError(Exception):
    """A step could not be carried out; `bad_option` where that is for the caller to mend."""

    def __init__(self, problem: str, bad_option: bool = False) -> None:
        super().__init__(problem)
        self.bad_option = bad_option


@dataclass(frozen=True)
class Baseline:
    """The overall figures of an earlier run, and by how many percent each of some may be worse now."""

    overall: Mapping[str, Any]
    allowed: Sequence[tuple[str, float]]


@dataclass(frozen=True)
class Outcome:
    """What came of a run. Times are seconds since the epoch on the machine that talked to Locust."""

    verdict: str
    """C(passed); C(failed) where it happened and a threshold, or Locust itself, says no; C(incomplete) where it did not
    happen as asked."""
    reasons: list[str]
    failures: list[str]
    """Those of the reasons that fail the run whatever its thresholds say."""
    cautions: list[str]
    """What does not change the verdict, and what its figures have to be read with."""
    thresholds: list[dict[str, Any]]
    overall: dict[str, Any]
    endpoints: list[dict[str, Any]]
    errors: list[dict[str, Any]]
    exceptions: list[dict[str, Any]]
    started: float
    ended: float
    aborted: bool
    version: str
    workers: Optional[int]
    exit_code: Optional[int]
    """What the run's own Locust ended with; None of another."""
    shape: bool
    samples: list[dict[str, Any]]
    files: dict[str, str]


class LoadRun:
    """One load run.

    `call` carries out a step by name where Locust can be reached and returns its answer, or raises `StepFailedError`.
    A run that `launches` starts a Locust of its own. `state` is what the steps know of it so far.
    `tell` is given the newest sample after each step. The lab's Locust keeps the run by the name of `run_id` and `lab`.
    """

    def __init__(
        self,
        plan: Plan,
        thresholds: Sequence[Threshold],
        call: Callable[..., dict[str, Any]],
        tell: Callable[[Mapping[str, Any]], None],
        clock: Clock,
        launches: bool = False,
        run_id: str = "",
        lab: str = "",
        report: str = "",
    ) -> None:
        self._plan = plan
        self._thresholds = with_defaults(thresholds)
        self._call = call
        self._tell = tell
        self._clock = clock
        self._launches = launches
        self._run_id = run_id
        self._lab = lab
        self._report = report
        self.state = Carried()
        self._watcher = Watcher(thresholds)
        self._samples: list[dict[str, Any]] = []
        self._cautions: list[str] = []

    def carry_out(self, baseline: Optional[Baseline] = None) -> Outcome:
        """Run it and judge it. Raises `StepFailedError` where the run could not be started."""
        try:
            if self._launches:
                self._step("launch")
            self._await_workers()
            begun = self._step("begin")
        except StepFailedError:
            # Where the answer was lost, it may have begun.
            with contextlib.suppress(StepFailedError):
                self._step("stop")
            raise
        ends = self._clock.monotonic() + begun["left"]
        marked = self._mark(None, None)
        last, aborted = self._follow(ends)
        outcome = self._judge(self._finish(last, aborted), aborted, baseline)
        # A Locust of the run's own is gone by now, and its mark with it. One that gave nothing does not answer.
        if marked and outcome.files and not self._launches:
            self._mark(outcome.ended, outcome.verdict)
        return outcome

    def _mark(self, ended: Optional[float], verdict: Optional[str]) -> bool:
        """Have Locust keep what the run is, for Prometheus; tell whether it does."""
        mark = {
            "run": self._run_id,
            "lab": self._lab,
            "started": self.state.begun.started,
            "ended": ended,
            "verdict": verdict,
            "thresholds": [
                {
                    "figure": threshold.figure,
                    "comparison": threshold.comparison,
                    "limit": threshold.limit,
                    "name": threshold.name or threshold.name_pattern or "",
                    "method": threshold.method or "",
                }
                for threshold in self._thresholds
            ],
        }
        # Which is made when the run has ended.
        if self._report and verdict is not None:
            mark["report"] = self._report
        try:
            answer = self._call("mark", state=self.state.as_dict(), mark=mark)
        except StepFailedError as failure:
            answer = {"marked": False, "problem": f"the run left no mark in Locust: {failure}"}
        if answer.get("problem"):
            self._cautions.append(answer["problem"])
        return bool(answer["marked"])

    def _finish(self, before: Mapping[str, Any], aborted: bool) -> Mapping[str, Any]:
        """Return the last step's answer, or what is known without it."""
        asked = {name: before[name] for name in ("problem", "over")}
        for attempt in range(ATTEMPTS):
            try:
                last = self._step("finish", early=aborted, **asked)
            except StepFailedError as failure:
                problem = str(failure)
                # Which does not come again where its time is over.
                if attempt + 1 < ATTEMPTS:
                    self._clock.sleep(1)
            else:
                self._take(last["samples"])
                return last
        with contextlib.suppress(StepFailedError):
            self._step("stop")
        return {"problem": before["problem"] or problem, "files": {}, "ended": self._last_seen(), "exit_code": None}

    def _step(self, name: str, **arguments: Any) -> dict[str, Any]:
        """Carry out a step that has the run's state, and take in the state that it answers with."""
        answer = self._call(name, state=self.state.as_dict(), **arguments)
        if "state" in answer:
            try:
                self.state = Carried.from_dict(answer["state"])
            except LocustError as error:
                raise StepFailedError(str(error)) from error
        return answer

    def _await_workers(self) -> None:
        if not self._plan.expect_workers:
            return
        give_up = self._clock.monotonic() + self._plan.expect_workers_max_wait
        while True:
            workers = self._call("look")["workers"]
            if workers is None:
                raise StepFailedError("expect_workers: this Locust is not a master, so no worker can connect to it")
            if workers >= self._plan.expect_workers:
                return
            if self._clock.monotonic() >= give_up:
                raise StepFailedError(
                    f"expect_workers: {workers} of {self._plan.expect_workers} workers are connected after "
                    f"{self._plan.expect_workers_max_wait} s"
                )
            self._clock.sleep(1)

    def _follow(self, ends: float) -> tuple[dict[str, Any], bool]:
        """Return the last answer before the end, and whether a threshold ends the run now."""
        last: dict[str, Any] = {"problem": None, "over": None}
        answered = self._clock.monotonic()
        while last["problem"] is None and last["over"] is None and ends - self._clock.monotonic() > LAST_STEP:
            try:
                seconds = min(STEP, ends - self._clock.monotonic() - LAST_STEP)
                last = self._step("watch", seconds=seconds)
            except StepFailedError as failure:
                if self._clock.monotonic() - answered > PATIENCE:
                    last["problem"] = str(failure)
                self._clock.sleep(1)
                continue
            answered = self._clock.monotonic()
            ends = answered + last["left"]
            if self._take(last["samples"]):
                return last, True
        return last, False

    def _take(self, samples: Sequence[dict[str, Any]]) -> bool:
        """Take new samples in; tell whether a threshold ends the run."""
        self._samples += samples
        if samples:
            self._tell(samples[-1])
        seen = [self._watcher.see(sample) for sample in samples]
        return any(seen)

    def _last_seen(self) -> float:
        return float(self._samples[-1]["time"] if self._samples else self.state.begun.started)

    def _judge(self, last: Mapping[str, Any], aborted: bool, baseline: Optional[Baseline]) -> Outcome:
        files = last["files"]
        problems = [last["problem"]] if last["problem"] else []

        def read(name: str, parse: Callable[[str], list[dict[str, Any]]]) -> list[dict[str, Any]]:
            if name not in files:
                return []
            try:
                return parse(files[name])
            except LocustError as error:
                problems.append(f"{name} cannot be read: {error}")
                return []

        rows = read("locust_stats.csv", parse_stats)
        errors = read("locust_failures.csv", parse_failures)
        exceptions = read("locust_exceptions.csv", parse_exceptions)
        overall = next((row for row in rows if is_total(row)), None) or self._partial()
        answers: list[dict[str, Any]] = []
        failures: list[str] = []
        if rows:
            if "locust_exceptions.csv" in files:
                overall["num_exceptions"] = sum(exception["occurrences"] for exception in exceptions)
            answers = judge(self._thresholds, rows, self._watcher.peaks, self._watcher.breaches)
            if baseline is not None:
                answers += judge_baseline(baseline.allowed, baseline.overall, rows)
            _name_exceptions(answers, exceptions)
            if not overall["num_requests"]:
                problems.append("not a single request was made")
            elif overall["num_failures"] >= overall["num_requests"]:
                failures.append(f"not a single request succeeded, of {overall['num_requests']}")
            seen = self.state.begun.num_requests
            if not problems and seen > overall["num_requests"]:
                problems.append(
                    f"Locust's statistics were reset: of {seen} requests they had {overall['num_requests']} at the end"
                )
        killed = last.get("exit_code") in (None, *KILLED)
        if self._launches and not problems and killed:
            problems.append(
                f"Locust did not end within {self._plan.stop_max_wait} s, which is stop_max_wait, and was killed: "
                "what it says of the run itself is not known"
            )
        failures += self._own_verdict(last.get("exit_code"), overall, errors, exceptions)
        breaches = failures + [breach(answer) for answer in answers if not answer["passed"]]
        return Outcome(
            verdict="incomplete" if problems else "failed" if breaches else "passed",
            reasons=problems + breaches,
            failures=failures,
            cautions=self._cautions + self._late() + self._busy() + self._workers(last["ended"]),
            thresholds=answers,
            overall=overall,
            endpoints=[row for row in rows if not is_total(row)],
            errors=errors,
            exceptions=exceptions,
            started=self.state.begun.started,
            ended=last["ended"],
            aborted=aborted,
            version=self.state.begun.version,
            workers=self.state.begun.workers,
            exit_code=last.get("exit_code"),
            shape=self._plan.shape,
            samples=self._samples,
            files=files,
        )

    def _own_verdict(
        self,
        exit_code: Optional[int],
        overall: Mapping[str, Any],
        errors: Sequence[Mapping[str, Any]],
        exceptions: Sequence[Mapping[str, Any]],
    ) -> list[str]:
        """Return why the run's own Locust, or the locustfile, says that it failed.

        With failures and exceptions Locust ends so by itself, and those have thresholds.
        """
        by_itself = str(self._plan.locust_options.get("exit_code_on_error", 1))
        counted = bool(overall.get("num_failures") or errors or exceptions)
        if not exit_code or exit_code in KILLED or (counted and str(exit_code) == by_itself):
            return []
        return [
            f"Locust ended with exit code {exit_code}, which its locustfile decided on or an exception; see locust.log"
        ]

    def _late(self) -> list[str]:
        """Say how much of the run's time went by before there was load; only older versions of Locust count it in."""
        run = self.state.begun
        late = (run.load_since or run.started) - run.started
        if late <= STALE:
            return []
        return [
            f"Locust made load only after {late:.0f} of {self._plan.run_time} s: before 2.47.0 it counts the time "
            "that a test_start takes as part of run_time"
        ]

    def _busy(self) -> list[str]:
        """Say where a generator was out of CPU, and what that does to the figures."""
        busy = [sample for sample in self._samples if (sample.get("generator_cpu") or 0) > BUSY]
        if not busy:
            return []
        most = max(sample["generator_cpu"] for sample in busy)
        return [
            f"a generator used {most:.0f} % of its processor core after {busy[0]['elapsed']:.0f} s: answers waited for "
            "it, so that latencies are told too high, and requests came late. More workers would tell more"
        ]

    def _workers(self, ended: float) -> list[str]:
        """Say what workers that went and came did to the load."""
        return _load_workers.told(self._samples, self._plan.stages, ended - self.state.begun.started)

    def _partial(self) -> dict[str, Any]:
        """Return what the last sample knew of the run as a whole, where Locust could not be asked at the end."""
        if not self._samples:
            return {}
        return {name: self._samples[-1][name] for name in ("num_requests", "num_failures", "fail_ratio")}


def _name_exceptions(answers: Sequence[dict[str, Any]], exceptions: Sequence[Mapping[str, Any]]) -> None:
    """Say in the answers that count them which exception was the most frequent."""
    if not exceptions:
        return
    most = max(exceptions, key=lambda exception: int(exception["occurrences"]))
    lines = most["message"].splitlines() or ["without a message"]
    for answer in answers:
        if answer["threshold"].startswith(NO_EXCEPTIONS.figure):
            answer["message"] += f", most often: {lines[0][:200]}"


def breach(answer: Mapping[str, Any]) -> str:
    """Say in words which threshold was breached and by what."""
    endpoint = " ".join(part for part in (answer["method"], answer["name"]) if part)
    return f"{endpoint + ': ' if endpoint else ''}{answer['threshold']} breached, {answer['message']}"
