# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""A locustfile whose load goes to the test's own server, and a login as Locust's documentation shows it."""

import os

from locust import HttpUser, constant_throughput, events, runners, task

# Seconds of silence after which a worker counts as missing: on a machine that is busy with other tests, 3 are too few.
runners.HEARTBEAT_LIVENESS = 10


class Visitor(HttpUser):
    wait_time = constant_throughput(1)

    @task(4)
    def quick(self):
        self.client.get("/quick")

    @task(2)
    def slow(self):
        self.client.post("/slow", data="x")

    @task(1)
    def failing(self):
        self.client.get("/failing", name='/failing?q=<a>&b="c"')


@events.init.add_listener
def on_init(environment, **_kwargs):
    if not os.environ.get("TEST_LOGIN") or not environment.web_ui:
        return
    from flask import redirect, request
    from flask_login import UserMixin, login_user

    class LoggedIn(UserMixin):
        def __init__(self, name):
            self.id = name

    app = environment.web_ui.app
    base = os.environ.get("TEST_BASE_PATH", "")
    app.secret_key = os.environ["TEST_SECRET_KEY"]
    logins = {"epoch": 0}

    environment.web_ui.login_manager.user_loader(
        lambda name: LoggedIn(name) if name == f"monitor-{logins['epoch']}" else None
    )
    environment.web_ui.auth_args["username_password_callback"] = f"{base}/login_submit"

    @app.route(f"{base}/login_submit", methods=["POST"])
    def login_submit():
        if (request.form["username"], request.form["password"]) == ("monitor", os.environ["TEST_LOGIN"]):
            login_user(LoggedIn(f"monitor-{logins['epoch']}"))
            return redirect(f"{base}/")
        return redirect(f"{base}/login")

    @app.route("/end_all_logins", methods=["POST"])
    def end_all_logins():
        logins["epoch"] += 1
        return "ended"
