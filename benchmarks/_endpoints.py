# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""A locustfile: 40 endpoints, of whose requests one of a hundred fails."""

from __future__ import annotations

import random

from locust import task

from lean_http_user import LeanHttpUser

ENDPOINTS = 40
FAIL_RATIO = 0.01


class TokenizationServiceUser(LeanHttpUser):
    @task
    def ask(self) -> None:
        endpoint = random.randrange(ENDPOINTS)
        path = "fails" if random.random() < FAIL_RATIO else "works"
        self.client.post(f"/{path}/{endpoint}", json={"endpoint": endpoint}, name=f"/{endpoint}")
