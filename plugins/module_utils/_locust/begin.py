# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the monitor_lab contributors
"""How a run begins."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Optional

from .client import CANCELS_TIMERS, ENDING, GOING, LocustClient, version_of
from .finish import BEGUN, end
from .lock import await_timer, one_at_a_time, remember_timer
from .look import check_options, check_shape, check_user_classes, look
from .plan import BadOptionError, Plan
from .state import RunState
from .timing import STALE, Clock, lag
from .transport import LocustError


def begin(client: LocustClient, plan: Plan, directory: Path, clock: Clock, force: bool) -> RunState:
    """Start the run, unless one is going on. With `force` that one is stopped first."""
    with one_at_a_time(client.url, clock) as file:
        before = _settled(client, clock)
        check_user_classes(plan, before["user_classes"])
        check_shape(plan, before)
        check_options(plan, before["options"])
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
            end(client, clock, plan.stop_max_wait)
        await_timer(file, before, plan, clock)
        (directory / BEGUN).touch()
        if not plan.shape:
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
    # Where user classes are chosen, a shape is, too.
    chosen = [("shape_class", name) for name in before["shape_classes"] or () if plan.shape]
    answer = client.swarm([*plan.form(0, plan.run_time), *chosen])
    if not plan.shape and not answer.get("run_time"):
        raise LocustError(
            f"Locust at {client.url} took neither users nor run_time ({answer.get('message')}): its locustfile has a "
            "LoadTestShape, which decides on both itself"
        )
    while True:
        overview = client.overview()
        if overview.state in GOING:
            break
        if clock.time() - asked > plan.start_max_wait:
            reason = "no worker is connected" if before["workers"] == 0 else "see Locust's log"
            raise LocustError(
                f"Locust at {client.url} accepted the run and did not start it within {plan.start_max_wait} s, "
                f"which is start_max_wait: {reason}"
            )
        clock.sleep(0.25)
    if not directory.exists():
        raise LocustError("the run was interrupted while it began")
    going = clock.time()
    if going - asked > STALE and version_of(before["version"]) >= CANCELS_TIMERS:
        # A test_start that takes long is no part of the run, where Locust's timer can be set anew.
        client.swarm([*plan.form(0, plan.run_time), *chosen])
        asked = going
    reset_due = asked + plan.warmup + lag(before["workers"]) if plan.warmup and not plan.reset_stats else None
    users = _await_users(client, plan, overview.users, clock)
    return RunState(
        started=asked,
        version=before["version"],
        workers=before["workers"],
        next_poll=asked + STALE,
        answered=clock.time(),
        counted_since=asked,
        reset_due=reset_due,
        reset_pending=bool(plan.warmup or plan.reset_stats),
        load_since=going,
        users=users or 0,
        reached=not plan.shape and users == plan.stages[0].users,
    )


def _await_users(client: LocustClient, plan: Plan, users: Optional[int], clock: Clock) -> Optional[int]:
    """Return how many users there are, after all have come where that takes no longer than a step.

    A run of a few seconds is over before it is looked at again.
    """
    if plan.shape:
        return users
    stage = plan.stages[0]
    give_up = clock.time() + min(stage.ramp(0) + 0.5, stage.duration - 0.5, 3)
    while users != stage.users and clock.time() < give_up:
        clock.sleep(0.5)
        users = client.overview().users
    return users
