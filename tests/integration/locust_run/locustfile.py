# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""Two endpoints of the test's target; writes down every request that Locust's web interface gets."""

from __future__ import annotations

import os
import time
from pathlib import Path

from flask import request
from locust import HttpUser, User, constant, events, tag, task

JOURNAL = os.environ["REQUEST_JOURNAL"]
# A locustfile must offer a login for --web-login to work; Locust 2.31 was the first to have a form for it.
LOGIN = os.environ.get("WEB_LOGIN")
CUSTOM_FORM = bool(os.environ.get("WEB_LOGIN_CUSTOM_FORM"))
ENDPOINTS = int(os.environ.get("ENDPOINTS", "0"))
BREAKS = bool(os.environ.get("BREAKS"))


class Buyer(HttpUser):
    wait_time = constant(0.1)

    @tag("read")
    @task
    def look(self) -> None:
        self.client.get("/look")
        if BREAKS:
            raise TypeError("no basket")

    @tag("write")
    @task
    def buy(self) -> None:
        self.client.post("/buy")


class Idler(HttpUser):
    wait_time = constant(0.1)

    @task
    def idle(self) -> None:
        self.client.get("/idle")


if ENDPOINTS:

    class Visitor(User):
        """Reports a request to each of many endpoints, one after another, without a server."""

        wait_time = constant(0.1)

        @task
        def visit(self) -> None:
            for number in range(ENDPOINTS):
                events.request.fire(
                    request_type="GET",
                    name=f"/goods/{number}",
                    response_time=number % 97,
                    response_length=2,
                    exception=None,
                    context={},
                )


@events.init_command_line_parser.add_listener
def add_arguments(parser) -> None:
    parser.add_argument("--basket", default="empty", include_in_web_ui=True)


@events.init.add_listener
def keep_journal(environment, **_kwargs) -> None:
    if not environment.web_ui:
        return
    app = environment.web_ui.app

    @app.before_request
    def write_down() -> None:
        form = " ".join(f"{name}={value}" for name, value in request.form.items(multi=True))
        with Path(JOURNAL).open("a", encoding="utf-8") as journal:
            journal.write(f"{time.time():.3f} {request.method} {request.path} {form}\n")

    if LOGIN:
        offer_login(environment.web_ui)


def offer_login(web_ui) -> None:
    from flask import redirect, session, url_for
    from flask_login import UserMixin, login_user

    class Engineer(UserMixin):
        def get_id(self) -> str:
            return "engineer"

    web_ui.login_manager.user_loader(lambda _user: Engineer())
    web_ui.app.secret_key = "only for this test"
    web_ui.auth_args = {"username_password_callback": "/enter"}
    if CUSTOM_FORM:
        inputs = [{"label": "Name", "name": "username"}, {"label": "Secret", "name": "password", "is_secret": True}]
        web_ui.auth_args = {"custom_form": {"inputs": inputs, "callback_url": "/enter"}}

    @web_ui.app.route("/enter", methods=["POST"])
    def enter():
        if request.form["password"] == LOGIN:
            login_user(Engineer())
            return redirect(url_for("locust.index"))
        session["auth_error"] = "Wrong password"
        return redirect(url_for("locust.login"))
