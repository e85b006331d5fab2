# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""uvicorn, with what it lacks: limits of what clients may hold, a stop that drains, and TLS whose files may change."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import time
from collections.abc import Callable
from functools import partial
from types import FrameType
from typing import Any, cast

import msgspec
import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol
from uvicorn.server import ServerState

from tokenization import metrics
from tokenization.app import DISCARD_LIMIT, Status
from tokenization.tls import Certificate

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
# How long a client of TLS may take to say goodbye too.
GOODBYE_SECONDS = 3.0

# Whatever clients do, the process stays under 256 MiB. Each of them may hold so much:
HEAD_LIMIT = 16 * 1024
HEADERS_LIMIT = 100
# What came behind a request that is being worked on.
UNREAD_LIMIT = 16 * 1024
# Answers that it does not read; one more may come on top.
UNWRITTEN_LIMIT = 16 * 1024
# Of everything that is sent for one request: what is dropped ends too.
REQUEST_LIMIT = DISCARD_LIMIT + 1024 * 1024
# The kernel has twice that for each direction. A read brings no more, and of uvloop's buffer for a client with TLS no
# more is ever touched.
SOCKET_BUFFER = 16 * 1024
# And all together:
CONNECTION_LIMIT = 2000
# OpenSSL and uvloop hold from 30 to 130 kB for each of them.
TLS_CONNECTION_LIMIT = 1000
HELD_LIMIT = 16 * 1024 * 1024
# What a header takes beside its bytes, and the most that counts of one request: a body has a limit of its own.
HEADER_WEIGHT = 128
REQUEST_WEIGHT = 64 * 1024

HEAD_END = b"\r\n\r\n"

log = logging.getLogger(__name__)


class State(ServerState):
    """What all connections have in common."""

    def __init__(self, clock: Callable[[], float]) -> None:
        super().__init__()
        self.clock = clock
        self.held = 0
        """bytes of requests that connections hold, as far as they are counted"""


