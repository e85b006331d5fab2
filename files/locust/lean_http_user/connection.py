# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""One connection: a socket that never blocks on gevent's loop, TLS over it, and the parser of what comes."""

from __future__ import annotations

import errno
import os
import re
import ssl
from time import perf_counter
from typing import Any

import gevent
import gevent.socket
from gevent import monkey
from geventhttpclient._parser import HTTPParseError, HTTPResponseParser

from lean_http_user.failures import (
    AnswerTooLargeError,
    CutAnswerError,
    DeadlineError,
    MalformedAnswerError,
    UnansweredError,
)
from lean_http_user.heads import Origin

# Locust has gevent put its own in their place, which wait by themselves; here only the loop is waited for.
Socket: Any = monkey.get_original("socket", "socket")
Poll: Any = monkey.get_original("select", "poll")
RECEIVE_SIZE = 65536
# What a record of TLS holds at most, and what is encrypted at once.
RECORD_SIZE = 16384
WRITE_SIZE = 262144
NEVER = float("inf")
READ, WRITE = 1, 2
INTERIM = re.compile(rb"[\r\n]*HTTP/1\.[01] 1")
GONE = (BrokenPipeError, ConnectionResetError, ConnectionAbortedError)


class Connection(HTTPResponseParser):
    """A kept connection without TLS. One greenlet at a time uses it: begin, send, await_head, await_rest.

    The times are seconds, the limits bytes. Any exception means that it has to be closed.
    """

    __slots__ = (
        "_hub",
        "_poll",
        "_readable",
        "_rings",
        "_socket",
        "_timer",
        "_until",
        "_waiting",
        "bodiless",
        "code",
        "complete",
        "deadline",
        "ended",
        "headed",
        "interim",
        "max_body_size",
        "max_head_size",
        "patience",
        "pieces",
        "raw",
        "received",
        "size",
        "spoilt",
    )

    def __init__(self, connected: Any, patience: float, max_head_size: int, max_body_size: int) -> None:
        super().__init__()
        self.patience = patience
        self.max_head_size = max_head_size
        self.max_body_size = max_body_size
        self._socket = connected
        self._hub = gevent.get_hub()
        self._readable = self._hub.loop.io(connected.fileno(), READ)
        self._timer: Any = None
        # When the timer ends; one that was started for an earlier request is left, and looks again then.
        self._rings = NEVER
        self._until = NEVER
        self._waiting: Any = None
        self._poll = Poll()
        self._poll.register(connected.fileno(), READ)
        self.begin(NEVER, False)

    def begin(self, deadline: float, bodiless: bool) -> None:
        """Expect a new answer, by a time of `perf_counter` or NEVER; to HEAD it has no body, whatever its head says."""
        self.deadline = deadline
        self.bodiless = bodiless
        self.code = 0
        # The head's bytes, with those of the body that came along.
        self.raw = b""
        self.pieces: list[bytearray] = []
        self.size = 0
        self.received = 0
        # Heads of 1xx that went before.
        self.interim = 0
        self.headed = False
        self.complete = False
        # No other request may follow, as the server has closed it, or nobody can tell what comes.
        self.ended = False
        self.spoilt = False

    # What the parser calls. Where it returns true, parsing ends, or the body is skipped.

    def _on_message_begin(self) -> bool:
        # Nobody has asked for what follows a whole answer.
        return self.complete

    def _on_headers_complete(self) -> bool:
        code = self.get_code()
        if code < 200:
            if code == 101:
                raise MalformedAnswerError("the server switches to another protocol, which nobody asked for")
            self.interim += 1
            return False
        self.code = code
        self.headed = True
        if not (self.bodiless or code == 204 or code == 304):
            return False
        if not FORGETS_LENGTH and self.get_remaining_content_length():
            self.spoilt = True
        return True

    def _on_body(self, piece: bytearray) -> None:
        self.size += len(piece)
        if self.size > self.max_body_size:
            raise AnswerTooLargeError("the content is larger than max_body_size")
        self.pieces.append(piece)

    def _on_message_complete(self) -> None:
        self.complete = self.headed

    def send(self, data: bytes) -> None:
        """Send all of it. Where the server does not take it any more, it may have answered nevertheless."""
        try:
            self._send(data)
        except GONE:
            self.spoilt = True

    def await_head(self) -> None:
        """Receive until the head is whole; the body may be, too. Raises LeanHttpError and OSError."""
        while not self.headed:
            data = self._receive()
            if data:
                self._take(data)
            elif self.raw:
                raise CutAnswerError("the server closed the connection in the middle of the answer's head")
            else:
                raise UnansweredError("the server closed the connection without an answer")
        # The parser takes others of this family, too.
        if not self.raw.startswith(b"HTTP/1.") and not self.raw.lstrip(b"\r\n").startswith(b"HTTP/1."):
            raise MalformedAnswerError("the answer is not HTTP/1.1: it has another protocol or version")

    def await_more(self) -> None:
        """Receive once more of the body. Raises LeanHttpError and OSError."""
        data = self._receive()
        if data:
            self._take(data)
            return
        self.ended = True
        try:
            self.feed(b"")
        except HTTPParseError as error:
            raise CutAnswerError("the server closed the connection in the middle of the answer") from error
        if not self.complete:
            raise CutAnswerError("the server closed the connection in the middle of the answer")

    def final_head(self) -> bytes:
        """Return the answer's head without its last line's end, and without those of 1xx before it."""
        head, rest = _split(self.raw)
        for _interim in range(self.interim):
            head, rest = _split(rest)
        return head

    def is_reusable(self) -> bool:
        """Whether a request can follow, after a whole answer."""
        return self.complete and not self.spoilt and not self.ended and bool(self.should_keep_alive())

    def is_open(self) -> bool:
        """Whether the server has left it alone since: neither closed it nor sent anything."""
        return not self._poll.poll(0)

    def close(self) -> None:
        """Close it, once or more."""
        if self._socket is None:
            return
        for watcher in (self._readable, self._timer):
            if watcher is not None:
                watcher.stop()
                watcher.close()
        self._socket.close()
        self._socket = self._readable = self._timer = None

    def __del__(self) -> None:
        # One that was never made has none.
        if getattr(self, "_socket", None) is not None:
            self.close()

    def _take(self, data: bytes) -> None:
        self.received += len(data)
        if not self.headed:
            self.raw = self.raw + data if self.raw else data
        elif self.received - self.size > self.max_head_size + 8 * self.size:
            raise MalformedAnswerError("the answer has more framing than content")
        if DECODES_UTF_8 and not self.headed and not data.isascii():
            data = _without_foreign_bytes(self.raw, data)
        try:
            self.feed(data)
        except HTTPParseError as error:
            if not self.complete:
                raise MalformedAnswerError(f"the answer is not HTTP/1.1: {_reason(error)}") from error
            self.spoilt = True
        if len(self.raw) > self.max_head_size and (not self.headed or self._head_size() > self.max_head_size):
            raise AnswerTooLargeError("the head is larger than max_head_size")

    def _head_size(self) -> int:
        rest = self.raw
        for _one in range(self.interim + 1):
            rest = _split(rest)[1]
        return len(self.raw) - len(rest)

    def _send(self, data: bytes) -> None:
        try:
            sent = self._socket.send(data)
        except BlockingIOError:
            sent = 0
        if sent < len(data):
            left = memoryview(data)[sent:]
            writable = self._hub.loop.io(self._socket.fileno(), WRITE)
            try:
                while left:
                    self._wait(writable)
                    try:
                        left = left[self._socket.send(left) :]
                    except BlockingIOError:
                        continue
            finally:
                writable.close()

    def _receive(self) -> bytes:
        """Return what has come, or nothing where the server has closed the connection."""
        while True:
            self._wait(self._readable)
            try:
                data: bytes = self._socket.recv(RECEIVE_SIZE)
            except BlockingIOError:
                continue
            return data

    def _wait(self, watcher: Any) -> None:
        now = perf_counter()
        until = now + self.patience
        if until > self.deadline:
            until = self.deadline
        self._until = until
        if until < self._rings:
            self._ring_in(until, now)
        self._waiting = gevent.getcurrent()
        try:
            self._hub.wait(watcher)
        finally:
            self._waiting = None

    def _ring_in(self, until: float, now: float) -> None:
        if self._timer is not None:
            self._timer.stop()
            self._timer.close()
        self._rings = until
        # The loop's own time is that at which it last woke up.
        self._timer = self._hub.loop.timer(max(0.0, until - now), ref=False)
        self._timer.start(self._ring, update=True)

    def _ring(self) -> None:
        self._rings = NEVER
        if self._waiting is None:
            return
        now = perf_counter()
        if now < self._until:
            self._ring_in(self._until, now)
            return
        if self._until == self.deadline:
            reason = "the request took longer than its timeout"
        elif self.raw:
            reason = "the answer was not continued within network_timeout"
        else:
            reason = "no answer came within network_timeout"
        self._waiting.throw(DeadlineError(reason))


