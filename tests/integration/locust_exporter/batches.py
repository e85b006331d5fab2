# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""A locustfile whose requests come when the test says so, with the response times that it says."""

from flask import request
from locust import User, events, task


class Idle(User):
    @task
    def nothing(self):
        pass


@events.init.add_listener
def on_init(environment, **_kwargs):
    @environment.web_ui.app.route("/batch", methods=["POST"])
    def batch():
        for name, times in request.get_json().items():
            for response_time in times:
                environment.events.request.fire(
                    request_type="GET",
                    name=name,
                    response_time=response_time,
                    response_length=1,
                    exception=None,
                    context={},
                )
        return "counted"
