# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the monitor_lab contributors
"""The steps of a load run, each a short module call. They run where Locust can be reached."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import process
from .arguments import client_from
from .begin import begin
from .client import LocustClient, LocustError
from .finish import clear, finish, stop
from .look import check_user_classes, look
from .plan import BadOptionError, Plan, plan_from
from .state import Carried, RunState
from .thresholds import parse_thresholds
from .timing import Clock
from .watch import Watched, watch


@dataclass(frozen=True)
class Step:
    """One step and what it works on: the module's options, its own arguments, and what is carried from the others.

    The steps are processes of their own. What they share beside the state is kept in `directory`: the login, whether
    the run has begun, and what belongs to a Locust that was started for it.
    """

    options: Mapping[str, Any]
    arguments: Mapping[str, Any]
    carried: Carried
    plan: Plan
    client: LocustClient
    directory: Path
    clock: Clock

    def answer(self, run: RunState, **seen: Any) -> dict[str, Any]:
        """Return the state, what was `seen`, and the seconds that are C(left) until the run's end."""
        carried = Carried(self.carried.launched, run)
        return {
            "state": carried.as_dict(),
            **seen,
            "left": run.started + self.plan.run_time - self.clock.time(),
        }


def carry_out(options: Mapping[str, Any], arguments: Mapping[str, Any], clock: Clock) -> dict[str, Any]:
    """Carry out the step of the C(name), C(run_id) and C(state), if there is one, in `arguments`, for the module."""
    name = arguments["name"]
    if name not in STEPS:
        raise BadOptionError("_step", f"there is no step {name!r}; there are {', '.join(STEPS)}")
    plan = plan_from(options)
    carried = Carried.from_dict(arguments.get("state") or {})
    directory = Path(tempfile.gettempdir(), f"locust_run-{arguments['run_id']}")
    if name == "launch" or (name == "begin" and carried.launched is None):
        directory.mkdir(mode=0o700)
    client = client_from(options, cookies=directory / "cookies" if directory.exists() else None)
    return STEPS[name](Step(options, arguments, carried, plan, client, directory, clock))


def _check(step: Step) -> dict[str, Any]:
    if step.options["mode"] == "process":
        process.check(step.options, step.plan)
        return {}
    seen = look(step.client)
    check_user_classes(step.plan, seen["user_classes"])
    return seen


def _look(step: Step) -> dict[str, Any]:
    return look(step.client)


def _launch(step: Step) -> dict[str, Any]:
    try:
        launched = process.launch(step.options, step.plan, step.client, step.directory, step.clock)
    except (BadOptionError, LocustError):
        shutil.rmtree(step.directory)
        raise
    return {"state": Carried(launched).as_dict()}


def _begin(step: Step) -> dict[str, Any]:
    try:
        run = begin(step.client, step.plan, step.directory, step.clock, step.options["force"])
    except (BadOptionError, LocustError):
        clear(step.carried.launched, step.directory, step.clock)
        raise
    return step.answer(run)


def _watch(step: Step) -> dict[str, Any]:
    thresholds = parse_thresholds(step.options["thresholds"], step.plan.run_time - step.plan.warmup)
    until = step.clock.time() + step.arguments["seconds"]
    watched = watch(step.client, step.plan, thresholds, step.carried.begun, step.clock, until)
    return step.answer(watched.run, samples=watched.samples, problem=watched.problem, over=watched.over)


def _finish(step: Step) -> dict[str, Any]:
    before = Watched(step.carried.begun, problem=step.arguments["problem"], over=step.arguments["over"])
    finished = finish(step.client, step.plan, before, step.clock, step.arguments["early"])
    log = {}
    if step.carried.launched is not None:
        log["locust.log"] = (step.directory / process.LOG).read_text(errors="replace")
    clear(step.carried.launched, step.directory, step.clock)
    return step.answer(
        finished.run,
        samples=finished.samples,
        problem=finished.problem,
        over=finished.over,
        ended=finished.ended,
        files={**finished.files, **log},
    )


def _stop(step: Step) -> dict[str, Any]:
    stop(step.client, step.carried, step.directory, step.clock)
    return {}


STEPS: dict[str, Callable[[Step], dict[str, Any]]] = {
    "check": _check,
    "look": _look,
    "launch": _launch,
    "begin": _begin,
    "watch": _watch,
    "finish": _finish,
    "stop": _stop,
}
