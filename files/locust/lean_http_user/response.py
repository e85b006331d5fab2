# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""What a request gives: the answer, or why there is none; with the interface of FastHttpUser's."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator
from datetime import timedelta
from types import TracebackType
from typing import Any, Self

import brotli
from charset_normalizer import detect
from geventhttpclient.header import Headers
from locust.exception import CatchResponseError, LocustError, ResponseError
from requests.utils import get_encoding_from_headers

from lean_http_user.connection import Connection
from lean_http_user.failures import AnswerTooLargeError, LeanHttpError, UndecodableAnswerError

PIECE_SIZE = 65536
MISUSED = (
    "success() and failure() decide on a request that was made with catch_response=True, in its with-block: "
    "with self.client.get(…, catch_response=True) as response:"
)


class Decoder:
    """Decodes content piece by piece, by a Content-Encoding; no more than `limit` bytes."""

    def __init__(self, codings: str, limit: int) -> None:
        self._limit = limit
        self._size = 0
        names = [name.strip().lower() for name in codings.split(",")]
        self._steps: list[Any] = []
        for name in reversed([name for name in names if name not in ("", "identity")]):
            if name in ("gzip", "x-gzip"):
                self._steps.append(_Zlib(16 + zlib.MAX_WBITS))
            elif name == "deflate":
                self._steps.append(_Deflate())
            elif name == "br":
                self._steps.append(_Brotli())
            else:
                raise UndecodableAnswerError(f"the content is encoded with {name[:20]}; gzip, deflate and br are taken")

    def decode(self, data: bytes, last: bool) -> bytes:
        """Return what a piece holds. Raises UndecodableAnswerError and AnswerTooLargeError."""
        if not data and last and not self._size and not any(step.begun for step in self._steps):
            return b""
        for step in self._steps:
            try:
                data = step.decode(data, self._limit - self._size, last)
            except (zlib.error, brotli.error) as error:
                raise UndecodableAnswerError("the content is not what its Content-Encoding says") from error
        self._size += len(data)
        if self._size > self._limit:
            raise AnswerTooLargeError("the content is larger than max_body_size")
        return data


class _Zlib:
    def __init__(self, window: int) -> None:
        self._window = window
        self._stream = zlib.decompressobj(window)
        self.begun = False

    def decode(self, data: bytes, limit: int, last: bool) -> bytes:
        decoded = b""
        while data:
            if self._stream.eof:
                if self._window < 16:
                    raise zlib.error("data after the end")
                # gzip is a series of members.
                self._stream = zlib.decompressobj(self._window)
            self.begun = True
            # A byte more than it may be is enough to tell.
            decoded += self._stream.decompress(data, limit - len(decoded) + 1)
            if self._stream.unconsumed_tail:
                raise AnswerTooLargeError("the content is larger than max_body_size")
            data = self._stream.unused_data
        if last and not self._stream.eof:
            raise zlib.error("cut")
        return decoded


class _Deflate(_Zlib):
    """With zlib's head, as the standard has it, or without, as some servers send it."""

    def __init__(self) -> None:
        super().__init__(zlib.MAX_WBITS)

    def decode(self, data: bytes, limit: int, last: bool) -> bytes:
        if data and not self.begun and data[0] & 0x0F != 8:
            self._window = -zlib.MAX_WBITS
            self._stream = zlib.decompressobj(self._window)
        return super().decode(data, limit, last)


class _Brotli:
    def __init__(self) -> None:
        self._stream = brotli.Decompressor()
        self.begun = False

    def decode(self, data: bytes, limit: int, last: bool) -> bytes:
        decoded = b""
        if data:
            self.begun = True
            try:
                decoded = self._stream.process(data, output_buffer_limit=limit + 1)
            except TypeError:
                # brotli before 1.2 has no limit.
                decoded = self._stream.process(data)
            if len(decoded) > limit:
                raise AnswerTooLargeError("the content is larger than max_body_size")
        if last and not self._stream.is_finished():
            raise brotli.error("cut")
        return decoded


