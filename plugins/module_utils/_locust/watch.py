# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the monitor_lab contributors
"""How a run is followed while it goes on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Optional

from .client import LocustClient, current_figures, worker_states
from .held import MAKING_LOAD, DeviationError, check_host, check_users, ended_early, users_are_as_planned
from .plan import Plan
from .process import cpu_seconds
from .state import Launched, RunState
from .thresholds import WINDOW, Threshold
from .timing import PATIENCE, STALE, Clock, lag
from .transport import LocustError
from .workers import is_overdue, missed, take_in

# Locust caches its statistics for 2 s; asking every 1.5 s keeps below one request per second and sees a change
# within 3.5 s.
PERIOD = 1.5
# The front page, which tells what the statistics do not, is asked less often, for the same reason.
LOOK_PERIOD = 6.0
# Without a sample for this long, nobody knows whether load was made.
GAP = 30.0


@dataclass(frozen=True)
class Watched:
    """What was seen of a run."""

    run: RunState
    samples: list[dict[str, Any]] = field(default_factory=list)
    problem: Optional[str] = None
    """Why the run cannot go on."""
    over: Optional[str] = None
    """Locust's state, where the run is no longer going on."""


class _RunIsOverError(Exception):
    """The run ended; `state` is the one that Locust is in now, `problem` why that should not be."""

    def __init__(self, problem: Optional[str], state: str) -> None:
        super().__init__(problem)
        self.problem = problem
        self.state = state


def watch(
    client: LocustClient,
    plan: Plan,
    thresholds: Sequence[Threshold],
    before: RunState,
    clock: Clock,
    until: float,
    launched: Optional[Launched] = None,
    ends: bool = True,
) -> Watched:
    """Follow the run until `until`, or until a threshold is breached at this moment or something is wrong.

    Starts the stages and resets the statistics when they are due. `launched` is the run's own Locust, where it has one.
    Where it is not for thresholds to say, `ends` is false.
    """
    run = replace(before)
    samples: list[dict[str, Any]] = []
    problem, over = None, None
    while problem is None and over is None:
        try:
            _act(client, plan, run, clock.time())
            now = clock.time()
            if now >= run.next_poll:
                run.next_poll = now + PERIOD
                sample = _sample(client, plan, thresholds, run, now, launched)
                run.answered = clock.time()
                if sample is not None:
                    samples.append(sample)
                    breached = [threshold for threshold in thresholds if threshold.breached_now(sample)]
                    if ends and any(threshold.abort and threshold.lasting is None for threshold in breached):
                        # The caller will say the same, a module call later.
                        client.stop()
                    if ends and breached:
                        break
            _look(client, plan, run, clock.time())
        except _RunIsOverError as error:
            problem, over = error.problem, error.state
        except LocustError as error:
            if not error.transient or clock.time() - run.answered >= PATIENCE:
                problem = str(error)
            elif launched is not None and cpu_seconds(launched) is None:
                problem = f"Locust ended by itself after {clock.time() - run.started:.0f} s; see locust.log"
        now = clock.time()
        if now >= until:
            break
        if problem is None and over is None:
            clock.sleep(max(0.05, min(_due(plan, run, until) - now, PERIOD)))
    return Watched(run, samples, problem, over)


def _due(plan: Plan, run: RunState, until: float) -> float:
    """Return when there is something to do next."""
    due = [until, run.next_poll, run.next_look]
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
        if not plan.shape and not users_are_as_planned(run):
            # Still those of the stage before.
            check_users(plan, run, client.overview().users, now)
        check_users(plan, run, None, now)
        if stage > run.stage + 1:
            raise DeviationError(f"stage {run.stage + 2} of {len(plan.stages)} was over before it could be started")
        client.swarm(plan.form(stage, plan.run_time - elapsed))
        run.stage, run.answered, run.ramped_up = stage, now, None
        run.reached, run.off_since, run.share_anew = False, None, False
        run.next_look = _next_look(plan, run, now)
    if run.share_anew and elapsed < plan.run_time:
        client.swarm(plan.form(run.stage, plan.run_time - elapsed))
        run.share_anew = False
    if run.reset_due is not None and now >= run.reset_due:
        client.reset_stats()
        run.reset_due, run.reset_pending, run.answered = None, False, now
        run.counted_since, run.num_requests = now, 0


