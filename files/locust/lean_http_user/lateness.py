# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""How late users were who are to begin a task at fixed times, by constant_pacing or constant_throughput.

Where a task takes longer than its share, Locust begins the next one at once, and the load that was asked for is not
made: what the server would have been asked meanwhile is missing from the statistics (coordinated omission). Here it is
counted. `lateness_of(environment)` has it for the run, on a master for all workers; it is logged when the run ends, and
the web page of Locust answers it as JSON at /lean-http-user/late.
"""

from __future__ import annotations

import logging
from dataclasses import asdict, dataclass
from inspect import getclosurevars
from typing import Any

from locust import events
from locust.env import Environment
from locust.runners import WorkerRunner

log = logging.getLogger(__name__)

# The key of a worker's report to its master.
KEY = "lean_http_user_late"


@dataclass
class Lateness:
    """What was late: how many tasks, by how many seconds together and at most, and how many tasks never began.

    The last is k6's dropped_iterations: the time that was lost, in tasks.
    """

    tasks: int = 0
    seconds: float = 0.0
    longest_seconds: float = 0.0
    missed_tasks: float = 0.0

    def add(self, other: Lateness) -> None:
        """Add what others were late."""
        self.tasks += other.tasks
        self.seconds += other.seconds
        self.longest_seconds = max(self.longest_seconds, other.longest_seconds)
        self.missed_tasks += other.missed_tasks


def lateness_of(environment: Any) -> Lateness:
    """Return how late all users of an environment were, in this run until now."""
    if not hasattr(environment, KEY):
        setattr(environment, KEY, Lateness())
    found: Lateness = getattr(environment, KEY)
    return found


def measured(user: Any) -> None:
    """Count how late a user is whose class waits by constant_pacing or constant_throughput."""
    wait_time = type(user).wait_time
    # Locust has one function for both.
    if not getattr(wait_time, "__qualname__", "").startswith("constant_pacing."):
        return
    period = getclosurevars(wait_time).nonlocals.get("wait_time")
    if not isinstance(period, (int, float)) or period <= 0:
        return

    def wait_and_count() -> float:
        due = user._cp_last_run + user._cp_last_wait_time + period
        wait: float = wait_time(user)
        late = user._cp_last_run - due
        if late > 0:
            one = Lateness(1, late, late, late / period)
            user.lateness.add(one)
            lateness_of(user.environment).add(one)
        return wait

    user.wait_time = wait_and_count


@events.init.add_listener
def _count_for_runs(environment: Environment, **_kwargs: Any) -> None:
    hooks = environment.events

    @hooks.test_start.add_listener
    def begin(**_kwargs: Any) -> None:
        setattr(environment, KEY, Lateness())

    @hooks.report_to_master.add_listener
    def report(data: dict[str, Any], **_kwargs: Any) -> None:
        data[KEY] = asdict(lateness_of(environment))
        setattr(environment, KEY, Lateness())

    @hooks.worker_report.add_listener
    def take(data: dict[str, Any], **_kwargs: Any) -> None:
        if KEY in data:
            lateness_of(environment).add(Lateness(**data[KEY]))

    @hooks.test_stop.add_listener
    def say(**_kwargs: Any) -> None:
        late = lateness_of(environment)
        if late.tasks and not isinstance(environment.runner, WorkerRunner):
            log.warning(
                "%d tasks began late, by %.3f s together and %.3f s at most: the load of %.0f tasks was not made",
                late.tasks,
                late.seconds,
                late.longest_seconds,
                late.missed_tasks,
            )

    if environment.web_ui is not None:
        base = (getattr(environment.parsed_options, "web_base_path", None) or "").rstrip("/")

        app: Any = environment.web_ui.app

        @app.route(f"{base}/lean-http-user/late")
        @environment.web_ui.auth_required_if_enabled
        def late() -> dict[str, Any]:
            return asdict(lateness_of(environment))
