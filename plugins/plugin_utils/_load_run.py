# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the monitor_lab contributors
"""A load run from its start to its verdict, as a loop over short steps (see C(module_utils/_locust/steps.py))."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Optional

from ..module_utils._locust.client import LocustError, parse_exceptions, parse_failures, parse_stats
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
from ..module_utils._locust.timing import PATIENCE, Clock

# How long one step follows the run: short enough for a line of progress every 5 s.
STEP = 3.0
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
    """C(passed); C(failed) where a threshold was breached or no request succeeded; C(incomplete) where data is missing
    to say."""
    reasons: list[str]
    failures: list[str]
    """Those of the reasons that fail the run whatever its thresholds say."""
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
    samples: list[dict[str, Any]]
    files: dict[str, str]


class LoadRun:
    """One load run.

    `call` carries out a step by name where Locust can be reached and returns its answer, or raises `StepFailedError`.
    A run that `launches` starts a Locust of its own. `state` is what the steps know of it so far.
    `tell` is given the newest sample after each step.
    """

    def __init__(
        self,
        plan: Plan,
        thresholds: Sequence[Threshold],
        call: Callable[..., dict[str, Any]],
        tell: Callable[[Mapping[str, Any]], None],
        clock: Clock,
        launches: bool = False,
    ) -> None:
        self._plan = plan
        self._thresholds = thresholds
        self._call = call
        self._tell = tell
        self._clock = clock
        self._launches = launches
        self.state = Carried()
        self._watcher = Watcher(thresholds)
        self._samples: list[dict[str, Any]] = []

    def carry_out(self, baseline: Optional[Baseline] = None) -> Outcome:
        """Run it and judge it. Raises `StepFailedError` where the run could not be started."""
        if self._launches:
            self._step("launch")
        try:
            self._await_workers()
        except StepFailedError:
            self._step("stop")
            raise
        begun = self._step("begin")
        last, aborted = self._follow(self._clock.monotonic() + begun["left"])
        asked = {name: last[name] for name in ("problem", "over")}
        try:
            last = self._step("finish", early=aborted, **asked)
            self._take(last["samples"])
        except StepFailedError as failure:
            last = {"problem": last["problem"] or str(failure), "files": {}, "ended": self._last_seen()}
        return self._judge(last, aborted, baseline)

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
        while last["problem"] is None and ends - self._clock.monotonic() > LAST_STEP:
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
        rows: list[dict[str, Any]] = []
        errors: list[dict[str, Any]] = []
        exceptions: list[dict[str, Any]] = []
        try:
            if "locust_stats.csv" in files:
                rows = parse_stats(files["locust_stats.csv"])
                errors = parse_failures(files["locust_failures.csv"])
                exceptions = parse_exceptions(files["locust_exceptions.csv"])
        except LocustError as error:
            problems.append(str(error))
        overall = next((row for row in rows if is_total(row)), None) or self._partial()
        answers: list[dict[str, Any]] = []
        failures: list[str] = []
        if rows:
            overall["num_exceptions"] = sum(exception["occurrences"] for exception in exceptions)
            peak = max((sample["users"] for sample in self._samples), default=0)
            answers = judge(with_defaults(self._thresholds), rows, peak, self._watcher.breaches)
            if baseline is not None:
                answers += judge_baseline(baseline.allowed, baseline.overall, rows)
            _name_exceptions(answers, exceptions)
            if not overall["num_requests"]:
                problems.append("not a single request was made")
            elif overall["num_failures"] >= overall["num_requests"]:
                failures.append(f"not a single request succeeded, of {overall['num_requests']}")
        breaches = failures + [breach(answer) for answer in answers if not answer["passed"]]
        return Outcome(
            verdict="incomplete" if problems else "failed" if breaches else "passed",
            reasons=problems + breaches,
            failures=failures,
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
            samples=self._samples,
            files=files,
        )

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
