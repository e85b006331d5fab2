# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the monitor_lab contributors
"""The steps of a load run, each a short module call. They run where Locust can be reached."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import process
from .arguments import client_from
from .begin import begin
from .client import LocustClient
from .finish import clear, finish, stop
from .forward import forwarded
from .look import check_options, check_shape, check_user_classes, look
from .mark import leave
from .plan import BadOptionError, Plan, plan_from
from .private import private_directory
from .state import Carried, RunState
from .thresholds import Threshold, parse_thresholds
from .timing import Clock
from .transport import LocustError
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
    if not re.fullmatch(r"[\w-]+", arguments["run_id"], re.ASCII):
        raise BadOptionError("_step", "run_id is no name of a directory")
    directory = private_directory() / arguments["run_id"]
    try:
        with forwarded(options) as port:
            if _begins(name, options, carried):
                directory.mkdir(mode=0o700)
            client = client_from(options, directory / "cookies" if directory.exists() else None, port)
            return STEPS[name](Step(options, arguments, carried, plan, client, directory, clock))
    finally:
        if name == "stop":
            # It is the last one, also where nothing leads to Locust any longer.
            shutil.rmtree(directory, ignore_errors=True)


def _begins(name: str, options: Mapping[str, Any], carried: Carried) -> bool:
    """Tell whether this step makes the run's directory."""
    if name == "check":
        return bool(options["mode"] == "process")
    return name == "launch" or (name == "begin" and carried.launched is None)


def _check(step: Step) -> dict[str, Any]:
    if not step.plan.launches:
        return _checked(step)
    # Only a Locust that is up tells what it would take; it gets no load.
    launched = None
    try:
        launched = process.launch(step.options, step.plan, step.client, step.directory, step.clock)
        return _checked(step)
    except LocustError as error:
        raise BadOptionError("mode", str(error)) from None
    finally:
        clear(launched, step.directory, step.clock)


def _checked(step: Step) -> dict[str, Any]:
    seen = look(step.client)
    check_user_classes(step.plan, seen["user_classes"])
    check_shape(step.plan, seen)
    check_options(step.plan, seen["options"])
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


def _thresholds(step: Step) -> list[Threshold]:
    return parse_thresholds(step.options["thresholds"], step.plan.run_time - step.plan.warmup)


def _watch(step: Step) -> dict[str, Any]:
    thresholds = _thresholds(step)
    until = step.clock.time() + step.arguments["seconds"]
    watched = watch(step.client, step.plan, thresholds, step.carried.begun, step.clock, until, step.carried.launched)
    return step.answer(watched.run, samples=watched.samples, problem=watched.problem, over=watched.over)


def _finish(step: Step) -> dict[str, Any]:
    before = Watched(step.carried.begun, problem=step.arguments["problem"], over=step.arguments["over"])
    launched = step.carried.launched
    finished = finish(step.client, step.plan, before, step.clock, step.arguments["early"], _thresholds(step), launched)
    exit_code, log = None, {}
    if launched is not None:
        exit_code = process.terminate(launched, step.clock, step.plan.stop_max_wait)
        log[process.LOG] = process.read_log(launched)
    clear(launched, step.directory, step.clock)
    return step.answer(
        finished.run,
        samples=finished.samples,
        problem=finished.problem,
        over=finished.over,
        ended=finished.ended,
        files={**finished.files, **log},
        exit_code=exit_code,
    )


def _mark(step: Step) -> dict[str, Any]:
    return leave(step.client, step.arguments["mark"], step.clock)


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
    "mark": _mark,
    "stop": _stop,
}
