# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""A locustfile with options of every kind, which its web interface tells as they arrived; it ends with a code of 7."""

from __future__ import annotations

import os
import time

from locust import HttpUser, constant, events, tag, task

time.sleep(float(os.environ.get("IMPORT_SECONDS", "0")))

OPTIONS = ("basket", "region", "gift", "half_price", "note", "shelves", "each", "tags", "exclude_tags", "stop_timeout")


class Buyer(HttpUser):
    host = "http://127.0.0.1:9"
    wait_time = constant(0.2)

    @tag("slow")
    @task
    def slow(self) -> None:
        self.client.get("/slow")

    @tag("odd")
    @task
    def odd(self) -> None:
        self.client.get("/odd")


@events.init_command_line_parser.add_listener
def add_arguments(parser) -> None:
    parser.add_argument("--basket", default="empty")
    parser.add_argument("--region", choices=["eu", "us"], default="eu")
    parser.add_argument("--gift", action="store_true")
    parser.add_argument("--half-price", type=float, default=0.0)
    parser.add_argument("--note", env_var="SHOP_NOTE")
    parser.add_argument("--shelves", nargs="*", default=["a"])
    parser.add_argument("--each", action="append")


@events.init.add_listener
def tell_options(environment, **_kwargs) -> None:
    if environment.web_ui:

        @environment.web_ui.app.route("/options")
        def tell():
            return {
                **{name: getattr(environment.parsed_options, name) for name in OPTIONS},
                "locustfile": environment.locustfile,
            }


@events.quitting.add_listener
def judge(environment, **_kwargs) -> None:
    environment.process_exit_code = 7
