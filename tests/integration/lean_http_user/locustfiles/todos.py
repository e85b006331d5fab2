# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""A list of things to do: `rest`, assertions, with-blocks that catch nothing, as in Locust's own examples."""

from __future__ import annotations

import random

from locust import FastHttpUser, constant, task


class Todos(FastHttpUser):
    wait_time = constant(0)

    @task
    def read(self):
        with self.client.get(f"/todo/{random.randrange(5)}", name="get a todo") as response:
            assert response.status_code in (200, 404)

    @task
    def add(self):
        with self.rest("POST", "/todo/", json={"title": "é"}) as response:
            assert response.js["title"] == "é", "another title"

    @task
    def wrong(self):
        with self.rest("GET", "/page") as response:
            assert response.js is not None, "no JSON,"

    @task
    def newest(self):
        with self.rest_("GET", "/todo/1") as response:
            assert response.js["title"] == "something else", "an old one"
