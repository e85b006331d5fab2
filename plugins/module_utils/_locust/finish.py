# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the monitor_lab contributors
"""How a run ends, and what is brought of it."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Optional

from .client import ENDING, GOING, LocustClient, LocustError
from .plan import Plan
from .process import terminate
from .state import Carried, Launched
from .timing import Clock
from .watch import Watched, watch

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


def finish(client: LocustClient, plan: Plan, before: Watched, clock: Clock, early: bool = False) -> Finished:
    """Follow the run to its end, or end it now where it is `early` or has a problem; bring what Locust made of it.

    `before` is what the last watch saw; its samples are not repeated.
    """
    watched = replace(before, samples=[])
    planned = watched.run.started + plan.run_time
    while watched.problem is None and not early and clock.time() < planned:
        more = watch(client, plan, (), watched.run, clock, planned)
        watched = replace(more, samples=watched.samples + more.samples)
    ended = min(clock.time(), planned)
    problem = watched.problem
    files: dict[str, str] = {}
    try:
        # A run that is over is not there to be stopped; another one might be, and is somebody else's.
        if watched.over is None:
            end(client, clock, 0 if problem else 8)
        if watched.over != "ready":
            files = collect(client, clock)
    except LocustError as error:
        problem = problem or str(error)
    if watched.run.reset_pending and not early:
        problem = problem or "the users never all ran, so what came before was not left out"
    if len(plan.stages) > 1:
        # The timers of later stages, which an older Locust cannot cancel, are up to 1 s late and not for the next run.
        clock.sleep(max(0.0, planned + 1 - clock.time()) if not early else 0.0)
    return Finished(watched.run, watched.samples, problem, watched.over, ended, files)


def end(client: LocustClient, clock: Clock, patience: float) -> None:
    """Stop Locust and wait until it has. After `patience` it may still be waiting for users or for a lost worker."""
    give_up = clock.time() + patience
    while True:
        problem = f"Locust at {client.url} does not stop"
        state = None
        try:
            client.stop()
        except LocustError as error:
            # A master answers only when every worker has stopped its users.
            problem = str(error)
        try:
            state = client.overview().state
        except LocustError as error:
            problem = str(error)
        if state is not None and state not in GOING:
            return
        if clock.time() >= give_up:
            if state in ENDING:
                return
            raise LocustError(problem)
        clock.sleep(0.25)


def collect(client: LocustClient, clock: Clock) -> dict[str, str]:
    """Return what Locust made of the run: the artefacts by file name."""
    files = {}
    give_up = clock.time() + 5
    for name, path in ARTIFACTS.items():
        while name not in files:
            try:
                files[name] = client.download(path)
            except LocustError as error:
                if not error.transient or clock.time() >= give_up:
                    raise
                clock.sleep(0.5)
    return files


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
