# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""Whoever has the token asks for names and tokens that nobody stored, as one does who looks for those of somebody."""

from __future__ import annotations

import random
import secrets

from _attack import Attack
from locust import constant_throughput, task


class Enumeration(Attack):
    wait_time = constant_throughput(4)
    most_users = 20
    most_seconds = 300
    needs_token = True
    valid_response_codes = frozenset([404])

    @task
    def try_a_name(self) -> None:
        self.client.post("/detokenize", json={"name": f"card_{random.randrange(10**12)}"})

    @task
    def try_a_token(self) -> None:
        self.client.post("/detokenize", json={"token": secrets.token_hex(32)})