def _wants_all_callbacks() -> bool:
    """Whether this geventhttpclient's parser fails without callbacks that are not needed here, as those from 2.1 on."""
    try:
        type("Bare", (HTTPResponseParser,), {})().feed(b"HTTP/1.1 200 OK\r\nA: b\r\n\r\n")
    except AttributeError:
        return True
    return False


def _decodes_utf_8() -> bool:
    """Whether this parser takes what it calls back with for UTF-8, and crashes where it is not, as those before 2.5."""
    values: list[str] = []
    callbacks: dict[str, Any] = dict.fromkeys(
        ("_on_message_begin", "_on_headers_complete", "_on_message_complete"), _nothing
    )
    callbacks |= dict.fromkeys(("_on_status", "_on_header_field", "_on_body"), _nothing)
    callbacks["_on_header_value"] = lambda _parser, value: values.append(value)
    type("Open", (HTTPResponseParser,), callbacks)().feed("HTTP/1.1 200 OK\r\nA: \u00e9\r\n\r\n".encode())
    return values == ["\u00e9"]


def _nothing(*_arguments: object) -> None:
    return None


def _without_foreign_bytes(raw: bytes, data: bytes) -> bytes:
    """Return what has come, the end of `raw`, with question marks for all in a head that is not ASCII."""
    heads = 0
    while (end := _end(raw, heads)) >= 0:
        is_last = not INTERIM.match(raw, heads)
        heads = end
        if is_last:
            break
    else:
        heads = len(raw)
    # What came before is part of a head.
    cut = max(0, heads - (len(raw) - len(data)))
    return data[:cut].decode("ascii", errors="replace").encode("ascii", errors="replace") + data[cut:]


