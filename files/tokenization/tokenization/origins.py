# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""Whom a browser may speak for: a page of another site must not reach the service, under whatever name."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable

AUTHORITY = re.compile(r"(?:\[(?P<v6>[0-9A-Fa-f:.]+)\]|(?P<name>[^\[\]:@/\s]+))(?::\d{1,5})?")
KNOWN_LIMIT = 1000


class Hosts:
    """The names that the service is reached by: addresses, localhost and those that it is told."""

    def __init__(self, names: Iterable[str]) -> None:
        self._names = {"localhost", *(name.lower() for name in names)}
        self._known: dict[bytes, bool] = {}

    def refused(self, headers: Iterable[tuple[bytes, bytes]], scheme: str) -> tuple[int, str] | None:
        """Return status and reason where a request is not to be answered.

        A name that someone else's DNS leads here is 421, a page of another origin 403. A client that sends neither
        header is no browser.
        """
        host, origin = b"", None
        for name, value in headers:
            if name == b"host":
                host = value
                if not self._serves(value):
                    return 421, "the service has not that name: TOKENIZATION_HOSTS lists those that it has"
            elif name == b"origin":
                origin = value
        if origin is not None and origin.lower() != b"%s://%s" % (scheme.encode(), host.lower()):
            return 403, "pages of other origins may not use the service"
        return None

    def _serves(self, host: bytes) -> bool:
        known = self._known.get(host)
        if known is None:
            known = self._is_ours(host.decode("latin-1"))
            if len(self._known) < KNOWN_LIMIT and len(host) < 256:
                self._known[host] = known
        return known

    def _is_ours(self, host: str) -> bool:
        found = AUTHORITY.fullmatch(host)
        if found is None:
            return False
        if found["name"] and found["name"].lower() in self._names:
            return True
        try:
            return ipaddress.ip_address(found["v6"] or found["name"]).version == (6 if found["v6"] else 4)
        except ValueError:
            return False
