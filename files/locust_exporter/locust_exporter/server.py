# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""The exporter's own web server: the page of metrics, and a page that leads there.

One thread waits for all clients at once, so that those who say nothing, stop in the middle or never end their handshake
cost nobody else anything. It hands whole requests to a few other threads. Connections are Python's own sockets, which
do not block, and not asyncio's streams, whose TLS takes 256 KiB for each.
"""

from __future__ import annotations

import asyncio
import contextlib
import html
import logging
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from typing import TypeVar

import httptools

from locust_exporter.exporter import Exporter
from locust_exporter.exposition import CONTENT_TYPE
from locust_exporter.message import IncompleteError, MalformedError, Message, Reader, TooLargeError
from locust_exporter.web_config import WebConfig
from locust_exporter.yaml_file import ConfigError

log = logging.getLogger(__name__)

T = TypeVar("T")

# Over these, the client that has been waited for longest goes. The latter are bytes of different pages.
_MOST_CONNECTIONS = 256
_MOST_UNSENT = 32 * 2**20
# For a request, with its handshake, and for taking an answer.
_REQUEST_SECONDS = 5.0
# As long as Prometheus itself keeps a connection that is not used.
_IDLE_SECONDS = 300.0
_MAX_REQUEST = 65536
_MOST_PASSWORDS_WAITING = 16
_QUIT = b"/quitquitquit"


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


async def _when_ready(sock: socket.socket, operation: Callable[..., T], *arguments: object) -> T:
    """Do what a socket that does not block puts off until its client is ready."""
    loop = asyncio.get_running_loop()
    while True:
        try:
            return operation(*arguments)
        except ssl.SSLWantReadError:
            writes = False
        except ssl.SSLWantWriteError:
            writes = True
        except BlockingIOError:
            writes = operation == sock.send
        ready: asyncio.Future[None] = loop.create_future()
        add, remove = (loop.add_writer, loop.remove_writer) if writes else (loop.add_reader, loop.remove_reader)
        add(sock, _set, ready)
        try:
            await ready
        finally:
            remove(sock)


def _set(ready: asyncio.Future[None]) -> None:
    if not ready.done():
        ready.set_result(None)


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
        # One asks Locust, the other does what must not wait for that.
        self._workers = ThreadPoolExecutor(2)
        self._scraping: asyncio.Future[bytes] | None = None
        self._looking: asyncio.Future[None] | None = None
        # bcrypt keeps a processor busy for a tenth of a second on purpose: one at once, so that a crowd of wrong
        # passwords leaves the others to the scrapes.
        self._passwords = ThreadPoolExecutor(1)
        self._passwords_waiting = 0
        self._refused = 0
        self._refused_said = float("-inf")
        self._connections: dict[asyncio.Task[None], None] = {}
        # Those that wait for their client, the longest first, with what it has yet to take.
        self._waiting: dict[asyncio.Task[None], bytes] = {}

    def start(self) -> None:
        threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True).start()

    async def _serve(self) -> None:
        loop = asyncio.get_running_loop()
        self._listener.setblocking(False)
        while self._listener.fileno() >= 0:
            try:
                connection, address = await loop.sock_accept(self._listener)
            except OSError as error:
                log.error("cannot take a connection: %s", error)
                await asyncio.sleep(0.1)  # so that a lack of file descriptors does not keep a core busy
                continue
            if len(self._connections) >= _MOST_CONNECTIONS:
                self._drop(next(iter(self._waiting or self._connections)))
            task = loop.create_task(self._attend(connection, address[0]))
            self._connections[task] = None
            task.add_done_callback(self._forget)
            await asyncio.sleep(0)  # so that a crowd that comes does not hold up those who are there

    def _forget(self, task: asyncio.Task[None]) -> None:
        self._connections.pop(task, None)
        self._waiting.pop(task, None)

    def _drop(self, task: asyncio.Task[None]) -> None:
        self._forget(task)
        task.cancel()

    @contextlib.contextmanager
    def _waits_for_client(self, unsent: bytes = b"") -> Iterator[None]:
        """Mark the connection as one that may be dropped; make room for what it has yet to send."""
        task = asyncio.current_task()
        assert task
        self._waiting[task] = unsent
        while sum({id(page): len(page) for page in self._waiting.values()}.values()) > _MOST_UNSENT:
            self._drop(next(other for other, page in self._waiting.items() if page))
        try:
            yield
        finally:
            self._waiting.pop(task, None)

    async def _attend(self, connection: socket.socket, address: str) -> None:
        """Answer one client until it goes, or is too slow."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + _REQUEST_SECONDS
        try:
            connection.setblocking(False)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if context := self._config.tls():
                connection = context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
                with self._waits_for_client():
                    async with asyncio.timeout_at(deadline):
                        await _when_ready(connection, connection.do_handshake)
            while await self._converse(connection, address, deadline):
                deadline = loop.time() + _IDLE_SECONDS
            connection.shutdown(socket.SHUT_WR)
        except (OSError, IncompleteError) as error:  # the client went away, was too slow, or speaks no TLS
            log.debug("the connection of %s broke: %s", address, error)
        finally:
            connection.close()

    async def _converse(self, connection: socket.socket, address: str, deadline: float) -> bool:
        """Answer one request; tell whether another may come."""
        try:
            reader = await self._receive(connection, deadline)
        except (MalformedError, TooLargeError):
            await self._send(connection, *self._answer(HTTPStatus.BAD_REQUEST, "Connection: close"))
            return False
        request, method = reader.message, reader.parser.get_method()
        stays = reader.connection_stays
        status = await self._admit(request.headers.get("authorization"), address)
        leaves = status is HTTPStatus.OK and self._is_farewell(method, request)
        close = () if stays and not leaves else ("Connection: close",)
        if leaves or status is HTTPStatus.SERVICE_UNAVAILABLE:
            head, body = self._answer(status, *close)
        elif status is HTTPStatus.UNAUTHORIZED:
            head, body = self._answer(status, "WWW-Authenticate: Basic", *close)
        else:
            head, body = await self._handle(method, request, *close)
        await self._send(connection, head, b"" if method == b"HEAD" else body)
        self._look_at_process()
        if leaves and self._leave:
            self._leave()
        return not close

    async def _receive(self, connection: socket.socket, deadline: float) -> Reader[httptools.HttpRequestParser]:
        reader = Reader(httptools.HttpRequestParser, _MAX_REQUEST)
        with self._waits_for_client():
            async with asyncio.timeout_at(deadline) as limit:
                while not reader.feed(await _when_ready(connection, connection.recv, 65536)):
                    # A client that was silent for long has no longer than others once it has begun.
                    deadline = min(deadline, asyncio.get_running_loop().time() + _REQUEST_SECONDS)
                    limit.reschedule(deadline)
        return reader

    async def _send(self, connection: socket.socket, head: bytes, body: bytes) -> None:
        with self._waits_for_client(body):
            async with asyncio.timeout(_REQUEST_SECONDS):
                # Apart, since many clients may have the same page, which would be copied for each.
                for part in (head, body):
                    rest = memoryview(part)
                    while rest:
                        rest = rest[await _when_ready(connection, connection.send, rest) :]

    async def _admit(self, authorization: str | None, address: str) -> HTTPStatus:
        """Return OK, UNAUTHORIZED, or SERVICE_UNAVAILABLE where too many passwords wait to be looked at."""
        admitted = self._config.admits_at_once(authorization)
        if admitted is None:
            if self._passwords_waiting >= _MOST_PASSWORDS_WAITING:
                return HTTPStatus.SERVICE_UNAVAILABLE
            self._passwords_waiting += 1
            try:
                loop = asyncio.get_running_loop()
                admitted = await loop.run_in_executor(self._passwords, self._config.admits, authorization)
            finally:
                self._passwords_waiting -= 1
        if not admitted and authorization is not None:
            self._tell_of_refusal(address)
        return HTTPStatus.OK if admitted else HTTPStatus.UNAUTHORIZED

    def _tell_of_refusal(self, address: str) -> None:
        """Count it, and log it once a second at most."""
        self._exporter.count_refused_login()
        self._refused += 1
        now = asyncio.get_running_loop().time()
        if now - self._refused_said >= 1:
            log.warning("wrong user name or password: %d times, at last from %s", self._refused, address)
            self._refused, self._refused_said = 0, now

    async def _scrape(self, timeout: float | None) -> bytes:
        """Return the page. Who asks while Locust is asked gets the same one, so that no crowd asks it more often."""
        loop = asyncio.get_running_loop()
        if self._scraping is None or self._scraping.done():
            self._scraping = loop.run_in_executor(self._workers, self._exporter.scrape)
        try:
            return await asyncio.wait_for(asyncio.shield(self._scraping), timeout)
        except TimeoutError:
            return await loop.run_in_executor(self._workers, self._exporter.scrape, 0.0)

    def _look_at_process(self) -> None:
        if self._looking is None or self._looking.done():
            loop = asyncio.get_running_loop()
            self._looking = loop.run_in_executor(self._workers, self._exporter.look_at_process)

    def _is_farewell(self, method: bytes, request: Message) -> bool:
        return self._leave is not None and request.target.partition(b"?")[0] == _QUIT and method in (b"GET", b"POST")

    async def _handle(self, method: bytes, request: Message, *headers: str) -> tuple[bytes, bytes]:
        if method not in (b"GET", b"HEAD"):
            return self._answer(HTTPStatus.METHOD_NOT_ALLOWED, "Allow: GET, HEAD", *headers)
        path = request.target.partition(b"?")[0].decode("latin-1")
        if path == self._path:
            page = await self._scrape(_scrape_timeout(request))
            return self._answer(HTTPStatus.OK, *headers, body=page, content_type=CONTENT_TYPE)
        if path == "/":
            page = self._landing_page()
            return self._answer(HTTPStatus.OK, *headers, body=page, content_type="text/html; charset=utf-8")
        return self._answer(HTTPStatus.NOT_FOUND, *headers)

    def _landing_page(self) -> bytes:
        path = html.escape(self._path)
        return (
            "<!DOCTYPE html><html lang='en'><title>Locust Exporter</title>"
            f"<h1>Locust Exporter</h1><p><a href='{path}'>Metrics</a></p></html>\n"
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