def _forgets_length() -> bool:
    """Whether this parser can go on after content that was announced and skipped; older ones take its length along."""

    class Two(Connection):
        whole = 0

        def __init__(self) -> None:
            """Without a socket."""

        def _on_message_begin(self) -> bool:
            return False

        def _on_headers_complete(self) -> bool:
            return not self.whole

        def _on_body(self, piece: bytearray) -> None:
            return None

        def _on_message_complete(self) -> None:
            self.whole += 1

    parser = Two()
    try:
        parser.feed(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n")
        parser.feed(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
    except HTTPParseError:
        return False
    return parser.whole == 2


# Where there are no such callbacks, nothing is decoded.
DECODES_UTF_8 = _wants_all_callbacks() and _decodes_utf_8()
if _wants_all_callbacks():
    for _name in ("_on_status", "_on_header_field", "_on_header_value"):
        # A method of C, which costs the least: there is one call for each field and each value.
        setattr(Connection, _name, {}.get)
FORGETS_LENGTH = _forgets_length()


class TlsConnection(Connection):
    """A kept connection with TLS."""

    __slots__ = ("_incoming", "_outgoing", "_over", "_tls")

    def handshake(self, context: ssl.SSLContext, host: str) -> None:
        """Agree with the server, whose name is `host`. Raises OSError, among these SSLError."""
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=host)
        self._over = False
        while True:
            try:
                self._tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                self._flush()
                self._pull()
            except ssl.SSLError:
                # An alert tells the server why not.
                self._flush_what_it_takes()
                raise
        self._flush()

    def is_open(self) -> bool:
        """Whether the server has left it alone since, but for what TLS itself has to say."""
        if not self._poll.poll(0):
            return True
        try:
            data = self._socket.recv(RECEIVE_SIZE)
            if not data:
                return False
            self._incoming.write(data)
            return self._decrypt() is None
        except OSError:
            return False

    def _send(self, data: bytes) -> None:
        if len(data) <= WRITE_SIZE:
            self._tls.write(data)
            super()._send(self._outgoing.read())
            return
        view = memoryview(data)
        for offset in range(0, len(view), WRITE_SIZE):
            piece = view[offset : offset + WRITE_SIZE]
            while piece:
                piece = piece[self._tls.write(piece) :]
            super()._send(self._outgoing.read())

    def _receive(self) -> bytes:
        while not self._over:
            self._pull()
            data = self._decrypt()
            if data is not None:
                return data
        return b""

    def _pull(self) -> None:
        data = super()._receive()
        if data:
            self._incoming.write(data)
        else:
            self._incoming.write_eof()

    def _decrypt(self) -> bytes | None:
        """Return what has come, nothing where the server has ended it, and None where there is nothing yet."""
        incoming, tls = self._incoming, self._tls
        data = b""
        try:
            while True:
                piece = tls.read(RECORD_SIZE)
                if incoming.eof and not piece:
                    # The connection's end, for which Debian 12's Python (OP_IGNORE_UNEXPECTED_EOF) has no error.
                    raise ssl.SSLEOFError
                if not piece:
                    self._over = True
                    return data
                data += piece
                if not (incoming.pending or tls.pending() or incoming.eof):
                    return data
        except ssl.SSLWantReadError:
            self._flush()
            return data or None
        except ssl.SSLError as error:
            # Without that option, it is an SSLEOFError in newer Pythons alone.
            if not isinstance(error, ssl.SSLEOFError) and error.reason != "UNEXPECTED_EOF_WHILE_READING":
                raise
            if not data:
                self._over = True
                # What ends with the connection may have been cut by anybody on the way.
                if self.raw:
                    raise CutAnswerError("the server closed the connection in the middle of the answer") from error
            return data

    def _flush(self) -> None:
        if waiting := self._outgoing.read():
            super()._send(waiting)

    def _flush_what_it_takes(self) -> None:
        if waiting := self._outgoing.read():
            try:
                self._socket.send(waiting)
            except (BlockingIOError, *GONE):
                return


def connect(
    origin: Origin,
    seconds: float,
    late: DeadlineError,
    context: ssl.SSLContext | None,
    patience: float,
    max_head_size: int,
    max_body_size: int,
) -> Connection:
    """Connect to the first of the origin's addresses that takes it, with TLS where there is a context.

    All of it, the name's look-up included, takes `seconds` at most, or raises `late`. Raises OSError.
    """
    until = perf_counter() + seconds
    with gevent.Timeout(None if seconds == NEVER else max(0.0, seconds), late):
        found = gevent.socket.getaddrinfo(origin.host, origin.port, 0, gevent.socket.SOCK_STREAM)
    connected = _connected(found, until, late)
    try:
        connected.setsockopt(gevent.socket.IPPROTO_TCP, gevent.socket.TCP_NODELAY, 1)
        kind = Connection if context is None else TlsConnection
        connection = kind(connected, patience, max_head_size, max_body_size)
    except BaseException:
        connected.close()
        raise
    if isinstance(connection, TlsConnection):
        assert context is not None
        try:
            with gevent.Timeout(None if until == NEVER else max(0.0, until - perf_counter()), late):
                connection.handshake(context, origin.host.partition("%")[0])
        except BaseException:
            connection.close()
            raise
    return connection


def _connected(found: list[Any], until: float, late: DeadlineError) -> Any:
    problem: OSError = late
    for number, (family, kind, protocol, _name, address) in enumerate(found):
        # An address that never answers leaves the next ones their share.
        share = (until - perf_counter()) / (len(found) - number)
        if share <= 0:
            raise late
        one = Socket(family, kind, protocol)
        try:
            one.setblocking(False)
            begun = one.connect_ex(address)
            if begun in (errno.EINPROGRESS, errno.EWOULDBLOCK):
                gevent.socket.wait_write(one.fileno(), None if share == NEVER else share, late)
                begun = one.getsockopt(gevent.socket.SOL_SOCKET, gevent.socket.SO_ERROR)
            if begun:
                # The subclass for this number, such as ConnectionRefusedError.
                raise OSError(begun, os.strerror(begun))
        except OSError as error:
            one.close()
            problem = error
        except BaseException:
            one.close()
            raise
        else:
            return one
    raise problem


def _end(raw: bytes, begin: int) -> int:
    """Return where the head ends that begins there, behind its empty line; -1 where it has not come yet."""
    end = raw.find(b"\n\r\n", begin)
    bare = raw.find(b"\n\n", begin, end if end >= 0 else len(raw))
    if bare >= 0:
        return bare + 2
    return end + 3 if end >= 0 else -1


def _split(raw: bytes) -> tuple[bytes, bytes]:
    """Return a whole head, and what follows the empty line at its end."""
    begin = 0
    while raw[begin : begin + 1] in (b"\r", b"\n"):
        begin += 1
    end = _end(raw, begin)
    return raw[begin:end].rstrip(b"\r\n"), raw[end:]


def _reason(error: HTTPParseError) -> str:
    """Return the parser's own words, which hold nothing that was received."""
    return str(error.args[0]) if error.args and isinstance(error.args[0], str) and error.args[0] else "it breaks off"
