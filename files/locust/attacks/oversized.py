# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""Bodies that are larger than the service takes."""

from __future__ import annotations

from _attack import NAMES, Attack
from locust import constant_throughput, task

# The service takes 64 KiB.
DATA = "x" * 2**17


class Oversized(Attack):
    wait_time = constant_throughput(1)
    most_users = 20
    most_seconds = 300
    valid_response_codes = frozenset([413])

    @task
    def tokenize(self) -> None:
        self.client.post("/tokenize", json={"name": NAMES[0], "data": DATA})
