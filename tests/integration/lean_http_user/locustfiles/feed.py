# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""A reader of a feed, in the manner of tests of the RealWorld API: with-blocks decide, names group what has numbers."""

from __future__ import annotations

import random

from locust import FastHttpUser, between, task


class Reader(FastHttpUser):
    wait_time = between(1, 3)

    @task(5)
    def articles(self):
        with self.client.get("/articles?limit=10&offset=0", name="GET /articles", catch_response=True) as response:
            if response.status_code != 200:
                response.failure(f"status {response.status_code}")
            elif "articles" not in response.json():
                response.failure("no articles")
            else:
                response.success()

    @task(2)
    def profile(self):
        name = random.choice(["jake", "john", "nobody"])
        with self.client.get(f"/profiles/{name}", name="GET /profiles/[name]", catch_response=True) as response:
            if response.status_code == 404:
                response.success()

    @task(1)
    def login_fails(self):
        wrong = {"user": {"email": "a@example.org", "password": "wrong"}}
        with self.client.post("/users/login", json=wrong, catch_response=True) as response:
            if response.status_code == 422:
                response.success()
            else:
                response.failure("a wrong password was taken")
