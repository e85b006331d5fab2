# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""The user class, with FastHttpUser's interface."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from typing import Any, ClassVar

import gevent
from gevent.pool import Group
from locust import FastHttpUser, User
from locust.env import Environment
from locust.exception import LocustError

from lean_http_user.client import ABSOLUTE, LeanHttpSession, Settings
from lean_http_user.lateness import Lateness, measured

# What FastHttpUser has and this has not, and why.
REFUSED = {
    "proxy_host": "there are no proxies",
    "proxy_port": "there are no proxies",
    "client_pool": "each user has its own connections",
}


class LeanHttpUser(User):
    """A user with an HTTP client that takes a fraction of FastHttpUser's processor time.

    The attributes are those of FastHttpUser, of the class or set before `super().__init__`, and some of its own.
    """

    abstract = True

    network_timeout: float = 60.0
    """Seconds to wait for the first byte of an answer, and for each further one."""
    connection_timeout: float = 60.0
    """Seconds that a connection may take: the name, TCP, over all addresses, and TLS."""
    timeout: float | None = None
    """Seconds that a whole request may take, redirects included, where it says nothing itself."""
    max_redirects: int = 30
    """How many redirects are followed; with 0 a redirect is the answer."""
    insecure: bool = True
    """Whether certificates are not verified."""
    ca_file: str | None = None
    """A file of authorities that are trusted, instead of the system's, with `insecure = False`."""
    ssl_context_factory: Callable[[], ssl.SSLContext] | None = None
    """What makes each user's settings of TLS; `insecure` and `ca_file` mean nothing then."""
    default_headers: dict[str, Any] | None = None
    """Go with every request."""
    concurrency: int = 10
    """How many requests the user's greenlets may make at once; the others wait."""
    cookies: bool = False
    """Whether the user keeps the cookies that it is given, and sends them."""
    valid_response_codes: ClassVar[frozenset[int] | None] = None
    """The statuses that are no failure, where they are not Locust's own."""
    max_head_size: int = 65536
    """Bytes of an answer's head, with those of 1xx before it; a larger one is a failure."""
    max_body_size: int = 268435456
    """Bytes of an answer's body, as it is sent and when it is decoded; a larger one is a failure."""

    # FastHttpUser's are of this Locust's version, and stand on `client.request` alone.
    rest = FastHttpUser.rest
    rest_ = FastHttpUser.rest_
    _callstack_regex = FastHttpUser._callstack_regex

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        if not self.host or not ABSOLUTE.match(self.host):
            raise LocustError(
                f"a LeanHttpUser needs a host, by --host or in its class, http://… or https://…: {self.host}"
            )
        for name, reason in REFUSED.items():
            if getattr(self, name, None) is not None:
                raise LocustError(f"a LeanHttpUser does not take {name}: {reason}")
        if getattr(self, "max_retries", 0):
            raise LocustError("a LeanHttpUser does not take max_retries: what may be repeated is, once")
        # A function in a class is a method of its instances; this one takes no user.
        factory = type(self).ssl_context_factory
        self.lateness = Lateness()
        measured(self)
        settings = Settings(
            network_timeout=self.network_timeout,
            connection_timeout=self.connection_timeout,
            timeout=self.timeout,
            max_redirects=self.max_redirects,
            max_head_size=self.max_head_size,
            max_body_size=self.max_body_size,
            concurrency=self.concurrency,
            insecure=self.insecure,
            ca_file=self.ca_file,
            ssl_context_factory=factory,
            cookies=self.cookies,
            valid_response_codes=self.valid_response_codes,
            default_headers=tuple((self.default_headers or {}).items()),
        )
        self.client = LeanHttpSession(self.host, environment.events.request, self, settings)

    def start(self, group: Group) -> gevent.Greenlet:
        """Begin, and let the connections end with the user."""
        greenlet = super().start(group)
        greenlet.link(self._close)
        return greenlet

    def _close(self, _greenlet: gevent.Greenlet) -> None:
        self.client.close()
