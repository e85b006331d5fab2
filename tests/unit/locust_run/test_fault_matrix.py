# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""What a run comes to, whatever happens to it, in both modes. docs/figures.md shows the table."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._locust import finish, process, steps, watch
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._locust.arguments import ARGUMENTS
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._locust.plan import plan_from
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._locust.state import Launched
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._locust.thresholds import parse_thresholds
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._locust.transport import LocustError
from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._load_run import LoadRun, Outcome, StepFailedError

from tests.locust_steps import carried_out
from tests.unit.locust_run.memory_locust import Clock, MemoryLocust

MODES = ("api", "process")
VERSIONS = ("2.15.1", "2.47.0")
# Since the run's beginning; each fault happens there, or goes on from there for so long.
MOMENT = 22.0
SHORT, EVER = 6.0, 10_000.0


class InterruptionError(Exception):
    """The controller is told to end, or just does."""


class Stand:
    """One run on a simulated Locust, whose steps are carried out as the module does."""

    def __init__(self, mode: str, version: str, directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.mode = mode
        self.clock = Clock()
        self.locust = MemoryLocust(self.clock, version)
        self.directory = directory
        self.options: dict[str, Any] = {
            **{name: argument.get("default") for name, argument in ARGUMENTS.items()},
            **{"mode": mode, "users": 5, "spawn_rate": 5.0, "run_time": "60s", "host": "http://shop"},
        }
        self.exit_code: int | None = 0
        self.launched = 0
        self.interrupted_at = math.inf
        monkeypatch.setattr("tempfile.tempdir", str(directory))
        monkeypatch.setenv("HOME", str(directory))
        monkeypatch.setattr(steps, "client_from", lambda options, cookies=None, port=None: self.locust)
        monkeypatch.setattr(process, "launch", self._launch)
        for module in (process, finish):
            monkeypatch.setattr(module, "terminate", self._terminate)
        monkeypatch.setattr(watch, "cpu_seconds", lambda launched: 0.0)

    def _launch(self, *arguments: Any) -> Launched:
        self.launched += 1
        return Launched(7, "now", "")

    def _terminate(self, launched: Launched, clock: Any, patience: float = 0) -> int | None:
        self.launched = 0
        return self.exit_code

    def at(self, moment: float, action: Callable[[], object]) -> None:
        self.locust.events.append((self.clock.now + moment, action))

    def call(self, name: str, **arguments: Any) -> dict[str, Any]:
        self.clock.sleep(0.4)
        if self.clock.now >= self.interrupted_at:
            raise InterruptionError
        return carried_out(self.options, {"name": name, "run_id": "x", **arguments}, self.clock)

    def run(self) -> Outcome:
        plan = plan_from(self.options)
        thresholds = parse_thresholds(self.options["thresholds"], plan.run_time)
        self.load_run = LoadRun(
            plan, thresholds, self.call, lambda _sample: None, self.clock, launches=self.mode == "process"
        )
        return self.load_run.carry_out()


@dataclass(frozen=True)
class Fault:
    """What happens, and what the run comes to; `says` is in its reasons or cautions."""

    name: str
    happens: Callable[[Stand], object]
    verdict: str
    says: str = ""
    options: dict[str, Any] = field(default_factory=dict)


def answers(error: str, transient: bool, seconds: float) -> Callable[[Stand], None]:
    def happens(stand: Stand) -> None:
        begin = stand.clock.now + MOMENT
        stand.locust.answering.append((begin, begin + seconds, LocustError(error, transient)))

    return happens


def is_silent(seconds: float) -> Callable[[Stand], None]:
    def happens(stand: Stand) -> None:
        begin = stand.clock.now + MOMENT
        stand.locust.silent.append((begin, begin + seconds))

    return happens


def loses_a_worker(stand: Stand) -> None:
    stand.locust.workers = 2
    stand.at(MOMENT, lambda: setattr(stand.locust, "workers", 1))


def of_two_workers(*happens: tuple[float, str]) -> Callable[[Stand], None]:
    """Let something happen to one of two workers: `lose`, `leave` or `come`, so many seconds after the moment."""

    def prepare(stand: Stand) -> None:
        stand.locust.workers = 2
        for after, what in happens:
            stand.at(MOMENT + after, getattr(stand.locust, what))

    return prepare


def restarts(stand: Stand) -> None:
    stand.at(MOMENT, stand.locust.restart)


def someone_runs_theirs(stand: Stand) -> None:
    def theirs() -> None:
        stand.locust.stop()
        stand.locust.swarm([("user_count", "5"), ("spawn_rate", "5"), ("host", "http://shop")])

    stand.at(MOMENT, theirs)


def someone_changes(*fields: tuple[str, str]) -> Callable[[Stand], None]:
    form = {"user_count": "5", "spawn_rate": "50", **dict(fields)}
    return lambda stand: stand.at(MOMENT, lambda: stand.locust.swarm(list(form.items())))


def sets(**attributes: Any) -> Callable[[Stand], None]:
    def happens(stand: Stand) -> None:
        for name, value in attributes.items():
            setattr(stand.locust, name, value)

    return happens


def quits(state: str) -> Callable[[Stand], None]:
    return lambda stand: stand.at(MOMENT, lambda: setattr(stand.locust, "state", state))


def crashes(stand: Stand) -> None:
    stand.locust.raised = {"no basket": 3000}
    stand.exit_code = 1


def fails(stand: Stand) -> None:
    stand.locust.failing = 1.0
    stand.exit_code = 1


REPLACED = {"replace_workers_max_wait": "20s"}
CUT = "Locust did not answer with JSON"
FAULTS = (
    Fault("nothing", lambda stand: None, "passed"),
    Fault(
        "restart", lambda stand: stand.at(MOMENT, stand.locust.restart), "incomplete", "Locust was restarted after 2"
    ),
    Fault("worker lost", loses_a_worker, "incomplete", "1 of 2 workers were lost after 2"),
    Fault("worker quits", of_two_workers((0, "leave")), "incomplete", "1 of 2 workers quit after 2"),
    Fault("worker replaced", of_two_workers((0, "lose"), (12, "come")), "passed", "1 lost, 1 came, 1 to 2", REPLACED),
    Fault("worker replaced before it is missed", of_two_workers((0, "come"), (2, "lose")), "passed", "", REPLACED),
    Fault("worker evicted", of_two_workers((0, "leave"), (5, "come")), "passed", "1 quit, 1 came", REPLACED),
    Fault("worker not replaced", of_two_workers((0, "lose")), "incomplete", "not replaced within 20 s", REPLACED),
    Fault("worker evicted at the end", of_two_workers((30, "leave")), "incomplete", "before its end", REPLACED),
    Fault("one of more lost at the end", of_two_workers((0, "come"), (36.5, "lose")), "passed", "1 lost", REPLACED),
    Fault("scaled up and down", of_two_workers((0, "come"), (9, "leave")), "passed", "2 to 3 connected", REPLACED),
    Fault(
        "scaled down to what is wanted",
        of_two_workers((0, "leave")),
        "passed",
        "1 quit, 1 to 2 connected",
        {**REPLACED, "expect_workers": 1},
    ),
    Fault(
        "scaled down below",
        of_two_workers((0, "come"), (9, "leave"), (9, "leave")),
        "incomplete",
        "1 of 2 workers quit after 3",
        {**REPLACED, "expect_workers": 2},
    ),
    Fault("master killed", answers("no answer from Locust", True, EVER), "incomplete", "no answer from Locust"),
    Fault("cut answer", answers(CUT, True, EVER), "incomplete", CUT),
    Fault("cut answer, for a moment", answers(CUT, True, SHORT), "passed"),
    Fault("500", answers("HTTP 500", True, EVER), "incomplete", "HTTP 500"),
    Fault("500, for a moment", answers("HTTP 500", True, SHORT), "passed"),
    Fault("silence", is_silent(EVER), "incomplete", "no answer from Locust"),
    Fault("silence, for a moment", is_silent(SHORT), "passed"),
    Fault("foreign run", someone_runs_theirs, "incomplete", "its statistics were reset, after 2"),
    Fault("foreign stop", quits("stopped"), "incomplete", "something else stopped Locust after 2"),
    Fault(
        "foreign reset",
        lambda stand: stand.at(MOMENT, stand.locust.reset_stats),
        "incomplete",
        "its statistics were reset, after 2",
    ),
    Fault("foreign change", someone_changes(("user_count", "50")), "incomplete", "someone else changed the run"),
    Fault("foreign change to fewer", someone_changes(("user_count", "1")), "incomplete", "1 users ran after 3"),
    Fault(
        "foreign change of the host", someone_changes(("host", "http://live")), "incomplete", "http://live was tested"
    ),
    Fault("login page", answers("Locust asks for a login", False, EVER), "incomplete", "asks for a login"),
    Fault("early quit", quits("cleanup"), "incomplete", "something else stopped Locust after 2"),
    Fault("long start", sets(starting=30.0), "passed"),
    Fault("start that is too long", sets(starting=EVER), "incomplete", "did not start"),
    Fault("long stop", sets(stopping=20.0), "passed"),
    Fault("stop that is too long", sets(stopping=EVER), "incomplete", "stop_max_wait"),
    Fault("no users", sets(most=0), "incomplete", "0 users ran after 1"),
    Fault("fewer users", sets(most=3), "incomplete", "3 users ran after 1"),
    Fault("no host", sets(most=0, host=None), "incomplete", "Locust has no host", {"host": None}),
    Fault("all failing", fails, "failed", "not a single request succeeded"),
    Fault(
        "all failing, as wanted",
        lambda stand: setattr(stand.locust, "failing", 0.99),
        "passed",
        "",
        {"thresholds": ["fail_ratio > 0.9"]},
    ),
    Fault("all crashing", crashes, "failed", "num_exceptions == 0 breached"),
)


@pytest.fixture(params=VERSIONS)
def version(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_fault_ends_in_the_right_verdict(
    fault: Fault, mode: str, version: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand = Stand(mode, version, tmp_path, monkeypatch)
    stand.options.update(fault.options)
    fault.happens(stand)
    begun = stand.clock.now
    try:
        outcome = stand.run()
        verdict, reasons = outcome.verdict, "; ".join(outcome.reasons + outcome.cautions)
    except StepFailedError as failure:
        # As the action plugin has it.
        assert not failure.bad_option
        verdict, reasons = "incomplete", str(failure)
    assert verdict == fault.verdict, reasons
    assert re.search(re.escape(fault.says), reasons)
    assert stand.clock.now - begun < 130
    # Nothing of it stays.
    assert stand.launched == 0
    assert list(tmp_path.rglob("x")) == []


@pytest.mark.parametrize("mode", MODES)
def test_ctrl_c_stops_the_run_at_once_and_leaves_no_verdict(
    mode: str, version: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand = Stand(mode, version, tmp_path, monkeypatch)
    stand.interrupted_at = stand.clock.now + MOMENT
    with pytest.raises(InterruptionError):
        stand.run()
    stand.interrupted_at = math.inf
    assert stand.locust.state == "running"
    stand.call("stop", state=stand.load_run.state.as_dict())
    assert stand.locust.changes()[-1] == "/stop"
    assert (stand.locust.state, stand.launched) == ("stopped", 0)


@pytest.mark.parametrize("mode", MODES)
def test_dead_controller_leaves_no_endless_run(
    mode: str, version: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Locust was told how long the run lasts; a Locust of the run's own ends by itself, too (see `process.launch`)."""
    stand = Stand(mode, version, tmp_path, monkeypatch)
    begun = stand.clock.now
    stand.interrupted_at = begun + MOMENT
    with pytest.raises(InterruptionError):
        stand.run()
    assert stand.locust.state == "running"
    stand.clock.sleep(42)
    stand.locust.happen()
    assert stand.locust.state == "stopped"
    assert "/stop" not in stand.locust.changes()


@pytest.mark.parametrize("version", VERSIONS)
def test_run_of_someone_else_that_goes_on_is_left_alone(
    version: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand = Stand("api", version, tmp_path, monkeypatch)
    stand.locust.swarm([("user_count", "7"), ("spawn_rate", "7")])
    with pytest.raises(StepFailedError, match="a run of 7 users is going on"):
        stand.run()
    assert stand.locust.state == "running"


def test_own_locust_that_ends_by_itself_is_noticed_at_once(
    version: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand = Stand("process", version, tmp_path, monkeypatch)
    answers("Connection refused", True, EVER)(stand)
    begun = stand.clock.now
    monkeypatch.setattr(
        watch, "cpu_seconds", lambda launched: None if stand.clock.now > begun + MOMENT else stand.clock.now - begun
    )
    outcome = stand.run()
    assert (outcome.verdict, outcome.reasons[0][:28]) == ("incomplete", "Locust ended by itself after")
    assert stand.clock.now - begun < MOMENT + 15


@pytest.mark.parametrize("exit_code", [None, 137, 143])
def test_own_locust_that_does_not_end_never_passes(
    exit_code: int | None, version: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody knows what it would have said."""
    stand = Stand("process", version, tmp_path, monkeypatch)
    stand.exit_code = exit_code
    outcome = stand.run()
    assert outcome.verdict == "incomplete"
    assert "stop_max_wait" in outcome.reasons[0] and len(outcome.reasons) == 1


@pytest.mark.parametrize("mode", MODES)
def test_locustfiles_own_verdict_counts(
    mode: str, version: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A Locust that was up before goes on, and ends with nothing."""
    stand = Stand(mode, version, tmp_path, monkeypatch)
    stand.exit_code = 7
    outcome = stand.run()
    assert (outcome.verdict, outcome.exit_code) == (("failed", 7) if mode == "process" else ("passed", None))