class LeanRequest:
    """What was asked for."""

    def __init__(self, method: str, url: str, head: bytes, body: Any) -> None:
        self.method = method
        self.url = url
        self.body = body
        self._head = head

    @property
    def headers(self) -> Headers:
        """The fields that were sent."""
        return headers_of(self._head)


def headers_of(head: bytes) -> Headers:
    """Return the fields of a head; a line that begins with a space continues the one before."""
    headers = Headers()
    name, value = "", ""
    for line in head.decode("latin-1").split("\n")[1:]:
        text = line.rstrip("\r")
        if text[:1] in (" ", "\t") and name:
            value = f"{value} {text.strip()}"
            continue
        if name:
            headers.add(name, value)
        name, _colon, value = text.partition(":")
        name, value = name.strip(), value.strip(" \t")
    if name:
        headers.add(name, value)
    return headers


class LeanResponse:
    """An answer, or a failure, whose status_code is 0 and whose content is None.

    With catch_response=True it is the context of a with-block, in which `success` and `failure` decide.
    """

    status_code: int = 0
    error: Exception | None = None
    """Why the request is a failure, where Locust counts it as one."""
    encoding: str | None = None
    """What `text` is decoded with; what the head says, or what it looks like, where it is not set before."""
    js: Any = None
    """The answer to `rest`, parsed."""
    url: str
    """The URL that was asked for last, after redirects."""
    request_meta: dict[str, Any]
    """What the listeners of Locust's request event get, with catch_response=True."""
    history: tuple[int, ...] = ()
    """The status codes of the redirects that led here."""

    _milliseconds = 0.0
    _asked: tuple[str, str, bytes, Any]
    _content: bytes | None = None
    _head: bytes | None = None
    _headers: Headers | None = None
    _event: Any = None
    _manual: bool | Exception | None = None
    _entered = False
    _stream: Stream | None = None

    @property
    def ok(self) -> bool:
        """Whether there is an answer with a status below 400."""
        return 0 < self.status_code < 400

    @property
    def request(self) -> LeanRequest:
        """What was asked for last, after redirects."""
        return LeanRequest(*self._asked)

    @property
    def headers(self) -> Headers | None:
        """The fields of the answer's head, by names in any case; None without an answer."""
        if self._headers is None and self._head is not None:
            self._headers = headers_of(self._head)
        return self._headers

    @property
    def content(self) -> bytes | None:
        """The decoded body; None without an answer. What was asked for with stream=True is received now."""
        if self._content is None and self._stream is not None:
            self._content = self._stream.read()
        return self._content

    @property
    def text(self) -> str | None:
        """The body as text."""
        content = self.content
        if content is None:
            return None
        if self.encoding is None:
            kinds = self.headers.getlist("content-type") if self.headers is not None else []
            found = get_encoding_from_headers({"content-type": kinds[0]}) if kinds else None
            self.encoding = found or detect(content)["encoding"]
        if self.encoding is None:
            return None
        try:
            return str(content, self.encoding, errors="replace")
        except LookupError:
            return str(content, "utf-8", errors="replace")

    def json(self) -> Any:
        """Return the body, parsed as JSON. Raises json.JSONDecodeError, also where there is no answer."""
        content = self.content
        if content is None:
            raise json.JSONDecodeError("there is no answer", "", 0)
        try:
            return json.loads(content)
        except UnicodeDecodeError:
            return json.loads(self.text or "")

    @property
    def elapsed(self) -> timedelta:
        """What Locust counts as the response time."""
        return timedelta(milliseconds=self._milliseconds)

    @property
    def stream(self) -> Stream:
        """The body as it comes, of what was asked for with stream=True."""
        if self._stream is None:
            raise LocustError("there is a stream only with stream=True, where the server answered")
        return self._stream

    def iter_content(self, chunk_size: int = 1024, decode_content: bool = True) -> Iterator[str | bytes]:
        """Yield the body as it comes, in pieces of a size; as text where it is UTF-8, with `decode_content`.

        It ends early where the connection does.
        """
        stream = self.stream
        while True:
            try:
                piece = stream.read(chunk_size)
            except (LeanHttpError, OSError):
                return
            if not piece:
                return
            if decode_content:
                try:
                    yield piece.decode("utf-8")
                    continue
                except UnicodeDecodeError:
                    # As bytes, then.
                    pass
            yield piece

    def raise_for_status(self) -> None:
        """Raise why the request is a failure, if it is one and nobody has decided otherwise."""
        if isinstance(self._manual, Exception):
            raise self._manual
        if self.error is not None and self._manual is None:
            raise self.error

    def __enter__(self) -> Self:
        self._entered = True
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool | None:
        if self._event is None:
            if self._stream is not None:
                self._stream.close()
            return None
        meta = self.request_meta
        if self._manual is not None:
            meta["exception"] = None if self._manual is True else self._manual
            self._report()
            return kind is None
        if kind is not None:
            if not isinstance(error, ResponseError):
                return False
            meta["exception"] = error
        else:
            meta["exception"] = self.error
        self._report()
        return True

    def success(self) -> None:
        """Count the request as a success, whatever came."""
        self._decide(True)

    def failure(self, reason: Any) -> None:
        """Count the request as a failure, with an exception, or with a text as the reason."""
        self._decide(reason if isinstance(reason, Exception) else CatchResponseError(reason))

    def _report(self) -> None:
        self._event.fire(**self.request_meta)
        # Each would hold the other until Python looks for cycles.
        self.request_meta.pop("response", None)

    def _decide(self, result: bool | Exception) -> None:
        if self._event is None or not self._entered:
            raise LocustError(MISUSED)
        self._manual = result