def _look(client: LocustClient, plan: Plan, run: RunState, now: float) -> None:
    """Hold what the front page tells of this moment against the plan."""
    if now < run.next_look:
        return
    overview = client.overview()
    run.answered = now
    run.next_look = _next_look(plan, run, now)
    if overview.state not in MAKING_LOAD:
        return
    check_host(plan, run, overview.host, now)
    if overview.users is not None:
        check_users(plan, run, overview.users, now)
        run.next_look = _next_look(plan, run, now)


def _next_look(plan: Plan, run: RunState, now: float) -> float:
    """Return when to look again: users that were not seen until a stage's end are looked for in its last second."""
    if plan.shape or users_are_as_planned(run):
        return now + LOOK_PERIOD
    ends = run.started + plan.boundaries()[run.stage] + plan.stages[run.stage].duration
    last = ends - 1
    return min(now + LOOK_PERIOD, last) if now < last else now + 0.2


def _sample(
    client: LocustClient,
    plan: Plan,
    thresholds: Sequence[Threshold],
    run: RunState,
    now: float,
    launched: Optional[Launched],
) -> Optional[dict[str, Any]]:
    stats = client.stats()
    figures = current_figures(stats)
    elapsed = now - run.started
    if now - run.answered > GAP:
        raise DeviationError(f"nobody watched the run for {now - run.answered:.0f} s before {elapsed:.0f} s of it")
    workers = worker_states(stats) or {}
    if figures["state"] not in MAKING_LOAD:
        state = client.overview().state
        if state not in MAKING_LOAD:
            take_in(plan, run, workers, now)
        _check_going(state, plan, run, elapsed)
        return None
    take_in(plan, run, workers, now)
    if is_overdue(plan, run, now):
        waited = plan.replace_workers_max_wait
        raise DeviationError(missed(run, f" and were not replaced within {waited} s" if waited else ""))
    if now - run.counted_since >= STALE:
        if figures["num_requests"] < run.num_requests:
            raise DeviationError(f"Locust was restarted, or its statistics were reset, after {elapsed:.0f} s")
        run.num_requests = figures["num_requests"]
    check_users(plan, run, figures["users"], now)
    if figures["state"] == "running" and run.ramped_up is None:
        run.ramped_up = now
        if run.reset_pending and plan.reset_stats:
            run.reset_due = max(now, run.started + plan.warmup) + lag(run.workers)
    steady_since = None
    if run.ramped_up is not None and run.short_since is None:
        steady_since = max(run.ramped_up, run.counted_since, run.crew_since)
    if figures["generator_cpu"] is None and launched is not None:
        figures["generator_cpu"] = _own_cpu(run, launched, now)
    rows = figures.pop("endpoints")
    watched = [threshold for threshold in thresholds if threshold.watched and threshold.of_endpoints]
    return {
        "time": round(now, 3),
        "elapsed": round(elapsed, 3),
        "stage": run.stage,
        # Whether the verdict counts this moment, and whether Locust's current figures are those of every user running.
        "counted": not run.reset_pending and now - run.counted_since >= STALE,
        "steady": steady_since is not None and now - steady_since >= WINDOW,
        **figures,
        **({} if figures["workers"] is None else _crew(run)),
        # Those alone that a threshold watches: there may be hundreds.
        **(
            {"endpoints": [row for row in rows if any(threshold.is_about(row) for threshold in watched)]}
            if watched
            else {}
        ),
    }


def _crew(run: RunState) -> dict[str, int]:
    """Return how many workers there should be, and how many went and came since the run's beginning."""
    return {
        "workers_wanted": run.wanted,
        "workers_lost": run.workers_lost,
        "workers_quit": run.workers_quit,
        "workers_came": run.workers_came,
    }


def _own_cpu(run: RunState, launched: Launched, now: float) -> Optional[float]:
    """Return what the run's own Locust used since this was asked last, in percent of a core."""
    used = cpu_seconds(launched)
    before, run.cpu_seconds = run.cpu_seconds, used
    since, run.cpu_at = run.cpu_at, now
    if used is None or before is None or now <= since:
        return None
    return round(100 * (used - before) / (now - since), 1)


def _check_going(state: str, plan: Plan, run: RunState, elapsed: float) -> None:
    """Accept that the statistics are still those from before the start, or that the run just ended in time."""
    if state in MAKING_LOAD:
        return
    if state != "ready":
        # Without any worker Locust stops by itself.
        if run.short_since is not None:
            raise _RunIsOverError(missed(run), state)
        # Locust tells no plan of a shape: whenever it ends is its own end.
        if plan.shape:
            raise _RunIsOverError(None, state)
        if elapsed >= plan.run_time - 1:
            return
    raise _RunIsOverError(ended_early(plan, run, state, elapsed), state)
