# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""uvicorn, with what it lacks: a stop that drains, an end for silent clients, and JSON for what is not HTTP."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import time
from types import FrameType
from typing import Any, cast

import msgspec
import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from tokenization.app import DISCARD_LIMIT, Status

# After SIGTERM, requests are still taken for this long: whoever sends them has to learn that /readyz says no.
DRAIN_SECONDS = 2.0
# Then those that were accepted get this long to finish.
STOP_SECONDS = 10
LAST_SECONDS = 0.5
# In which what queued up before is accepted.
ACCEPT_SECONDS = 0.1
# linux/in.h and linux/in6.h, by address family; the socket module does not have them.
LEAST_HOPS = {
    socket.AF_INET: (socket.IPPROTO_IP, 21),  # IP_MINTTL
    socket.AF_INET6: (socket.IPPROTO_IPV6, 73),  # IPV6_MINHOPCOUNT
}
MOST_HOPS = 255
IDLE_SECONDS = 10.0
# Of a request line with its headers, and of everything that is sent for one request: the parser would keep any amount.
HEAD_LIMIT = 64 * 1024
REQUEST_LIMIT = DISCARD_LIMIT + 1024 * 1024

log = logging.getLogger(__name__)


class Protocol(HttpToolsProtocol):
    silent_since = 0.0
    in_head = False
    received = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's own
        super().connection_made(transport)
        self.silent_since = time.monotonic()

    def data_received(self, data: bytes) -> None:
        self.received += len(data)
        super().data_received(data)
        if self.received > (HEAD_LIMIT if self.in_head else REQUEST_LIMIT) and not self.transport.is_closing():
            if self.in_head and not self.working:
                self.send_400_response("the headers are too large")
            self.transport.close()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.in_head = True
        self.received = 0

    def on_headers_complete(self) -> None:
        self.in_head = False
        super().on_headers_complete()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self.silent_since = time.monotonic()

    def send_400_response(self, msg: str) -> None:
        body = msgspec.json.encode({"error": msg})
        self.transport.write(
            STATUS_LINE[400]
            + b"content-type: application/json\r\nconnection: close\r\ncontent-length: %d\r\n\r\n" % len(body)
            + body
        )
        self.transport.close()

    def take_what_is_sent_again(self) -> None:
        """Take it: a connection that was half made when its listener was told to refuse has inherited that."""
        with contextlib.suppress(OSError):
            take_from(0, self.transport.get_extra_info("socket"))

    def shutdown(self) -> None:
        """Do as uvicorn's own, but still read a request that is on its way through a connection that was just made."""
        if self.working:
            super().shutdown()
        else:
            self.loop.call_later(LAST_SECONDS, self.close_unless_working)

    @property
    def working(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def close_unless_working(self) -> None:
        if not self.working:
            self.transport.close()

    def close_if_silent(self, now: float) -> None:
        """Also for half a request line or half of the headers; a body has its own limit in the application."""
        if now - self.silent_since > IDLE_SECONDS:
            self.close_unless_working()


def take_from(hops: int, connection: socket.socket) -> None:
    """Has the kernel drop what arrives with fewer hops left than that: ip(7), IP_MINTTL. Raises OSError."""
    level, option = LEAST_HOPS[connection.family]
    connection.setsockopt(level, option, hops)


def refuse_more(listener: socket.socket) -> None:
    """Lets no further connection queue up: what waits to be accepted when a listener closes would be cut off.

    It asks for more hops than a packet of an ordinary host has (64 or 128 at its start): unlike a socket filter, that
    needs no capability. Connections that were made before are not concerned. Whoever tries learns it from the closed
    port next time.
    """
    try:
        take_from(MOST_HOPS, listener)
    except OSError as error:
        log.warning("connections that come at the very end may be cut off", extra={"reason": str(error)})


class Server(uvicorn.Server):
    def __init__(self, app: ASGIApp, status: Status) -> None:
        super().__init__(
            uvicorn.Config(
                cast(Any, app),
                http=Protocol,
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                proxy_headers=False,
                server_header=False,
                timeout_keep_alive=int(IDLE_SECONDS),
                timeout_graceful_shutdown=STOP_SECONDS,
            )
        )
        self._status = status
        self._drained_at = float("inf")

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if self._status.draining:
            self.should_exit = True
            return
        self._status.draining = True
        log.info("draining", extra={"signal": sig})
        self._drained_at = time.monotonic() + DRAIN_SECONDS

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for listener in sockets or []:
            refuse_more(listener)
        await asyncio.sleep(ACCEPT_SECONDS)
        for connection in self.server_state.connections:
            cast(Protocol, connection).take_what_is_sent_again()
        await super().shutdown(sockets)

    async def on_tick(self, counter: int) -> bool:
        now = time.monotonic()
        if counter % 10 == 0:
            for connection in list(self.server_state.connections):
                cast(Protocol, connection).close_if_silent(now)
        return await super().on_tick(counter) or now >= self._drained_at
