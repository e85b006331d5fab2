# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""The exporter's own web server: the page of metrics, and a page that leads there.

A conversation with a client is a generator, which yields wherever the client, or another conversation, has to do
something first. A few threads take turns to wait for all of these at once, and go on with the one that can. So clients
that say nothing, stop in the middle or never end their handshake cost nobody else anything. An event loop with workers
beside it would do the same, but hand each scrape over and back, which takes as long as all the rest of a small one.
"""

from __future__ import annotations

import contextlib
import html
import logging
import selectors
import socket
import ssl
import threading
import time
from collections import deque
from collections.abc import Callable, Generator
from http import HTTPStatus
from typing import Protocol, TypeVar

import httptools

from locust_exporter.exposition import CONTENT_TYPE
from locust_exporter.message import IncompleteError, MalformedError, Message, Reader, TooLargeError
from locust_exporter.web_config import WebConfig
from locust_exporter.yaml_file import ConfigError

log = logging.getLogger(__name__)

T = TypeVar("T")

# One asks Locust, one looks at a password, one waits for clients: so one is left.
_THREADS = 4
# Over these, the client that has been waited for longest goes. The latter are bytes of different pages.
_MOST_CONNECTIONS = 256
_MOST_UNSENT = 32 * 2**20
# For a request, with its handshake, and for taking an answer.
_REQUEST_SECONDS = 5.0
# As long as Prometheus itself keeps a connection that is not used.
_IDLE_SECONDS = 300.0
# How exactly these are kept.
_TICK_SECONDS = 0.2
_MAX_REQUEST = 65536
_SMALL = 65536
_MOST_PASSWORDS_WAITING = 16
_QUIT = b"/quitquitquit"


class Exporter(Protocol):
    """What makes the page of metrics, for use from several threads; `title` is the name that people see."""

    title: str

    def scrape(self, timeout: float | None = None) -> bytes:
        """Return the whole page; `timeout`, in seconds, shortens what it may take."""

    def count_refused_login(self) -> None: ...

    def look_at_process(self) -> None:
        """Take the figures of the exporter's own process for the next page. Nobody waits meanwhile."""


def listen(address: str) -> socket.socket:
    """Listen at `[HOST]:PORT`; without a host, on all interfaces. Raises ConfigError if it cannot."""
    host, colon, port = address.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not colon or not port.isdecimal() or int(port) > 65535:
        raise ConfigError(f"the address to listen at must be [HOST]:PORT, not {address!r}")
    try:
        if not host and socket.has_dualstack_ipv6():
            return socket.create_server(("", int(port)), family=socket.AF_INET6, dualstack_ipv6=True)
        family = socket.getaddrinfo(host or "0.0.0.0", int(port), type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, int(port)), family=family)
    except (OSError, UnicodeError) as error:
        raise ConfigError(f"cannot listen at {address}: {error}") from error


class _Work:
    """What one conversation does and others may wait for; `page` is what came of it."""

    def __init__(self, busy: bool) -> None:
        self.busy = busy
        self.page: bytes | None = None


# What is waited for: an event of the client's socket, or another conversation's work.
_Want = int | _Work
# What a conversation yields before it does what takes long: the thread leaves its turn to another one.
_BLOCKS = _Work(busy=False)
_Steps = Generator[_Want, None, T]


class _Client:
    """A connection and the conversation on it. `deadline` is of the monotonic clock."""

    def __init__(self, connection: socket.socket, address: str) -> None:
        self.socket = connection
        self.address = address
        self.deadline = time.monotonic() + _REQUEST_SECONDS
        self.unsent = b""
        self.waits_for_password = False
        self.conversation: _Steps[None]


def _when_ready(sock: socket.socket, operation: Callable[..., T], *arguments: object) -> _Steps[T]:
    """Do what a socket that does not block puts off until its client is ready."""
    while True:
        try:
            return operation(*arguments)
        except ssl.SSLWantReadError:
            event = selectors.EVENT_READ
        except ssl.SSLWantWriteError:
            event = selectors.EVENT_WRITE
        except BlockingIOError:
            event = selectors.EVENT_WRITE if operation == sock.send else selectors.EVENT_READ
        yield event


