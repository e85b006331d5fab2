# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""A client of an API with a key, at a fixed rate, in the manner of tests of SDKs."""

from __future__ import annotations

import random

from locust import FastHttpUser, constant_throughput, task


class Sdk(FastHttpUser):
    wait_time = constant_throughput(100)

    def on_start(self):
        self.headers = {"X-API-Key": "abc", "Content-Type": "application/json"}

    @task(4)
    def evaluate(self):
        body = {"user_id": f"user-{random.randrange(1000)}", "context": {"country": "US"}}
        with self.client.post(
            "/evaluate/", json=body, headers=self.headers, name="evaluate", catch_response=True
        ) as response:
            if response.status_code != 200:
                response.failure(f"HTTP {response.status_code}")
                return
            if not response.json().get("ok"):
                response.failure("not ok")

    @task
    def track(self):
        self.client.post("/events/", json={"event": "purchase"}, headers=self.headers, name="event")

    @task
    def without_a_key(self):
        self.client.post("/evaluate/", json={}, name="without a key")
