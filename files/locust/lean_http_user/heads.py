# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""What is sent: where to, the head's lines, and the body. Each is made once and kept, since load repeats itself."""

from __future__ import annotations

import os
import re
from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import IO, Any, NamedTuple
from urllib.parse import urlencode, urlsplit

from requests.utils import requote_uri

from lean_http_user.failures import UrlError

PORTS = {"http": 80, "https": 443}
# RFC 9110: a method and a field's name are tokens; a value has no CR, LF and NUL, with which a request is smuggled.
TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")
HOST = re.compile(r"[0-9A-Za-z._~\-]+|[0-9A-Fa-f:.]+(%[0-9A-Za-z._~\-]+)?")
CLEAN = re.compile(r"[!#$&'()*+,/:;=?@\[\]~0-9A-Za-z._\-]*")
BODY_METHODS = frozenset(["POST", "PUT", "PATCH"])
READ_SIZE = 65536

Pairs = tuple[tuple[str, Any], ...]


class Origin(NamedTuple):
    """What a connection leads to."""

    scheme: str
    host: str
    port: int


class Start(NamedTuple):
    """Where a request goes, and the first lines of its head."""

    origin: Origin
    line: bytes
    host: bytes


class Fields(NamedTuple):
    """The lines of a head between the first and those that tell of the body, and what they hold already."""

    block: bytes
    names: frozenset[str]
    length: str | None
    chunked: bool


def start(method: str, url: str) -> Start:
    """Return where a request to an absolute URL goes. Raises UrlError, and ValueError for a wrong method."""
    if not TOKEN.fullmatch(method):
        raise ValueError(f"{method!r} is no HTTP method")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
        if not host.isascii():
            host = host.encode("idna").decode("ascii")
    except (ValueError, UnicodeError) as error:
        raise UrlError("the URL has no valid host and port") from error
    if parts.scheme not in PORTS or not HOST.fullmatch(host):
        raise UrlError("the URL has no valid host and port")
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if not target.startswith("/"):
        target = f"/{target}"
    if not CLEAN.fullmatch(target):
        target = requote_uri(target)
    named = f"[{host}]" if ":" in host else host
    if port is None:
        port = PORTS[parts.scheme]
    elif port != PORTS[parts.scheme]:
        named = f"{named}:{port}"
    line = f"{method} {target} HTTP/1.1\r\n".encode("ascii")
    return Start(Origin(parts.scheme, host, port), line, f"Host: {named}\r\n".encode("ascii"))


kept_start = lru_cache(maxsize=4096)(start)


def fields(defaults: Pairs, given: Pairs, json: bool) -> Fields:
    """Return the lines of the fields of a user and those of a request, which go before them.

    Each is (name, value); a value is text, a number, or a list of these, which makes a line of each; with None the
    field is left out. Raises ValueError for what can't be in a head.
    """
    named: dict[str, tuple[str, Any]] = {}
    for name, value in defaults:
        named[name.lower()] = (name, value)
    own = {name.lower() for name, _value in given}
    asked: list[tuple[str, Any]] = [("Accept-Encoding", "gzip, deflate, br")]
    if json:
        asked += [("Content-Type", "application/json"), ("Accept", "application/json")]
    for name, value in (*(pair for pair in asked if pair[0].lower() not in own), *given):
        named[name.lower()] = (name, value)
    lines = []
    for name, value in named.values():
        if not TOKEN.fullmatch(name):
            raise ValueError(f"{name!r} is no name of a header")
        for one in value if isinstance(value, (list, tuple)) else [] if value is None else [value]:
            text = one.decode("latin-1") if isinstance(one, bytes) else str(one)
            if not VALUE.fullmatch(text):
                raise ValueError(f"the header {name} can't have the value {text!r}")
            lines.append(f"{name}: {text}\r\n")
    length = named.get("content-length", ("", None))[1]
    coding = named.get("transfer-encoding", ("", None))[1]
    if coding is not None and str(coding).lower() != "chunked":
        raise ValueError(f"Transfer-Encoding is {coding!r}; a request can have chunked, or none")
    return Fields(
        "".join(lines).encode("latin-1"),
        frozenset(name for name, (_name, value) in named.items() if value is not None),
        None if length is None else str(length),
        coding is not None,
    )


kept_fields = lru_cache(maxsize=4096)(fields)


def fields_of(defaults: Pairs, given: Pairs, json: bool) -> Fields:
    """Return these fields, made once; those that hold lists are made anew."""
    try:
        return kept_fields(defaults, given, json)
    except TypeError:
        return fields(defaults, given, json)