class Server:
    """Answers on a listening socket with a fixed number of threads, so that no crowd of clients makes it grow.

    `leave` is what /quitquitquit does, once it is answered; without it there is no such page.
    """

    def __init__(
        self,
        listener: socket.socket,
        path: str,
        exporter: Exporter,
        config: WebConfig,
        leave: Callable[[], None] | None = None,
    ) -> None:
        self._listener = listener
        self._path = path
        self._exporter = exporter
        self._config = config
        self._leave = leave
        self._selector = selectors.DefaultSelector()
        # Who holds it waits for all clients.
        self._turn = threading.Lock()
        self._ready: deque[tuple[_Client, bool]] = deque()
        self._bell, self._ring = socket.socketpair()
        # Of what follows, and of what a _Work says.
        self._lock = threading.Lock()
        self._clients: set[_Client] = set()
        # What each waits for, the longest first. Who takes a client out goes on with it.
        self._suspended: dict[_Client, _Want] = {}
        self._scraping = _Work(busy=False)
        self._checking = _Work(busy=False)
        self._refused = 0
        self._refused_said = float("-inf")

    def start(self) -> None:
        self._listener.setblocking(False)
        self._bell.setblocking(False)
        self._ring.setblocking(False)
        for sock in (self._listener, self._bell):
            self._selector.register(sock, selectors.EVENT_READ, sock)
        for _unused in range(_THREADS):
            threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            with self._turn:
                client = self._next()
            while self._go_on(client) is _BLOCKS:
                pass

    def _next(self) -> _Client:
        """Go on with whoever can, until that would keep the others waiting; return that client."""
        while True:
            while self._ready:
                client, late = self._ready.popleft()
                if self._go_on(client, late) is _BLOCKS:
                    return client
            events = self._selector.select(_TICK_SECONDS)
            now = time.monotonic()
            with self._lock:
                for key, _unused in events:
                    if key.data in self._suspended:
                        self._take(key.data)
                        self._ready.append((key.data, False))
                for client in [client for client in self._suspended if client.deadline <= now]:
                    self._take(client)
                    self._ready.append((client, True))
            for key, _unused in events:
                if key.data is self._listener:
                    self._accept()
                elif key.data is self._bell:
                    self._bell.recv(65536)

    def _accept(self) -> None:
        try:
            connection, address = self._listener.accept()
        except BlockingIOError:
            return
        except OSError as error:
            log.error("cannot take a connection: %s", error)
            time.sleep(0.1)  # so that a lack of file descriptors does not keep a core busy
            return
        connection.setblocking(False)
        client = _Client(connection, address[0])
        client.conversation = self._attend(client)
        self._make_room(newcomers=1)
        with self._lock:
            self._clients.add(client)
            # Nobody has anything to do until it says something.
            self._suspend(client, selectors.EVENT_READ)

    def _suspend(self, client: _Client, want: _Want) -> None:
        self._suspended[client] = want
        if isinstance(want, int):
            self._selector.register(client.socket, want, client)

    def _take(self, client: _Client) -> None:
        if isinstance(self._suspended.pop(client), int):
            self._selector.unregister(client.socket)

    def _make_room(self, newcomers: int = 0) -> None:
        """Drop whom we have waited for longest, until new clients, and what is yet to be sent, have their place."""
        while True:
            with self._lock:
                pages = {id(client.unsent): len(client.unsent) for client in self._clients}
                dropped = None
                if sum(pages.values()) > _MOST_UNSENT:
                    dropped = self._oldest(with_unsent=True)
                elif len(self._clients) + newcomers > _MOST_CONNECTIONS:
                    dropped = self._oldest()
            if dropped is None:
                return
            dropped.conversation.close()
            dropped.socket.close()  # a conversation that has not begun does not

    def _oldest(self, with_unsent: bool = False) -> _Client | None:
        """Take the one that has been waited for longest; of those that wait for us, only if there are no others."""
        waiting = [client for client in self._suspended if client.unsent or not with_unsent]
        client = next((client for client in waiting if isinstance(self._suspended[client], int)), None)
        client = client or next(iter(waiting), None)
        if client:
            self._take(client)
            self._clients.discard(client)
        return client

    def _go_on(self, client: _Client, late: bool = False) -> _Want | None:
        """Return what is waited for next; None where the conversation has ended."""
        want: _Want | None = None
        try:
            want = client.conversation.throw(TimeoutError("the time is up")) if late else next(client.conversation)
        except (StopIteration, TimeoutError):  # the latter where it had not begun
            pass
        except Exception:  # of ours, which must not end the thread
            log.exception("a fault ended the connection of %s", client.address)
        finally:
            if want is None:
                client.socket.close()
            with self._lock:
                if want is None:
                    self._clients.discard(client)
                elif isinstance(want, int) or want.busy:
                    self._suspend(client, want)
                elif want is not _BLOCKS:
                    self._release(client)
        return want

    def _begin(self, work: _Work) -> bool:
        """Tell whether nobody else is at it, and the caller has it to do now."""
        with self._lock:
            mine = not work.busy
            work.busy = True
        return mine

    def _end(self, work: _Work) -> None:
        """Let those go on who wait for this work."""
        with self._lock:
            work.busy = False
            for client in [client for client, want in self._suspended.items() if want is work]:
                self._take(client)
                self._release(client)

    def _release(self, client: _Client) -> None:
        self._ready.append((client, False))
        with contextlib.suppress(BlockingIOError):  # full of calls that nobody has heard yet
            self._ring.send(b"!")

    def _attend(self, client: _Client) -> _Steps[None]:
        """Answer one client until it goes, or is too slow."""
        try:
            client.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if context := self._config.tls():
                client.socket = context.wrap_socket(client.socket, server_side=True, do_handshake_on_connect=False)
                yield from _when_ready(client.socket, client.socket.do_handshake)
            while (yield from self._converse(client)):
                client.deadline = time.monotonic() + _IDLE_SECONDS
        except (OSError, IncompleteError) as error:  # the client went away, was too slow, or speaks no TLS
            log.debug("the connection of %s broke: %s", client.address, error)

    def _converse(self, client: _Client) -> _Steps[bool]:
        """Answer one request; tell whether another may come."""
        try:
            reader = yield from self._receive(client)
        except (MalformedError, TooLargeError):
            yield from self._send(client, *self._answer(HTTPStatus.BAD_REQUEST, "Connection: close"))
            return False
        request, method = reader.message, reader.parser.get_method()
        # Another conversation's work keeps its own time.
        client.deadline = float("inf")
        status = yield from self._admit(client, request.headers.get("authorization"))
        leaves = status is HTTPStatus.OK and self._is_farewell(method, request)
        stays = reader.connection_stays and not leaves
        headers = [] if stays else ["Connection: close"]
        if leaves or status is HTTPStatus.SERVICE_UNAVAILABLE:
            head, body = self._answer(status, *headers)
        elif status is HTTPStatus.UNAUTHORIZED:
            head, body = self._answer(status, "WWW-Authenticate: Basic", *headers)
        else:
            head, body = yield from self._handle(client, method, request, headers)
        yield from self._send(client, head, b"" if method == b"HEAD" else body)
        if not stays:
            client.socket.shutdown(socket.SHUT_WR)
        if leaves and self._leave:
            self._leave()
        self._exporter.look_at_process()
        return stays

    def _receive(self, client: _Client) -> _Steps[Reader[httptools.HttpRequestParser]]:
        reader = Reader(httptools.HttpRequestParser, _MAX_REQUEST)
        while not reader.feed((yield from _when_ready(client.socket, client.socket.recv, 65536))):
            # A client that was silent for long has no longer than others once it has begun.
            client.deadline = min(client.deadline, time.monotonic() + _REQUEST_SECONDS)
        return reader

    def _send(self, client: _Client, head: bytes, body: bytes) -> _Steps[None]:
        client.deadline = time.monotonic() + _REQUEST_SECONDS
        client.unsent = body
        self._make_room()
        # A large page apart, since many clients may have the same, which would be copied for each.
        for part in (head + body,) if len(body) < _SMALL else (head, body):
            rest = memoryview(part)
            while rest:
                rest = rest[(yield from _when_ready(client.socket, client.socket.send, rest)) :]
        client.unsent = b""

    def _admit(self, client: _Client, authorization: str | None) -> _Steps[HTTPStatus]:
        """Return OK, UNAUTHORIZED, or SERVICE_UNAVAILABLE where too many passwords wait to be looked at.

        bcrypt keeps a processor busy for a tenth of a second on purpose: one at once, so that a crowd of wrong
        passwords leaves the others to the scrapes.
        """
        admitted = self._config.admits_at_once(authorization)
        while admitted is None:
            if self._begin(self._checking):
                try:
                    yield _BLOCKS
                    admitted = self._config.admits(authorization)
                finally:
                    self._end(self._checking)
            elif client.waits_for_password or self._passwords_waiting() < _MOST_PASSWORDS_WAITING:
                client.waits_for_password = True
                yield self._checking
            else:
                return HTTPStatus.SERVICE_UNAVAILABLE
        client.waits_for_password = False
        if not admitted and authorization is not None:
            self._tell_of_refusal(client.address)
        return HTTPStatus.OK if admitted else HTTPStatus.UNAUTHORIZED

    def _passwords_waiting(self) -> int:
        with self._lock:
            return sum(client.waits_for_password for client in self._clients)

    def _tell_of_refusal(self, address: str) -> None:
        """Count it, and log it once a second at most."""
        self._exporter.count_refused_login()
        now = time.monotonic()
        with self._lock:
            self._refused += 1
            if now - self._refused_said < 1:
                return
            refused, self._refused, self._refused_said = self._refused, 0, now
        log.warning("wrong user name or password: %d times, at last from %s", refused, address)

    def _scrape(self, client: _Client, timeout: float | None) -> _Steps[bytes]:
        """Return the page. Who asks while Locust is asked gets the same one, so that no crowd asks it more often."""
        with self._lock:
            if mine := not self._scraping.busy:
                self._scraping = _Work(busy=True)
            work = self._scraping
        if mine:
            try:
                yield _BLOCKS
                work.page = self._exporter.scrape(timeout)
            finally:
                with self._lock:
                    self._scraping = _Work(busy=False)  # so that nothing keeps the page
                self._end(work)
        else:
            if timeout is not None:
                client.deadline = time.monotonic() + timeout
            try:
                yield work
            except TimeoutError:
                return self._exporter.scrape(0.0)
        if work.page is None:
            raise ConnectionAbortedError("the scrape failed")
        return work.page

    def _is_farewell(self, method: bytes, request: Message) -> bool:
        return self._leave is not None and request.target.partition(b"?")[0] == _QUIT and method in (b"GET", b"POST")

    def _handle(
        self, client: _Client, method: bytes, request: Message, headers: list[str]
    ) -> _Steps[tuple[bytes, bytes]]:
        if method not in (b"GET", b"HEAD"):
            return self._answer(HTTPStatus.METHOD_NOT_ALLOWED, "Allow: GET, HEAD", *headers)
        path = request.target.partition(b"?")[0].decode("latin-1")
        if path == self._path:
            page = yield from self._scrape(client, _scrape_timeout(request))
            return self._answer(HTTPStatus.OK, *headers, body=page, content_type=CONTENT_TYPE)
        if path == "/":
            page = self._landing_page()
            return self._answer(HTTPStatus.OK, *headers, body=page, content_type="text/html; charset=utf-8")
        return self._answer(HTTPStatus.NOT_FOUND, *headers)

    def _landing_page(self) -> bytes:
        path, title = html.escape(self._path), html.escape(self._exporter.title)
        return (
            f"<!DOCTYPE html><html lang='en'><title>{title}</title>"
            f"<h1>{title}</h1><p><a href='{path}'>Metrics</a></p></html>\n"
        ).encode()

    def _answer(
        self, status: HTTPStatus, *headers: str, body: bytes = b"", content_type: str = "text/plain; charset=utf-8"
    ) -> tuple[bytes, bytes]:
        """Return an answer's head and body."""
        body = body or f"{status.phrase}\n".encode()
        lines = [
            f"HTTP/1.1 {status.value} {status.phrase}",
            f"Content-Type: {content_type}",
            f"Content-Length: {len(body)}",
            *headers,
            *(f"{name}: {value}" for name, value in self._config.headers().items()),
        ]
        return "\r\n".join([*lines, "", ""]).encode("latin-1"), body


def _scrape_timeout(request: Message) -> float | None:
    """Return what Prometheus will wait, less what the answer needs to get there."""
    try:
        seconds = float(request.headers.get("x-prometheus-scrape-timeout-seconds", ""))
    except ValueError:
        return None
    return seconds - 0.5 if 1 <= seconds < 3600 else None
