# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""Requests of all kinds that the service does not take."""

from __future__ import annotations

from _attack import NAMES, Attack
from locust import constant_throughput, task

JSON = {"Content-Type": "application/json"}


class Malformed(Attack):
    wait_time = constant_throughput(4)
    most_users = 20
    most_seconds = 300
    valid_response_codes = frozenset([400, 405, 415, 422])

    @task
    def no_json(self) -> None:
        self.client.post("/tokenize", data='{"name": ', headers=JSON, name="no JSON")

    @task
    def other_fields(self) -> None:
        self.client.post("/tokenize", json={"name": [NAMES[0]], "admin": True}, name="other fields")

    @task
    def another_type(self) -> None:
        self.client.post("/tokenize", data={"name": NAMES[0], "data": "x"}, name="another type")

    @task
    def another_method(self) -> None:
        self.client.delete("/tokenize", name="another method")
