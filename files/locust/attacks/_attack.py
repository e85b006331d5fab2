# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""What all attacks have in common: whom they may go to, and an end. README.md beside this file tells of each."""

from __future__ import annotations

import os
from pathlib import Path
from typing import ClassVar

import gevent
from gevent.pool import Group
from locust.env import Environment
from locust.exception import LocustError

from lean_http_user import LeanHttpUser

SERVICE = "TOKENIZATION_URL"
NAMED = "ATTACK_URL"
TOKEN_FILE = "TOKENIZATION_BEARER_TOKEN_FILE"
# Under which attacks store, so that a vault gets no more records, however long they last.
NAMES = [f"attack_{number}" for number in range(100)]


def is_named_by(variable: str, host: str) -> bool:
    """Whether an environment variable names that base URL. No URL is taken apart, so none can be read in two ways."""
    return bool(host) and host.rstrip("/") == os.environ.get(variable, "").rstrip("/")


def authorization() -> dict[str, str]:
    """Return the header with the lab's token, or none where there is no token."""
    path = os.environ.get(TOKEN_FILE)
    return {"Authorization": f"Bearer {Path(path).read_text(encoding='ascii').strip()}"} if path else {}


class Attack(LeanHttpUser):
    """A user that attacks the lab's own service, or the one that somebody has named, and no other.

    There are no more than `most_users` of it in a process, and each ends by itself after `most_seconds`. Its rate is
    that of its `wait_time`. What the service is to refuse is no failure, and everything else is.
    """

    abstract = True
    insecure = False
    most_users: ClassVar[int]
    most_seconds: ClassVar[int]
    needs_token: ClassVar[bool] = False
    running: ClassVar[int] = 0

    def __init__(self, environment: Environment) -> None:
        # Of this user: whoever starts a run chooses the host, and the class's changes with the next run.
        self.host = self.host or ""
        is_service = is_named_by(SERVICE, self.host)
        if not (is_service or is_named_by(NAMED, self.host)):
            raise LocustError(
                f"{type(self).__name__} attacks nothing but the lab's own service, {SERVICE}: set {NAMED} to attack "
                f"{self.host}, if it is yours"
            )
        # The token is the service's alone.
        self.default_headers = authorization() if is_service else {}
        if self.needs_token and not self.default_headers:
            raise LocustError(f"{type(self).__name__} needs {TOKEN_FILE}, and the service that the token is for")
        if type(self).running >= self.most_users:
            raise LocustError(f"{type(self).__name__} has no more than {self.most_users} users in a process")
        super().__init__(environment)

    def start(self, group: Group) -> gevent.Greenlet:
        """Begin, and end in time."""
        greenlet = super().start(group)
        type(self).running += 1
        end = gevent.spawn_later(self.most_seconds, self.stop, True)
        greenlet.link(lambda _ended: self._ended(end))
        return greenlet

    def _ended(self, end: gevent.Greenlet) -> None:
        type(self).running -= 1
        end.kill(block=False)
