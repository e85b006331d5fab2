# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""Writes now and then, and reads all the time: what shows that the one fails while the other does not.

It makes nothing fail itself. The service answers 503 to writes alone where the disk of the vault is full or read-only,
or another program has the vault locked, as in the exercise.
"""

from __future__ import annotations

import gevent
from _attack import NAMES, Attack
from locust import constant_throughput, task


class EndpointFailure(Attack):
    wait_time = constant_throughput(3)
    most_users = 20
    most_seconds = 300
    needs_token = True
    valid_response_codes = frozenset([200, 503])

    def on_start(self) -> None:
        while self._write() != 200:
            gevent.sleep(1)

    @task(10)
    def read(self) -> None:
        self.client.post("/detokenize", json={"name": NAMES[0]})

    @task(1)
    def write(self) -> None:
        self._write()

    def _write(self) -> int:
        status: int = self.client.post("/tokenize", json={"name": NAMES[0], "data": "endpoint failure"}).status_code
        return status
