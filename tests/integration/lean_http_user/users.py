# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""Users of either kind, and what their requests come to."""

from __future__ import annotations

from typing import Any

import gevent
import pytest
from locust import FastHttpUser
from locust.env import Environment

from lean_http_user import LeanHttpUser

# Nothing here takes as long, unless it hangs.
SECONDS = 60


@pytest.fixture(autouse=True)
def no_longer() -> Any:
    with gevent.Timeout(SECONDS):
        yield


class Made:
    """A user of its own class, and the events of its requests."""

    def __init__(self, base: type, url: str, **attributes: Any) -> None:
        kind: Any = type("Tried", (base,), {"host": url, "abstract": False, **attributes})
        self.environment = Environment(user_classes=[kind])
        self.events: list[dict[str, Any]] = []
        self.environment.events.request.add_listener(lambda **event: self.events.append(event))
        self.user = kind(self.environment)
        self.client = self.user.client


def lean(url: str, **attributes: Any) -> Made:
    return Made(LeanHttpUser, url, **{"network_timeout": 5, "connection_timeout": 5, **attributes})


def fast(url: str, **attributes: Any) -> Made:
    return Made(FastHttpUser, url, **{"network_timeout": 5, "connection_timeout": 5, **attributes})
