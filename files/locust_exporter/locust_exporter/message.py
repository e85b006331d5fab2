# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""HTTP messages off a socket, within a time and a size: requests to the exporter, and Locust's answers.

httptools, which uvicorn stands on, parses them: the standard library's own parsers alone would take a fifth of the time
of a small scrape.
"""

from __future__ import annotations

import socket
import time

import httptools


class TooLargeError(Exception):
    """The message is larger than allowed."""


class IncompleteError(Exception):
    """The connection ended within the message."""


class MalformedError(Exception):
    """What came is not HTTP."""


class Message:
    """A request or an answer; names of headers are in lower case, and of a repeated header the last one counts."""

    def __init__(self) -> None:
        self.target = b""
        self.headers: dict[str, str] = {}
        self.cookies: list[str] = []
        self.chunks: list[bytes] = []
        self.has_headers = False
        self.complete = False

    # What httptools calls.
    def on_message_begin(self) -> None:
        if self.complete:
            raise MalformedError("more came than was asked for")

    def on_url(self, url: bytes) -> None:
        self.target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        key, text = name.decode("latin-1").lower(), value.decode("latin-1")
        self.headers[key] = text
        if key == "set-cookie":
            self.cookies.append(text)

    def on_headers_complete(self) -> None:
        self.has_headers = True

    def on_body(self, body: bytes) -> None:
        self.chunks.append(body)

    def on_message_complete(self) -> None:
        self.complete = True

    @property
    def ends_with_the_connection(self) -> bool:
        return self.has_headers and not self.headers.keys() & {"content-length", "transfer-encoding"}


def remaining(deadline: float) -> float:
    """Seconds until a moment of the monotonic clock. Raises TimeoutError if it has passed."""
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError("the time is up")
    return left


def receive(
    sock: socket.socket, parser: httptools.HttpRequestParser | httptools.HttpResponseParser, message: Message,
    deadline: float, limit: int,
) -> bool:  # fmt: skip
    """Fill `message`, which belongs to `parser`; tell whether the connection goes on after it.

    Raises TooLargeError over `limit` bytes, IncompleteError, MalformedError, ConnectionResetError if nothing came at
    all, or what the socket raises, TimeoutError among them.
    """
    size = 0
    while not message.complete:
        # A socket's own timeout begins anew each time, so that a drip would never end.
        sock.settimeout(remaining(deadline))
        data = sock.recv(65536)
        if not data:
            if not size:
                raise ConnectionResetError("the connection was closed without an answer")
            if message.ends_with_the_connection:
                return False
            raise IncompleteError
        size += len(data)
        if size > limit:
            raise TooLargeError
        try:
            parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            return False
        except httptools.HttpParserError as error:
            raise MalformedError(f"not HTTP: {error}") from None
    closes = message.headers.get("connection", "").lower() == "close" or parser.get_http_version() != "1.1"
    return not closes and not message.ends_with_the_connection
