# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""Read by Locust beside a locustfile: the run ends with so many requests, however long they take."""

from __future__ import annotations

import itertools

import gevent
from locust import events

ENOUGH = 1000


@events.init.add_listener
def end_with_enough(environment, **_kwargs) -> None:
    made = itertools.count(1)

    @events.request.add_listener
    def count(**_kwargs) -> None:
        if next(made) == ENOUGH:
            gevent.spawn(environment.runner.quit)
