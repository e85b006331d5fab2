# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the monitor_lab contributors
"""How a run begins."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .client import ENDING, GOING, LocustClient, LocustError
from .finish import BEGUN, end
from .lock import await_timer, one_at_a_time, remember_timer
from .look import check_user_classes, look
from .plan import BadOptionError, Plan
from .state import RunState
from .timing import Clock, lag
from .watch import STALE


def begin(client: LocustClient, plan: Plan, directory: Path, clock: Clock, force: bool) -> RunState:
    """Start the run, unless one is going on. With `force` that one is stopped first."""
    with one_at_a_time(client.url) as file:
        before = _settled(client, clock)
        check_user_classes(plan, before["user_classes"])
        if plan.warmup and plan.warmup + lag(before["workers"]) >= plan.run_time:
            raise BadOptionError(
                "warmup", f"{plan.warmup} s and the 3 s that workers take to report leave nothing to judge"
            )
        if before["state"] in GOING:
            if not force:
                raise LocustError(
                    f"a run of {before['users']} users is going on at {client.url} (state {before['state']}, "
                    f"{before['rps'] or 0:.1f} requests/s) and was not started here; wait for its end, or set force"
                )
            end(client, clock, 8)
        await_timer(file, before, plan, clock)
        (directory / BEGUN).touch()
        # Stages have timers that are up to a second late.
        remember_timer(file, clock.time() + plan.run_time + 2)
        try:
            return _start(client, plan, directory, clock, before)
        except LocustError:
            # Whatever of it did start must not go on unwatched.
            with contextlib.suppress(LocustError):
                client.stop()
            raise


def _settled(client: LocustClient, clock: Clock) -> dict[str, Any]:
    """Return `look`, after a run that is just ending has ended."""
    give_up = clock.time() + 5
    while True:
        seen = look(client)
        if seen["state"] not in ENDING or clock.time() >= give_up:
            return seen
        clock.sleep(0.5)


def _start(client: LocustClient, plan: Plan, directory: Path, clock: Clock, before: Mapping[str, Any]) -> RunState:
    asked = clock.time()
    answer = client.swarm(plan.form(0, plan.run_time))
    if not answer.get("run_time"):
        raise LocustError(
            f"Locust at {client.url} took neither users nor run_time ({answer.get('message')}): its locustfile has a "
            "LoadTestShape, which decides on both itself"
        )
    while client.overview().state not in GOING:
        if clock.time() - asked > 5:
            reason = "no worker is connected" if before["workers"] == 0 else "see Locust's log"
            raise LocustError(f"Locust at {client.url} accepted the run and did not start it: {reason}")
        clock.sleep(0.25)
    if not directory.exists():
        raise LocustError("the run was interrupted while it began")
    reset_due = asked + plan.warmup + lag(before["workers"]) if plan.warmup and not plan.reset_stats else None
    return RunState(
        started=asked,
        version=before["version"],
        workers=before["workers"],
        next_poll=asked + STALE,
        answered=clock.time(),
        counted_since=asked,
        reset_due=reset_due,
        reset_pending=bool(plan.warmup or plan.reset_stats),
    )
