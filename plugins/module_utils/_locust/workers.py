# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the monitor_lab contributors
"""Which workers a run has: those that quit, those that are lost, and those that come."""

from __future__ import annotations

from collections.abc import Mapping

from .plan import Plan
from .state import RunState


def take_in(plan: Plan, run: RunState, states: Mapping[str, str], now: float) -> None:
    """Take in which workers Locust has now, by name, with their states.

    One that tells Locust that it goes is no longer among them, and Locust gives its users to the others at once. One
    that is just silent is C(missing) after some 4 s, and so are its users for a minute, unless the master was started
    with C(--enable-rebalancing). Its successor may have come before that.
    """
    connected = {name for name, state in states.items() if state != "missing"}
    if run.crew is None:
        run.wanted = max(run.workers or 0, plan.expect_workers)
    else:
        gone = set(run.crew) - connected
        lost, quits = len(gone & set(states)), len(gone - set(states))
        run.workers_lost += lost
        run.workers_quit += quits
        came = len(connected - set(run.crew))
        run.workers_came += came
        if gone or came:
            run.crew_since = now
        if gone:
            run.gone_at = now
        run.share_anew = run.share_anew or (lost > 0 and not plan.shape)
        fewer = min(quits, max(0, run.wanted - _least(plan, run)))
        run.wanted -= fewer
        run.short_lost += lost
        run.short_quit += quits - fewer
    run.crew = sorted(connected)
    if len(connected) < run.wanted:
        run.short_since = run.short_since or now
    else:
        run.short_since, run.short_lost, run.short_quit = None, 0, 0


def _least(plan: Plan, run: RunState) -> int:
    """Return how few workers there may be where others quit: none less where nobody replaces any."""
    return (plan.expect_workers or run.workers or 0) if plan.replace_workers_max_wait else run.wanted


def is_overdue(plan: Plan, run: RunState, now: float) -> bool:
    """Tell whether the workers that are not there should have been replaced by now."""
    return run.short_since is not None and now - run.short_since >= plan.replace_workers_max_wait


def missed(run: RunState, but: str = "") -> str:
    """Say which workers are not there; `but` says what else there is to say of them, such as how long."""
    short = run.wanted - len(run.crew or ())
    how = "quit" if run.short_quit else "were lost"
    if run.short_quit and run.short_lost:
        how = "were lost or quit"
    after = (run.short_since or run.started) - run.started
    return (
        f"{short} of {run.wanted} workers {how} after {after:.0f} s{but}, and with them went what they had not reported"
    )
