# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""Many more requests than usual, all of them right."""

from __future__ import annotations

import random

from _attack import NAMES, Attack
from locust import constant_throughput, task


class Spike(Attack):
    wait_time = constant_throughput(10)
    most_users = 50
    most_seconds = 300
    valid_response_codes = frozenset([200])

    @task
    def tokenize(self) -> None:
        self.client.post("/tokenize", json={"name": random.choice(NAMES), "data": "spike"})
