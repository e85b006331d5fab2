# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the monitor_lab contributors
"""Whether what happens is what was asked for."""

from __future__ import annotations

import json
from typing import Optional

from .client import CANCELS_TIMERS, LocustClient, version_of
from .plan import Plan
from .state import RunState
from .timing import PATIENCE, STALE, lag
from .transport import LocustError

# States in which Locust makes the load that it was asked for. It is still busy in others, where it ends a run.
MAKING_LOAD = ("hatching", "spawning", "running")


class DeviationError(LocustError):
    """What happens is not what was asked for."""


def users_are_as_planned(run: RunState) -> bool:
    """Tell whether this stage's users were there when they were counted last."""
    return run.reached and run.off_since is None


def check_users(plan: Plan, run: RunState, users: Optional[int], now: float) -> None:
    """Hold the users that there are now against those of the stage. At a stage's end, those that were seen last count.

    The spawn rate says how long the users may take, and Locust may need some more. More users than were asked for are
    of someone else's asking.
    """
    if plan.shape:
        return
    stage, begins = plan.stages[run.stage], plan.boundaries()
    before = plan.stages[run.stage - 1].users if run.stage else 0
    if users is None:
        if not users_are_as_planned(run) and not _are_shared_out_anew(run, now):
            raise DeviationError(_other_users(plan, run, now))
        return
    run.users = users
    if users == stage.users:
        run.reached, run.off_since = True, None
        return
    if run.reached:
        most = stage.users
    else:
        # Statistics may still be those of a stage that has just ended.
        stale = now - run.started - STALE - lag(run.workers) - 1
        recent = [each.users for number, each in enumerate(plan.stages[: run.stage]) if begins[number + 1] > stale]
        most = max(before, stage.users, *recent)
    # Workers that share users out anew start some before others have stopped.
    if users > most and not run.workers:
        raise DeviationError(f"someone else changed the run: {_other_users(plan, run, now)}")
    if run.reached and run.off_since is None:
        run.off_since = now
    due = run.off_since or max(run.started + begins[run.stage], run.load_since or 0) + stage.ramp(before)
    due = max(due, run.gone_at + plan.replace_workers_max_wait)
    if now - due > PATIENCE + lag(run.workers):
        raise DeviationError(_other_users(plan, run, now))


def _are_shared_out_anew(run: RunState, now: float) -> bool:
    """Tell whether users that were there are just being given to other workers."""
    return run.reached and (run.short_since is not None or now - run.crew_since <= PATIENCE + lag(run.workers))


def _other_users(plan: Plan, run: RunState, now: float) -> str:
    stage = plan.stages[run.stage]
    text = f"{run.users} users ran after {now - run.started:.0f} s, where {stage.users} were asked for"
    if not run.users and not (plan.host or run.host):
        text += "; Locust has no host, without which users of HTTP cannot start: set host"
    return text


def check_host(plan: Plan, run: RunState, host: Optional[str], now: float) -> None:
    """Hold what is tested now against what was asked for, or else against what it was at first."""
    if not run.looked:
        run.looked, run.host = True, host
    # Locust leaves out what could be HTML.
    asked = run.host if plan.host is None else plan.host.replace("<", "").replace(">", "")
    if host is not None and host != asked:
        raise DeviationError(
            f"{host} was tested after {now - run.started:.0f} s, and not {asked or 'what the user classes say'}: "
            "someone else changed the run, or the locustfile its host"
        )


def check_user_classes_at_end(client: LocustClient, plan: Plan) -> None:
    """Hold the user classes that Locust has against those that were asked for."""
    if not plan.user_classes:
        return
    try:
        classes = json.loads(client.download("/tasks"))["per_class"]
    except (LocustError, ValueError, KeyError, TypeError, RecursionError):
        return
    if isinstance(classes, dict) and set(classes) != set(plan.user_classes):
        raise DeviationError(
            f"the user classes were {', '.join(sorted(map(str, classes)))} at the end, and not "
            f"{', '.join(sorted(plan.user_classes))}: someone else changed the run"
        )


def ended_early(plan: Plan, run: RunState, state: str, elapsed: float) -> str:
    when = f"after {elapsed:.0f} of {plan.run_time} s"
    if state == "ready":
        return f"Locust was restarted {when}"
    text = f"something else stopped Locust {when}: its locustfile, or someone"
    if version_of(run.version) < CANCELS_TIMERS:
        text += "; up to Locust 2.46.3 that may be the timer of an earlier run that was stopped early"
    return text
