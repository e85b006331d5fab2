# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""HTTP messages, within a time and a size: requests to the exporter, and Locust's answers.

httptools, which uvicorn stands on, parses them: the standard library's own parsers alone would take a fifth of the time
of a small scrape.
"""

from __future__ import annotations

import socket
import time
from typing import Generic, TypeVar

import httptools

Parser = TypeVar("Parser", httptools.HttpRequestParser, httptools.HttpResponseParser)

MOST_HEADERS = 100


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
        # Not a list of what came: that would hold thirty times as many bytes where they come one by one.
        self.body = bytearray()
        self.header_count = 0
        self.has_headers = False
        self.complete = False

    # What httptools calls.
    def on_message_begin(self) -> None:
        if self.complete:
            raise MalformedError("more came than was asked for")

    def on_url(self, url: bytes) -> None:
        self.target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self.header_count += 1
        if self.header_count > MOST_HEADERS:
            return
        key, text = name.decode("latin-1").lower(), value.decode("latin-1")
        self.headers[key] = text
        if key == "set-cookie":
            self.cookies.append(text)

    def on_headers_complete(self) -> None:
        self.has_headers = True

    def on_body(self, body: bytes) -> None:
        self.body += body

    def on_message_complete(self) -> None:
        self.complete = True

    @property
    def ends_with_the_connection(self) -> bool:
        return self.has_headers and not self.headers.keys() & {"content-length", "transfer-encoding"}


class Reader(Generic[Parser]):
    """Makes a message of what comes, up to `limit` bytes and MOST_HEADERS headers."""

    def __init__(self, kind: type[Parser], limit: int) -> None:
        self.message = Message()
        self.parser: Parser = kind(self.message)
        self._size = 0
        self._limit = limit

    def feed(self, data: bytes) -> bool:
        """Take what came, which is nothing where the connection has ended; tell whether the message is whole.

        Raises TooLargeError, MalformedError, IncompleteError, or ConnectionResetError if nothing came at all.
        """
        if not data:
            if not self._size:
                raise ConnectionResetError("the connection was closed without an answer")
            if not self.message.ends_with_the_connection:
                raise IncompleteError
            return True
        self._size += len(data)
        if self._size > self._limit:
            raise TooLargeError
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            return True
        except httptools.HttpParserError as error:
            raise MalformedError(f"not HTTP: {error}") from None
        if self.message.header_count > MOST_HEADERS:
            raise TooLargeError
        return self.message.complete

    @property
    def connection_stays(self) -> bool:
        """Whether the sender means to use the connection after this message."""
        closes = self.message.headers.get("connection", "").lower() == "close"
        return self.message.complete and not closes and self.parser.get_http_version() == "1.1"


def remaining(deadline: float) -> float:
    """Seconds until a moment of the monotonic clock. Raises TimeoutError if it has passed."""
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError("the time is up")
    return left


def receive(sock: socket.socket, reader: Reader[httptools.HttpResponseParser], deadline: float) -> bool:
    """Read an answer; tell whether the connection goes on after it.

    Raises what `Reader.feed` raises, or the socket, TimeoutError among them.
    """
    whole = False
    while not whole:
        # A socket's own timeout begins anew each time, so that a drip would never end.
        sock.settimeout(remaining(deadline))
        whole = reader.feed(sock.recv(65536))
    return reader.connection_stays and not reader.message.ends_with_the_connection
