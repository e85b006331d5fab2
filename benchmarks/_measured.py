# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""A Locust plugin: what the load costs this process, from when all users have begun, for MEASURE_SECONDS.

It writes JSON to MEASURE_FILE and ends the run; with MEASURE_TIMES the unrounded response times' percentiles, too.
"""

from __future__ import annotations

import json
import os
import statistics
import time
from pathlib import Path
from typing import Any

import gevent
import psutil
from locust import events
from locust.env import Environment

SECONDS = float(os.environ["MEASURE_SECONDS"])
WARM_SECONDS = float(os.environ.get("MEASURE_WARM_SECONDS", "1"))


@events.init.add_listener
def measure_when_all_have_begun(environment: Environment, **_kwargs: Any) -> None:
    @environment.events.spawning_complete.add_listener
    def begin(user_count: int, **_kwargs: Any) -> None:
        gevent.spawn(measure, environment, user_count)


def measure(environment: Environment, users: int) -> None:
    total = environment.stats.total
    gevent.sleep(WARM_SECONDS)
    times: list[float] = []
    if os.environ.get("MEASURE_TIMES"):
        environment.events.request.add_listener(lambda response_time, **_kwargs: times.append(response_time))
    before, begun = (total.num_requests, total.num_failures, time.process_time()), time.perf_counter()
    gevent.sleep(SECONDS)
    after, ended = (total.num_requests, total.num_failures, time.process_time()), time.perf_counter()
    requests, failures, processor = (late - early for late, early in zip(after, before, strict=True))
    found = {
        "users": users,
        "requests": requests,
        "failures": failures,
        "processor_seconds": processor,
        "seconds": ended - begun,
        "memory_mb": psutil.Process().memory_info().rss / 2**20,
    }
    if times:
        cuts = statistics.quantiles(times, n=100)
        found |= {"p50_ms": cuts[49], "p95_ms": cuts[94]}
    Path(os.environ["MEASURE_FILE"]).write_text(json.dumps(found), encoding="utf-8")
    assert environment.runner is not None
    environment.runner.quit()
