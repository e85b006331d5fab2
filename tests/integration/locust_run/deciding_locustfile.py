# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""What a locustfile decides on by itself, as the environment says: users, exit code, how busy its process is."""

from __future__ import annotations

import os

from locust import HttpUser, LoadTestShape, constant, events, task


class Buyer(HttpUser):
    wait_time = constant(0.1)

    @task
    def look(self) -> None:
        self.client.get("/look")
        sum(range(int(os.environ.get("COUNTS_TO", "0"))))


if os.environ.get("HAS_SHAPE"):

    class Steps(LoadTestShape):
        def tick(self):
            return next(((users, 4) for until, users in ((8, 2), (16, 4)) if self.get_run_time() < until), None)


@events.quitting.add_listener
def judge(environment, **_kwargs) -> None:
    if os.environ.get("EXIT_CODE"):
        environment.process_exit_code = int(os.environ["EXIT_CODE"])
