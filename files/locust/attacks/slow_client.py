# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""Holds connections with half a request each, as Slowloris does, until the service closes them; one for each user."""

from __future__ import annotations

import socket
import ssl
import time
from functools import cache
from urllib.parse import urlsplit

import gevent
from _attack import Attack
from locust import constant, task

# The service closes what has not sent its request after ten.
MOST_HELD_SECONDS = 30
TIMEOUT = 10


# Reading the authorities takes longer than all else that a user does.
context = cache(ssl.create_default_context)


class SlowClient(Attack):
    wait_time = constant(0.1)
    most_users = 200
    most_seconds = 300

    @task
    def hold(self) -> None:
        error: Exception | None = None
        begun = time.monotonic()
        try:
            self._hold(begun + MOST_HELD_SECONDS)
        except OSError as failure:
            error = failure
        self.environment.events.request.fire(
            request_type="SLOW",
            name="half a request",
            response_time=(time.monotonic() - begun) * 1000,
            response_length=0,
            response=None,
            context={},
            exception=error,
        )

    def _hold(self, until: float) -> None:
        """Send a byte a second, until the service has enough of it. Raises OSError."""
        url = urlsplit(self.host or "")
        place = url.hostname, url.port or {"http": 80, "https": 443}[url.scheme]
        with (
            socket.create_connection(place, TIMEOUT) as plain,
            self._secured(plain, url.scheme, url.hostname) as connection,
        ):
            connection.sendall(b"POST /tokenize HTTP/1.1\r\nX-Slow: ")
            while time.monotonic() < until:
                gevent.sleep(1)
                try:
                    connection.sendall(b"x")
                except OSError:
                    return
        raise TimeoutError("the service lets a client hold a connection for as long as he likes")

    def _secured(self, plain: socket.socket, scheme: str, name: str | None) -> socket.socket:
        return context().wrap_socket(plain, server_hostname=name) if scheme == "https" else plain
