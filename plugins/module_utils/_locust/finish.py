# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the monitor_lab contributors
"""How a run ends, and what is brought of it."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Optional

from .client import ENDING, GOING, LocustClient
from .held import DeviationError, check_user_classes_at_end, check_users
from .plan import Plan
from .process import terminate
from .state import Carried, Launched
from .thresholds import Threshold
from .timing import Clock
from .transport import LocustError
from .watch import Watched, watch
from .workers import missed

# Marks, in the run's directory, that Locust was or is just being asked to start.
BEGUN = "begun"
ARTIFACTS = {
    "report.html": "/stats/report?download=1",
    "locust_stats.csv": "/stats/requests/csv",
    "locust_failures.csv": "/stats/failures/csv",
    "locust_exceptions.csv": "/exceptions/csv",
}


@dataclass(frozen=True)
class Finished(Watched):
    """What was seen of a run until its end, with the artefacts by file name."""

    ended: float = 0.0
    files: dict[str, str] = field(default_factory=dict)


def finish(
    client: LocustClient,
    plan: Plan,
    before: Watched,
    clock: Clock,
    early: bool = False,
    thresholds: Sequence[Threshold] = (),
    launched: Optional[Launched] = None,
) -> Finished:
    """Follow the run to its end, or end it now where it is `early` or has a problem; bring what Locust made of it.

    `before` is what the last watch saw; its samples are not repeated.
    """
    watched = replace(before, samples=[])
    planned = watched.run.started + plan.run_time
    while watched.problem is None and watched.over is None and not early and clock.time() < planned:
        more = watch(client, plan, thresholds, watched.run, clock, planned, launched, ends=False)
        watched = replace(more, samples=watched.samples + more.samples)
    ended = min(clock.time(), planned)
    problems = [] if watched.problem is None else [watched.problem]
    if not problems and not early:
        problems = _not_as_asked(client, plan, watched, ended)
    try:
        # A run that is over is not there to be stopped; another one might be, and is somebody else's.
        if watched.over is None:
            end(client, clock, 0 if problems else plan.stop_max_wait, watched.run.workers_lost > 0)
        elif watched.over in ENDING:
            _await_end(client, clock, plan.stop_max_wait)
    except LocustError as error:
        problems.append(str(error))
    files: dict[str, str] = {}
    if watched.over != "ready":
        files, missing = collect(client, clock)
        problems += missing
    if watched.run.reset_pending and not early:
        problems.append("the users never all ran, so what came before was not left out")
    if len(plan.stages) > 1:
        # The timers of later stages, which an older Locust cannot cancel, are up to 1 s late and not for the next run.
        clock.sleep(max(0.0, planned + 1 - clock.time()) if not early else 0.0)
    problem = problems[0] if problems else None
    return Finished(watched.run, watched.samples, problem, watched.over, ended, files)


def _not_as_asked(client: LocustClient, plan: Plan, watched: Watched, now: float) -> list[str]:
    """Hold the run, which has come to its end, against what was asked for."""
    if watched.run.short_since is not None:
        return [missed(watched.run, " and were not replaced before its end")]
    if plan.shape:
        if watched.over is not None:
            return []
        return [f"the LoadTestShape had not come to its end after {plan.run_time} s, which is its run_time"]
    try:
        check_users(plan, watched.run, None, now)
        check_user_classes_at_end(client, plan)
    except DeviationError as error:
        return [str(error)]
    return []


def end(client: LocustClient, clock: Clock, patience: float, has_lost: bool = False) -> None:
    """Stop Locust and wait until it has.

    Where `patience` is none, it may still be waiting for users or for a lost worker. Where it `has_lost` one, it may
    wait for that for a minute, though all users have ended.
    """
    give_up = clock.time() + patience
    while True:
        problem, state, users = f"Locust at {client.url} did not stop", None, None
        try:
            client.stop()
        except LocustError as error:
            # A master answers only when every worker has stopped its users.
            problem = str(error)
        try:
            overview = client.overview()
            state, users = overview.state, overview.users
        except LocustError as error:
            problem = str(error)
        if state is not None and state not in GOING:
            return
        if state in ENDING and users == 0 and has_lost:
            return
        if clock.time() >= give_up:
            if state not in ENDING:
                raise LocustError(problem)
            if patience:
                raise LocustError(_still_ending(patience))
            return
        clock.sleep(0.25)


def _await_end(client: LocustClient, clock: Clock, patience: float) -> None:
    give_up = clock.time() + patience
    while client.overview().state in ENDING:
        if clock.time() >= give_up:
            raise LocustError(_still_ending(patience))
        clock.sleep(0.25)


def _still_ending(patience: float) -> str:
    return f"Locust was still stopping its users after {patience:.0f} s; stop_max_wait says how long it may take"


def collect(client: LocustClient, clock: Clock) -> tuple[dict[str, str], list[str]]:
    """Return what Locust made of the run: the artefacts by file name, and why some are missing."""
    files: dict[str, str] = {}
    missing: list[str] = []
    give_up = clock.time() + 5
    for name, path in ARTIFACTS.items():
        while name not in files:
            try:
                # A download may take long, which is not to be waited for where Locust is silent.
                client.overview()
                files[name] = client.download(path)
            except LocustError as error:
                if error.transient and clock.time() < give_up:
                    clock.sleep(0.5)
                    continue
                missing.append(str(error))
                break
    return files, missing


def stop(client: LocustClient, carried: Carried, directory: Path, clock: Clock) -> None:
    """End the run at once, as far as it has begun, without its figures. A run that is not ours is left alone."""
    try:
        if carried.run is not None or (directory / BEGUN).exists():
            client.stop()
    finally:
        clear(carried.launched, directory, clock)


def clear(launched: Optional[Launched], directory: Path, clock: Clock) -> None:
    """Leave nothing of a run on this machine."""
    if launched is not None:
        terminate(launched, clock)
    shutil.rmtree(directory, ignore_errors=True)
