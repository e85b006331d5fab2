# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""Ordinary load for a long time: what grows or wears out shows, and no alert must fire."""

from __future__ import annotations

import random

from _attack import NAMES, Attack
from locust import constant_throughput, task


class Soak(Attack):
    wait_time = constant_throughput(1)
    most_users = 50
    most_seconds = 24 * 60 * 60
    valid_response_codes = frozenset([200])

    def on_start(self) -> None:
        self.name = random.choice(NAMES)
        self.tokenize()

    @task(9)
    def tokenize(self) -> None:
        self.client.post("/tokenize", json={"name": self.name, "data": "soak"})

    @task(1)
    def detokenize(self) -> None:
        if self.default_headers:
            self.client.post("/detokenize", json={"name": self.name})
