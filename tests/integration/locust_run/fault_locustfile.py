# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""A locustfile without a target that does what a file beside it says, now or at its start."""

from __future__ import annotations

from pathlib import Path

import gevent
from flask import Response
from locust import HttpUser, User, constant, events, task
from locust.exception import StopUser

FAULT = Path("@FAULT@")


def happens(fault: str) -> bool:
    return FAULT.exists() and fault in FAULT.read_text().split()


if happens("http"):

    class Visitor(HttpUser):
        wait_time = constant(0.1)

        @task
        def look(self) -> None:
            self.client.get("/look")

else:

    class Buyer(User):
        wait_time = constant(0.1)

        def on_start(self) -> None:
            if happens("no-users"):
                raise StopUser

        @task
        def buy(self) -> None:
            failure = RuntimeError("sold out") if happens("failing") else None
            events.request.fire(
                request_type="GET", name="/buy", response_time=3, response_length=2, exception=failure, context={}
            )
            if happens("quit"):
                self.environment.runner.quit()
            if happens("crashing"):
                raise TypeError("no basket")


@events.test_start.add_listener
def seed(environment, **_kwargs) -> None:
    if happens("long-start"):
        gevent.sleep(7)


@events.test_stopping.add_listener
def clean(environment, **_kwargs) -> None:
    if happens("long-stop"):
        gevent.sleep(6)


@events.init.add_listener
def misbehave(environment, **_kwargs) -> None:
    if not environment.web_ui:
        return

    @environment.web_ui.app.before_request
    def answer():
        if happens("silence"):
            gevent.sleep(60)
        if happens("500"):
            return Response("out of order", status=500)
        if happens("login"):
            return Response("<script>window.authArgs = {}</script>")
        if happens("cut"):
            return Response('{"state": "run', headers={"Content-Length": "900"})
        return None
