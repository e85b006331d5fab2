# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""Reads what takes a token, without one."""

from __future__ import annotations

from _attack import NAMES, Attack
from locust import constant_throughput, task


class CredentialMissing(Attack):
    wait_time = constant_throughput(2)
    most_users = 20
    most_seconds = 300
    valid_response_codes = frozenset([401])

    @task
    def read(self) -> None:
        self.client.post("/detokenize", json={"name": NAMES[0]}, headers={"Authorization": None})