class Protocol(HttpToolsProtocol):
    """One connection, one request at a time: what came behind it waits unread, and costs no more than its bytes."""

    server_state: State
    silent_since = 0.0
    unwritten_since = 0.0
    in_message = False
    in_head = False
    # Of the request that is being read; of that, since its last bit of body: head, trailer, or what is around chunks.
    received = 0
    bodiless = 0
    # What the parser is being given.
    piece = 0
    begins = False
    unread = b""
    held = 0
    deaf = False
    refusal: tuple[int, str] | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's own
        super().connection_made(transport)
        transport.set_write_buffer_limits(UNWRITTEN_LIMIT)
        if self.scheme == "https":
            # What TLS keeps while nothing is read of it: both loops' transports have this, their common base does not.
            cast(Any, transport).set_read_buffer_limits(SOCKET_BUFFER)
        self.headers = []
        self.silent_since = self.server_state.clock()
        if len(self.connections) > CONNECTION_LIMIT:
            self.refuse(503, "too many connections: try again")

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self.deaf = True
        self.unread = b""
        self.hold(0)

    def data_received(self, data: bytes) -> None:
        if self.deaf:
            return
        if self.unread or self.busy:
            self.unread += data
            self.wait()
            return
        end = data.find(HEAD_END)
        if end >= 0 and data.find(HEAD_END, end + len(HEAD_END)) >= 0:
            self.unread = data
            self.read_on()
        else:
            self.feed(data)

    def read_on(self) -> None:
        """Read what came, up to the end of the next request. No more than one request begins in each piece of it."""
        data, at = self.unread, 0
        while at < len(data) and not self.busy and not self.deaf:
            found = data.find(HEAD_END, at)
            end = len(data) if found < 0 else found + len(HEAD_END)
            self.feed(data[at:end])
            at = end
        if not self.deaf:
            self.unread = data[at:]
            self.wait()

    def wait(self) -> None:
        if len(self.unread) > UNREAD_LIMIT:
            self.refuse(431, f"more than {UNREAD_LIMIT} bytes came behind a request before its answer")
        elif self.unread:
            self.flow.pause_reading()
        self.hold(self.weight())

    def feed(self, data: bytes) -> None:
        self.piece = len(data)
        self.received += self.piece
        self.bodiless += self.piece
        self.begins = not self.in_message
        super().data_received(data)
        if self.bodiless > HEAD_LIMIT and self.in_message and not self.deaf:
            self.refuse(431, f"the request line, headers or trailers are larger than {HEAD_LIMIT} bytes")
        if self.received > REQUEST_LIMIT and not self.deaf:
            self.deaf = True
            self.transport.close()
        self.hold(self.weight())

    def weight(self) -> int:
        return min(self.received, REQUEST_WEIGHT) + len(self.headers) * HEADER_WEIGHT + len(self.unread)

    def hold(self, held: int) -> None:
        state = self.server_state
        state.held += held - self.held
        self.held = held
        while state.held > HELD_LIMIT:
            max(cast(set[Protocol], self.connections), key=lambda connection: connection.held).make_room()

    def make_room(self) -> None:
        self.deaf = True
        self.unread = b""
        self.hold(0)
        if self.pipeline or (self.working and self.cycle.response_started):
            self.transport.abort()
        else:
            self.answer(503, "all clients together send more than the service can hold: try again")

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.in_message = self.in_head = True
        # What a request behind another one begins with is only known to be less than the piece.
        self.received = self.bodiless = self.piece if self.begins else 0
        self.begins = False

    def on_header(self, name: bytes, value: bytes) -> None:
        # Not those behind a body.
        if not self.in_head:
            return
        if len(self.headers) == HEADERS_LIMIT:
            self.stop_parsing(431, f"there are more than {HEADERS_LIMIT} headers")
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        if self.piece > HEAD_LIMIT or self.bodiless > HEAD_LIMIT:
            size = len(self.url) + sum(len(name) + len(value) + len(": \r\n") for name, value in self.headers)
            if size > HEAD_LIMIT:
                self.stop_parsing(431, f"the request line and headers are larger than {HEAD_LIMIT} bytes")
        self.in_head = False
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self.bodiless = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        self.in_message = False
        super().on_message_complete()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self.silent_since = self.server_state.clock()
        if self.unread:
            self.loop.call_soon(self.read_on)
        elif not self.in_message and not self.working:
            # A connection that only waits has nothing of its last request.
            self.headers = self.cycle.scope["headers"] = []
            self.received = 0
            self.hold(0)

    def pause_writing(self) -> None:
        super().pause_writing()
        self.unwritten_since = self.server_state.clock()

    def stop_parsing(self, status: int, message: str) -> None:
        """Raise what the parser hands on as its own error, which uvicorn answers by send_400_response."""
        self.refusal = status, message
        raise ValueError(message)

    def send_400_response(self, msg: str) -> None:
        self.refuse(*(self.refusal or (400, msg)))

    def refuse(self, status: int, message: str) -> None:
        """Answer it and close. Where requests before it have no answer yet, they get theirs, and then it is closed."""
        self.deaf = True
        self.unread = b""
        if self.pipeline or (self.working and not self.cycle.more_body):
            self.cycle.keep_alive = False
        else:
            self.answer(status, message)

    def answer(self, status: int, message: str) -> None:
        # No route was found yet; of 503, there are too many.
        metrics.REFUSALS.labels("other", metrics.REASONS.get(status, "too_many")).inc()
        body = msgspec.json.encode({"error": message})
        self.transport.write(
            STATUS_LINE[status]
            + b"content-type: application/json\r\nconnection: close\r\ncontent-length: %d\r\n\r\n" % len(body)
            + body
        )
        self.transport.close()

    def take_what_is_sent_again(self) -> None:
        """Take it: a connection that was half made when its listener was told to refuse has inherited that."""
        connection = self.transport.get_extra_info("socket")
        # TLS has none any more where the connection has just been lost.
        if connection is not None:
            with contextlib.suppress(OSError):
                take_from(0, connection)

    def shutdown(self) -> None:
        """Do as uvicorn's own, but still read a request that is on its way through a connection that was just made."""
        if self.working:
            super().shutdown()
        else:
            self.loop.call_later(LAST_SECONDS, self.close_unless_working)

    @property
    def working(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    @property
    def busy(self) -> bool:
        """Whether a request is there that has all it needs, but its answer."""
        return bool(self.pipeline) or (not self.in_message and self.working)

    @property
    def state(self) -> str:
        """What it is held for: C(receiving) has sent half a request, or nothing since it was made."""
        if self.in_message or self.cycle is None:
            return "receiving"
        return "working" if self.working else "idle"

    def close_unless_working(self) -> None:
        if not self.working:
            self.transport.close()

    def close_if_silent(self, now: float) -> None:
        """Also for half a request line or half of the headers; a body has its own limit in the application.

        Who does not read what it is answered, or does not let its connection end, is cut off.
        """
        if self.flow.write_paused and now - self.unwritten_since > IDLE_SECONDS:
            self.transport.abort()
        elif now - self.silent_since > IDLE_SECONDS and not self.working:
            if self.transport.is_closing():
                self.transport.abort()
            else:
                self.transport.close()


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
    def __init__(
        self,
        app: ASGIApp,
        status: Status,
        certificate: Certificate | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
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
        self.server_state = State(clock)
        self._status = status
        self._certificate = certificate
        self._clock = clock
        self._drained_at = float("inf")
        self._accepting: list[asyncio.Task[None]] = []
        self._handshakes: dict[asyncio.Task[None], socket.socket] = {}
        for state in ("receiving", "working", "idle"):
            metrics.CONNECTIONS.labels(state).set_function(partial(self._connections, state))

    def _connections(self, state: str) -> int:
        held = sum(cast(Protocol, connection).state == state for connection in self.server_state.connections)
        return held + (len(self._handshakes) if state == "receiving" else 0)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if self._status.draining:
            self.should_exit = True
            return
        self._status.draining = True
        log.info("draining", extra={"signal": sig})
        self._drained_at = self._clock() + DRAIN_SECONDS

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        for listener in sockets or []:
            # Who is accepted inherits that.
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SOCKET_BUFFER)
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SOCKET_BUFFER)
        if self._certificate is None:
            await super().startup(sockets)
            return
        # With TLS, uvicorn's way knows nothing of a connection before its handshake is over.
        await self.lifespan.startup()
        self.servers = []
        self._accepting = [asyncio.create_task(self._accept(listener, self._certificate)) for listener in sockets or []]
        self.started = True

    async def _accept(self, listener: socket.socket, certificate: Certificate) -> None:
        listener.listen(self.config.backlog)
        listener.setblocking(False)
        while True:
            try:
                connection, _unused = await asyncio.get_running_loop().sock_accept(listener)
            except OSError:
                # The client is gone already, or there are too many open files.
                await asyncio.sleep(ACCEPT_SECONDS)
                continue
            if len(self.server_state.connections) + len(self._handshakes) >= TLS_CONNECTION_LIMIT:
                connection.close()
                continue
            handshake = asyncio.create_task(self._shake_hands(connection, certificate))
            self._handshakes[handshake] = connection
            handshake.add_done_callback(self._handshakes.pop)

    async def _shake_hands(self, connection: socket.socket, certificate: Certificate) -> None:
        loop = asyncio.get_running_loop()
        # A client that does not speak TLS, or not in time, is no news.
        with contextlib.suppress(OSError):
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            await loop.connect_accepted_socket(
                lambda: Protocol(self.config, self.server_state, self.lifespan.state, loop),
                connection,
                ssl=certificate.context,
                ssl_handshake_timeout=IDLE_SECONDS,
                ssl_shutdown_timeout=GOODBYE_SECONDS,
            )

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for listener in sockets or []:
            refuse_more(listener)
        await asyncio.sleep(ACCEPT_SECONDS)
        for accepting in self._accepting:
            accepting.cancel()
        for connection in self._handshakes.values():
            with contextlib.suppress(OSError):
                take_from(0, connection)
        for made in self.server_state.connections:
            cast(Protocol, made).take_what_is_sent_again()
        if self._handshakes:
            _done, late = await asyncio.wait(self._handshakes, timeout=LAST_SECONDS)
            for handshake in late:
                handshake.cancel()
        await super().shutdown(sockets)

    async def on_tick(self, counter: int) -> bool:
        now = self._clock()
        if counter % 10 == 0:
            for connection in list(self.server_state.connections):
                cast(Protocol, connection).close_if_silent(now)
            if self._certificate:
                self._certificate.take_what_changed()
        return await super().on_tick(counter) or now >= self._drained_at
