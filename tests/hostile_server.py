# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""An HTTP server that does what it is told, right or wrong, on loopback. It runs on gevent, beside the client."""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import gevent

# What can be done instead of answering: end the connection, reset it, or leave it open without a word.
CLOSE, RESET, SILENCE = "close", "reset", "silence"
# What is sent, what is sent in pieces, one of the above, or what does something else with the connection.
Act = bytes | tuple[bytes, ...] | str | Callable[[Any], object]

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def answer(content: bytes = b"ok", *fields: str, status: str = "200 OK") -> bytes:
    """Return an answer with its length."""
    lines = [f"HTTP/1.1 {status}", *fields, f"Content-Length: {len(content)}"]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + content


@dataclass
class Server:
    """Each connection does the acts of the next script, one for each request; the last script is that of all others."""

    scripts: list[list[Act]]
    address: str = "127.0.0.1"
    context: ssl.SSLContext | None = None
    # What was received: of each connection its requests, each as (head, body).
    connections: list[list[tuple[bytes, bytes]]] = field(default_factory=list)
    names: list[str | None] = field(default_factory=list)
    _sockets: list[Any] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.listener = socket.create_server(
            (self.address, 0), family=socket.AF_INET6 if ":" in self.address else socket.AF_INET
        )
        self.port = self.listener.getsockname()[1]
        self._accepting = gevent.spawn(self._accept)

    @property
    def url(self) -> str:
        host = f"[{self.address}]" if ":" in self.address else self.address
        return f"{'https' if self.context else 'http'}://{host}:{self.port}"

    @property
    def requests(self) -> list[tuple[bytes, bytes]]:
        return [request for connection in self.connections for request in connection]

    def close(self) -> None:
        self._accepting.kill()
        self.listener.close()
        for one in self._sockets:
            one.close()

    def _accept(self) -> None:
        while True:
            accepted, _peer = self.listener.accept()
            self._sockets.append(accepted)
            script = self.scripts[min(len(self.connections), len(self.scripts) - 1)]
            received: list[tuple[bytes, bytes]] = []
            self.connections.append(received)
            gevent.spawn(self._serve, accepted, script, received)

    def _serve(self, connection: Any, script: list[Act], received: list[tuple[bytes, bytes]]) -> None:
        with contextlib.suppress(OSError, EOFError):
            if self.context is not None:
                connection = self.context.wrap_socket(connection, server_side=True)
                self._sockets.append(connection)
            with contextlib.closing(connection), connection.makefile("rb") as reader:
                for act in script:
                    received.append(read_request(reader))
                    if not perform(connection, act):
                        return


def perform(connection: Any, act: Act) -> bool:
    """Do it; return whether the connection is still there."""
    if callable(act):
        act(connection)
    elif isinstance(act, bytes):
        connection.sendall(act)
    elif isinstance(act, tuple):
        for piece in act:
            connection.sendall(piece)
            gevent.sleep(0.002)
    elif act == RESET:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()
        return False
    elif act == SILENCE:
        gevent.sleep(60)
    return act != CLOSE


def read_request(reader: Any) -> tuple[bytes, bytes]:
    """Return a request's head and body. Raises EOFError where none comes."""
    lines = []
    while (line := reader.readline()) not in (b"\r\n", b""):
        lines.append(line)
    if not lines or not line:
        raise EOFError
    named = {name.strip().lower(): value.strip() for name, _colon, value in (one.partition(b":") for one in lines[1:])}
    body = b""
    if named.get(b"transfer-encoding") == b"chunked":
        while size := int(reader.readline(), 16):
            body += reader.read(size)
            reader.readline()
        reader.readline()
    elif b"content-length" in named:
        body = reader.read(int(named[b"content-length"]))
    return b"".join(lines), body


@contextlib.contextmanager
def serving(*scripts: list[Act], address: str = "127.0.0.1", context: ssl.SSLContext | None = None) -> Iterator[Server]:
    """Yield a server; without scripts each request gets OK."""
    server = Server(list(scripts) or [[OK] * 1000], address, context)
    try:
        yield server
    finally:
        server.close()
