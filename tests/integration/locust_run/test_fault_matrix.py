# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""What a run on a real Locust comes to, whatever happens to it, in both modes. docs/figures.md shows the table.

The steps are carried out as the module does, but in threads of this process: many runs go on at once.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._locust import process
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._locust.arguments import ARGUMENTS
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._locust.client import LocustClient
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._locust.plan import plan_from
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._locust.thresholds import parse_thresholds
from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._load_run import LoadRun, StepFailedError

from tests.integration.locust_run.real_locust import Locusts, free_port, listens
from tests.locust_steps import carried_out
from tests.locusts import EACH_VERSION, locust_executable
from tests.waiting import wait_until

LOCUSTFILE = Path(__file__).with_name("fault_locustfile.py")
MODES = ("api", "process")
AT_ONCE = 8
# Seconds from the run's beginning to the fault, where it is not there from the start.
MOMENT = 6.5
RUN_TIME = 15


class InterruptionError(Exception):
    """The controller is told to end, or just does."""


class Stand:
    """One run, and the Locust that it is made on."""

    def __init__(self, version: str, mode: str, directory: Path, workers: int, **options: Any) -> None:
        directory.mkdir()
        self.version, self.mode, self.workers = version, mode, workers
        self.locusts = Locusts(directory)
        self._fault = directory / "fault"
        self.locustfile = directory / "locustfile.py"
        self.locustfile.write_text(LOCUSTFILE.read_text().replace("@FAULT@", str(self._fault)))
        self.port, self._master_port = free_port(), free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.client = LocustClient(self.url)
        self.options: dict[str, Any] = {
            **{name: argument.get("default") for name, argument in ARGUMENTS.items()},
            **{"mode": mode, "locust_url": self.url, "users": 3, "spawn_rate": 3.0, "run_time": f"{RUN_TIME}s"},
            **{"locust_command": str(locust_executable(version)), "locustfile": str(self.locustfile)},
            **({"expect_workers": workers} if workers else {}),
            **options,
        }
        if workers and mode == "process":
            self.options["locust_options"] = {"master": True, "master_bind_port": self._master_port}
        self.run_id = uuid.uuid4().hex
        self.interrupted = False

    def set_up(self) -> None:
        master = ["--master", "--master-bind-port", str(self._master_port)] if self.workers else []
        if self.mode == "api":
            self.master = self.spawn("--web-host", "127.0.0.1", "--web-port", str(self.port), *master)
            wait_until("Locust listens", lambda: listens(self.port), 60)
        self.own_workers = [
            self.spawn("--worker", "--master-port", str(self._master_port)) for _unused in range(self.workers)
        ]

    def spawn(self, *arguments: str) -> Any:
        return self.locusts.spawn(self.version, {**os.environ}, "-f", str(self.locustfile), *arguments)

    def let(self, fault: str) -> None:
        self._fault.write_text(fault)

    def kill(self) -> None:
        if self.mode == "api":
            self.master.kill()
            self.master.wait()
        elif self.load_run.state.launched is not None:
            for pid, _fields in process._processes(self.load_run.state.launched):
                os.kill(pid, signal.SIGKILL)
        wait_until("nothing listens", lambda: not listens(self.port), 10)

    def restart(self) -> None:
        self.kill()
        self.spawn("--web-host", "127.0.0.1", "--web-port", str(self.port))

    def swarm(self, **form: Any) -> None:
        self.client.swarm([(name, str(value)) for name, value in form.items()])

    def call(self, name: str, **arguments: Any) -> dict[str, Any]:
        if self.interrupted:
            raise InterruptionError
        return carried_out(self.options, {"name": name, "run_id": self.run_id, **arguments}, time)

    def run(self, happens: Callable[[Stand], object]) -> tuple[str, str]:
        """Return the verdict, and the reasons and cautions; the fault happens in the middle of the run."""
        plan = plan_from(self.options)
        pending = [happens]

        def tell(sample: Any) -> None:
            if pending and sample["elapsed"] >= MOMENT - 1.5:
                pending.pop()(self)

        thresholds = parse_thresholds(self.options["thresholds"], plan.run_time)
        self.load_run = LoadRun(plan, thresholds, self.call, tell, time, launches=self.mode == "process")
        try:
            outcome = self.load_run.carry_out()
        except StepFailedError as failure:
            assert not failure.bad_option, failure
            return "incomplete", str(failure)
        return outcome.verdict, "; ".join(outcome.reasons + outcome.cautions)

    def end(self) -> None:
        self.interrupted = False
        if hasattr(self, "load_run"):
            with contextlib.suppress(StepFailedError):
                self.call("stop", state=self.load_run.state.as_dict())
        self.locusts.end()


@dataclass(frozen=True)
class Fault:
    """What happens in the middle, what is so from the start, and what the run comes to; `says` is in its reasons."""

    name: str
    verdict: str
    says: str = ""
    happens: Callable[[Stand], object] = lambda stand: None
    start: str = ""
    workers: int = 0
    options: dict[str, Any] = field(default_factory=dict)


def lets(fault: str) -> Callable[[Stand], object]:
    return lambda stand: stand.let(fault)