def basic(user: str | bytes, password: str | bytes) -> str:
    """Return the value of Authorization for a user and a password."""
    both = b":".join(part.encode("latin-1") if isinstance(part, str) else part for part in (user, password))
    return f"Basic {b64encode(both).decode('ascii')}"


class Upload:
    """A body that is read while it is sent: a file, or pieces. It can be sent once."""

    def __init__(self, source: IO[bytes] | Iterable[bytes]) -> None:
        self.source = source
        # What is left of a regular file; of all else it is not known before it has ended.
        self.length: int | None = None
        if hasattr(source, "fileno") and hasattr(source, "tell"):
            try:
                self.length = os.fstat(source.fileno()).st_size - source.tell()
            except OSError:
                self.length = None

    def pieces(self) -> Iterator[bytes]:
        """Yield the body. Raises ValueError where a file has become shorter than it was."""
        source: Any = self.source
        read = iter(lambda: source.read(READ_SIZE), b"") if hasattr(source, "read") else iter(source)
        left = self.length
        for piece in read:
            data = piece.encode() if isinstance(piece, str) else bytes(piece)
            if not data:
                if isinstance(piece, str) and hasattr(source, "read"):
                    break
                continue
            if self.length is None:
                yield b"%x\r\n%b\r\n" % (len(data), data)
                continue
            assert left is not None
            yield data[:left]
            left -= len(data[:left])
            if not left:
                return
        if self.length is None:
            yield b"0\r\n\r\n"
        elif left:
            raise ValueError("the file that is sent has become shorter meanwhile")


def body_of(data: Any, files: Any) -> tuple[bytes | Upload, str]:
    """Return a request's body and the Content-Type that it has where the request names none."""
    if files:
        return multipart(files, data)
    if isinstance(data, bytes):
        return data, "application/octet-stream"
    if isinstance(data, str):
        return data.encode(), "text/plain; charset=utf-8"
    if isinstance(data, Mapping):
        return urlencode(data, doseq=True).encode(), "application/x-www-form-urlencoded; charset=utf-8"
    if isinstance(data, (bytearray, memoryview)):
        return bytes(data), "application/octet-stream"
    if isinstance(data, (list, tuple)) and all(isinstance(pair, tuple) and len(pair) == 2 for pair in data):
        return urlencode(data, doseq=True).encode(), "application/x-www-form-urlencoded; charset=utf-8"
    if hasattr(data, "read") or isinstance(data, Iterable):
        return Upload(data), "application/octet-stream"
    raise TypeError(f"data is a {type(data).__name__}; it can be text, bytes, a dict, pairs, a file or an iterable")


def multipart(files: Any, data: Any) -> tuple[bytes, str]:
    """Return a form with files. Each file is what it holds, or (name, what it holds[, type[, headers]])."""
    if isinstance(data, (str, bytes)):
        raise TypeError("data can't be text or bytes beside files; it can be a dict")
    boundary = os.urandom(16).hex()
    parts = []

    def part(field: str, content: Any, filename: str | None, kind: str | None, headers: Mapping[str, str]) -> None:
        quoted = [
            (key, str(value).replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A"))
            for key, value in (("name", field), ("filename", filename))
            if value is not None
        ]
        lines = ["Content-Disposition: form-data; " + "; ".join(f'{key}="{value}"' for key, value in quoted)]
        lines += [f"Content-Type: {kind}"] if kind else []
        lines += [f"{name}: {value}" for name, value in headers.items()]
        content = content.read() if hasattr(content, "read") else content
        content = content if isinstance(content, (bytes, bytearray)) else str(content).encode()
        parts.append(f"--{boundary}\r\n".encode() + "\r\n".join(lines).encode() + b"\r\n\r\n" + content + b"\r\n")

    for field, value in dict(data or {}).items():
        for one in value if isinstance(value, (list, tuple)) else [value]:
            part(field, one, None, None, {})
    for field, value in files.items() if isinstance(files, Mapping) else files:
        if isinstance(value, tuple):
            filename, content, kind, headers = (*value, None, None)[:4]
        else:
            filename = Path(str(getattr(value, "name", "") or field)).name
            content, kind, headers = value, None, None
        part(field, content, filename, kind, headers or {})
    return b"".join(parts) + f"--{boundary}--\r\n".encode(), f"multipart/form-data; boundary={boundary}"