class Stream:
    """A body that is received while it is read. The connection is kept when all of it was, and closed otherwise."""

    def __init__(self, connection: Connection, give_back: Any, codings: str) -> None:
        self._connection: Connection | None = connection
        self._give_back = give_back
        self._decoder = Decoder(codings, connection.max_body_size) if codings else None
        self._ready = bytearray()
        # Only what waits to be read takes memory.
        self._limit = connection.max_body_size

    def read(self, size: int | None = None) -> bytes:
        """Return as many bytes, or all that are left; fewer only at the end. Raises LeanHttpError and OSError."""
        while self._connection is not None and (size is None or len(self._ready) < size):
            self._pull(self._connection)
        taken = bytes(self._ready if size is None else self._ready[:size])
        del self._ready[: len(taken)]
        return taken

    def readline(self) -> bytes:
        """Return up to and with the next line's end, or what is left."""
        while (end := self._ready.find(b"\n")) < 0 and self._connection is not None:
            self._pull(self._connection)
        return self.read(end + 1 if end >= 0 else None)

    def __iter__(self) -> Iterator[bytes]:
        while piece := self.read(PIECE_SIZE):
            yield piece

    def close(self) -> None:
        """Leave what is left."""
        if self._connection is not None:
            self._connection.close()
            self._give_back(self._connection)
            self._connection = None

    def __del__(self) -> None:
        self.close()

    def _pull(self, connection: Connection) -> None:
        try:
            if not connection.complete and not connection.pieces:
                connection.await_more()
            data = b"".join(connection.pieces)
            connection.pieces.clear()
            # What was read does not count any more.
            if connection.size:
                connection.received = connection.size = 0
            if self._decoder is not None:
                data = self._decoder.decode(data, connection.complete)
        except BaseException:
            self.close()
            raise
        self._ready += data
        if len(self._ready) > self._limit:
            self.close()
            raise AnswerTooLargeError("the content is larger than max_body_size")
        if connection.complete:
            self._connection = None
            self._give_back(connection)