def theirs(stand: Stand) -> None:
    stand.client.stop()
    wait_until("it has stopped", lambda: stand.client.overview().state == "stopped", 10)
    stand.swarm(user_count=3, spawn_rate=3)


def loses(stand: Stand) -> None:
    stand.own_workers[0].kill()


def replaces(stand: Stand) -> None:
    """As where a container is started anew, before Locust misses the one that is gone."""
    loses(stand)
    stand.spawn("--worker", "--master-port", str(stand._master_port))


def evicts(stand: Stand) -> None:
    stand.own_workers[0].terminate()
    stand.spawn("--worker", "--master-port", str(stand._master_port))


REPLACED = {"replace_workers_max_wait": "30s", "run_time": "40s"}
NOT_REPLACED = {"replace_workers_max_wait": "5s", "run_time": "40s"}
FAULTS = (
    Fault("nothing", "passed"),
    Fault("restart", "incomplete", "", Stand.restart),
    Fault("worker lost", "incomplete", "workers were lost", lambda stand: stand.own_workers[0].kill(), workers=2),
    Fault("worker quits", "incomplete", "workers quit", lambda stand: stand.own_workers[0].terminate(), workers=2),
    Fault("worker evicted", "passed", "1 quit, 1 came", evicts, workers=2, options=REPLACED),
    Fault("worker replaced", "passed", "1 lost, 1 came", replaces, workers=2, options=REPLACED),
    Fault("worker not replaced", "incomplete", "not replaced within 5 s", loses, workers=2, options=NOT_REPLACED),
    Fault("master killed", "incomplete", "", Stand.kill),
    Fault("cut answer", "incomplete", "", lets("cut")),
    Fault("500", "incomplete", "HTTP 500", lets("500")),
    Fault("silence", "incomplete", "no answer", lets("silence")),
    Fault("foreign run", "incomplete", "", theirs),
    Fault("foreign change", "incomplete", "someone else", lambda stand: stand.swarm(user_count=9, spawn_rate=9)),
    Fault(
        "foreign change of the host",
        "incomplete",
        "http://live was tested",
        lambda stand: stand.swarm(user_count=3, spawn_rate=3, host="http://live"),
        options={"host": "http://test"},
    ),
    Fault("login page", "incomplete", "asks for a login", lets("login")),
    Fault("early quit", "incomplete", "", lets("quit")),
    Fault("long start", "passed", start="long-start"),
    Fault("long stop", "passed", start="long-stop"),
    Fault("no users", "incomplete", "0 users ran", start="no-users"),
    Fault("no host", "incomplete", "", start="http"),
    Fault("all failing", "failed", "not a single request succeeded", start="failing"),
    Fault("all crashing", "failed", "num_exceptions == 0 breached", start="crashing"),
)


def interrupt(stand: Stand) -> None:
    stand.interrupted = True


def is_interrupted(stand: Stand) -> None:
    stand.options["run_time"] = "20s"
    with pytest.raises(InterruptionError):
        stand.run(interrupt)
    stand.interrupted = False
    assert stand.client.overview().state == "running"


def ctrl_c(stand: Stand) -> None:
    is_interrupted(stand)
    stand.call("stop", state=stand.load_run.state.as_dict())
    if stand.mode == "process":
        assert not listens(stand.port)
    else:
        wait_until("it has stopped", lambda: stand.client.overview().state == "stopped", 5)


def dead_controller(stand: Stand) -> None:
    is_interrupted(stand)
    wait_until("it has stopped", lambda: stand.client.overview().state == "stopped", 25)


@contextlib.contextmanager
def standing(version: str, mode: str, directory: Path, fault: Fault) -> Iterator[Stand]:
    stand = Stand(version, mode, directory / fault.name.replace(" ", "-"), fault.workers, **fault.options)
    try:
        stand.let(fault.start)
        stand.set_up()
        yield stand
    finally:
        stand.end()


@pytest.mark.timeout(600)
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("version", EACH_VERSION)
def test_faults_end_in_the_right_verdict(
    version: str, mode: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The Locusts stay where they are, the runs' own files do not.
    monkeypatch.setenv("XDG_CACHE_HOME", os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache"))
    monkeypatch.setenv("HOME", str(tmp_path))

    def verdict(fault: Fault) -> str:
        with standing(version, mode, tmp_path, fault) as stand:
            got, reasons = stand.run(fault.happens)
            right = got == fault.verdict and fault.says in reasons
            return "" if right else f"{fault.name}: {got} and not {fault.verdict}: {reasons}"

    def interruption(end: Callable[[Stand], None]) -> str:
        with standing(version, mode, tmp_path, Fault(end.__name__, "")) as stand:
            try:
                end(stand)
            except (AssertionError, pytest.fail.Exception) as error:
                return f"{end.__name__}: {error}"
        return ""

    with ThreadPoolExecutor(AT_ONCE) as pool:
        made = [pool.submit(interruption, end) for end in (ctrl_c, dead_controller)]
        made += [pool.submit(verdict, fault) for fault in FAULTS]
        wrong = [one.result() for one in made]
    assert list(filter(None, wrong)) == []
