# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the monitor_lab contributors
"""How a run is followed while it goes on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Optional

from .client import GOING, LocustClient, LocustError, current_figures
from .plan import Plan
from .state import RunState
from .thresholds import WINDOW, Threshold
from .timing import PATIENCE, Clock, lag

# Locust caches its statistics for 2 s; asking every 1.5 s keeps below one request per second and sees a change
# within 3.5 s.
PERIOD = 1.5
# How long Locust's statistics may still be those from before a start or a reset.
STALE = 2.5


@dataclass(frozen=True)
class Watched:
    """What was seen of a run."""

    run: RunState
    samples: list[dict[str, Any]] = field(default_factory=list)
    problem: Optional[str] = None
    """Why the run cannot go on."""
    over: Optional[str] = None
    """Locust's state, where the run is no longer going on."""


class _RunIsOverError(LocustError):
    """The run ended before its time; `state` is the one that Locust is in now."""

    def __init__(self, problem: str, state: str) -> None:
        super().__init__(problem)
        self.state = state


def watch(
    client: LocustClient, plan: Plan, thresholds: Sequence[Threshold], before: RunState, clock: Clock, until: float
) -> Watched:
    """Follow the run until `until`, or until a threshold is breached at this moment or something is wrong.

    Starts the stages and resets the statistics when they are due.
    """
    run = replace(before)
    samples: list[dict[str, Any]] = []
    problem, over = None, None
    while problem is None:
        try:
            _act(client, plan, run, clock.time())
            now = clock.time()
            if now >= run.next_poll:
                run.next_poll = now + PERIOD
                sample = _sample(client, plan, run, now)
                run.answered = clock.time()
                if sample is not None:
                    samples.append(sample)
                    breached = [threshold for threshold in thresholds if threshold.breached_now(sample)]
                    if any(threshold.abort and threshold.lasting is None for threshold in breached):
                        # The caller will say the same, a module call later.
                        client.stop()
                    if breached:
                        break
        except _RunIsOverError as error:
            problem, over = str(error), error.state
        except LocustError as error:
            if not error.transient or clock.time() - run.answered >= PATIENCE:
                problem = str(error)
        now = clock.time()
        if now >= until:
            break
        if problem is None:
            clock.sleep(max(0.05, min(_due(plan, run, until) - now, PERIOD)))
    return Watched(run, samples, problem, over)


def _due(plan: Plan, run: RunState, until: float) -> float:
    """Return when there is something to do next."""
    due = [until, run.next_poll]
    boundaries = plan.boundaries()
    if run.stage + 1 < len(boundaries):
        due.append(run.started + boundaries[run.stage + 1])
    if run.reset_due is not None:
        due.append(run.reset_due)
    return min(due)


def _act(client: LocustClient, plan: Plan, run: RunState, now: float) -> None:
    elapsed = now - run.started
    stage = sum(begins <= elapsed for begins in plan.boundaries()) - 1
    if stage > run.stage and elapsed < plan.run_time:
        client.swarm(plan.form(stage, plan.run_time - elapsed))
        run.stage, run.answered, run.ramped_up = stage, now, None
    if run.reset_due is not None and now >= run.reset_due:
        client.reset_stats()
        run.reset_due, run.reset_pending, run.answered = None, False, now
        run.counted_since, run.num_requests = now, 0


def _sample(client: LocustClient, plan: Plan, run: RunState, now: float) -> Optional[dict[str, Any]]:
    figures = current_figures(client.stats())
    elapsed = now - run.started
    if figures["state"] not in GOING:
        _check_going(client.overview().state, plan, elapsed)
        return None
    if run.workers and figures["workers"] < run.workers:
        raise LocustError(
            f"{run.workers - figures['workers']} of {run.workers} workers were lost after {elapsed:.0f} s, "
            "and with them what they had not reported"
        )
    if now - run.counted_since > 2 * STALE:
        if figures["num_requests"] < run.num_requests:
            raise LocustError(f"Locust was restarted, or its statistics were reset, after {elapsed:.0f} s")
        run.num_requests = figures["num_requests"]
    if figures["state"] == "running" and run.ramped_up is None:
        run.ramped_up = now
        if run.reset_pending and plan.reset_stats:
            run.reset_due = max(now, run.started + plan.warmup) + lag(run.workers)
    steady_since = None if run.ramped_up is None else max(run.ramped_up, run.counted_since)
    return {
        "time": round(now, 3),
        "elapsed": round(elapsed, 3),
        "stage": run.stage,
        # Whether the verdict counts this moment, and whether Locust's current figures are those of every user running.
        "counted": not run.reset_pending and now - run.counted_since >= STALE,
        "steady": steady_since is not None and now - steady_since >= WINDOW,
        **figures,
    }


def _check_going(state: str, plan: Plan, elapsed: float) -> None:
    """Accept that the statistics are still those from before the start, or that the run just ended in time."""
    if state in GOING or elapsed >= plan.run_time - 1:
        return
    if state == "ready":
        raise _RunIsOverError(f"Locust was restarted after {elapsed:.0f} of {plan.run_time} s", state)
    raise _RunIsOverError(
        f"something else stopped Locust after {elapsed:.0f} of {plan.run_time} s; up to Locust 2.46.3 that may be the "
        "timer of an earlier run that was stopped early",
        state,
    )
