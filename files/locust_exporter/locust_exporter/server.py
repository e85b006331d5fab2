# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""The exporter's own web server: the page of metrics, and a page that leads there."""

from __future__ import annotations

import html
import logging
import socket
import threading
import time
from collections.abc import Callable
from http import HTTPStatus

import httptools

from locust_exporter.exporter import Exporter
from locust_exporter.exposition import CONTENT_TYPE
from locust_exporter.message import IncompleteError, MalformedError, Message, TooLargeError, receive
from locust_exporter.web_config import WebConfig
from locust_exporter.yaml_file import ConfigError

log = logging.getLogger(__name__)

_THREADS = 8
_REQUEST_SECONDS = 5.0
_MAX_REQUEST = 65536
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

    def start(self) -> None:
        for _unused in range(_THREADS):
            threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        listening = True
        try:
            while listening:
                listening = self._serve_one()
        finally:
            if listening:  # a fault of ours ended this thread, which Python has told: another one takes its place
                threading.Thread(target=self._serve, daemon=True).start()

    def _serve_one(self) -> bool:
        """Answers one client; tells whether to go on listening."""
        try:
            connection, address = self._listener.accept()
        except OSError as error:
            log.error("cannot take a connection: %s", error)
            time.sleep(0.1)  # so that a lack of file descriptors does not keep a core busy
            return self._listener.fileno() >= 0
        try:
            connection.settimeout(_REQUEST_SECONDS)
            context = self._config.tls()
            if context:
                connection = context.wrap_socket(connection, server_side=True)
            leaves = self._converse(connection)
            connection.shutdown(socket.SHUT_WR)
            if leaves and self._leave:
                self._leave()
        except (OSError, IncompleteError) as error:  # the client went away, was too slow, or speaks no TLS
            log.debug("the connection of %s broke: %s", address[0], error)
        finally:
            connection.close()
        self._exporter.look_at_process()
        return True

    def _converse(self, connection: socket.socket) -> bool:
        """Answer one request; tell whether it ends the exporter."""
        message = Message()
        parser = httptools.HttpRequestParser(message)
        try:
            receive(connection, parser, message, time.monotonic() + _REQUEST_SECONDS, _MAX_REQUEST)
        except (MalformedError, TooLargeError):
            connection.sendall(self._answer(HTTPStatus.BAD_REQUEST))
            return False
        method = parser.get_method()
        leaves = self._is_farewell(method, message)
        answer = self._answer(HTTPStatus.OK) if leaves else self._handle(method, message)
        connection.settimeout(_REQUEST_SECONDS)
        connection.sendall(answer.partition(b"\r\n\r\n")[0] + b"\r\n\r\n" if method == b"HEAD" else answer)
        return leaves

    def _is_farewell(self, method: bytes, request: Message) -> bool:
        return (
            self._leave is not None
            and request.target.partition(b"?")[0] == _QUIT
            and method in (b"GET", b"POST")
            and self._config.admits(request.headers.get("authorization"))
        )

    def _handle(self, method: bytes, request: Message) -> bytes:
        if not self._config.admits(request.headers.get("authorization")):
            return self._answer(HTTPStatus.UNAUTHORIZED, "WWW-Authenticate: Basic")
        if method not in (b"GET", b"HEAD"):
            return self._answer(HTTPStatus.METHOD_NOT_ALLOWED, "Allow: GET, HEAD")
        path = request.target.partition(b"?")[0].decode("latin-1")
        if path == self._path:
            page = self._exporter.scrape(_scrape_timeout(request))
            return self._answer(HTTPStatus.OK, body=page, content_type=CONTENT_TYPE)
        if path == "/":
            return self._answer(HTTPStatus.OK, body=self._landing_page(), content_type="text/html; charset=utf-8")
        return self._answer(HTTPStatus.NOT_FOUND)

    def _landing_page(self) -> bytes:
        path = html.escape(self._path)
        return (
            "<!DOCTYPE html><html lang='en'><title>Locust Exporter</title>"
            f"<h1>Locust Exporter</h1><p><a href='{path}'>Metrics</a></p></html>\n"
        ).encode()

    def _answer(
        self, status: HTTPStatus, *headers: str, body: bytes = b"", content_type: str = "text/plain; charset=utf-8"
    ) -> bytes:
        body = body or f"{status.phrase}\n".encode()
        lines = [
            f"HTTP/1.1 {status.value} {status.phrase}",
            f"Content-Type: {content_type}",
            f"Content-Length: {len(body)}",
            "Connection: close",
            *headers,
            *(f"{name}: {value}" for name, value in self._config.headers().items()),
        ]
        return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def _scrape_timeout(request: Message) -> float | None:
    """Return what Prometheus will wait, less what the answer needs to get there."""
    try:
        seconds = float(request.headers.get("x-prometheus-scrape-timeout-seconds", ""))
    except ValueError:
        return None
    return seconds - 0.5 if 1 <= seconds < 3600 else None
