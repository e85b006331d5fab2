# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""Another wrong token with each request."""

from __future__ import annotations

import secrets

from _attack import NAMES, Attack
from locust import constant_throughput, task


class CredentialGuessing(Attack):
    wait_time = constant_throughput(2)
    most_users = 20
    most_seconds = 300
    # The second where too many wait for their refusal.
    valid_response_codes = frozenset([401, 429])

    @task
    def guess(self) -> None:
        guessed = {"Authorization": f"Bearer {secrets.token_hex(16)}"}
        self.client.post("/detokenize", json={"name": NAMES[0]}, headers=guessed)
