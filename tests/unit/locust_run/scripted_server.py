# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""A server that answers as a test says, whether or not a Locust would."""

from __future__ import annotations

import contextlib
import re
import socket
import threading
from collections.abc import Iterable


class Scripted:
    """Stands in for a Locust that misbehaves: answers each request with the next of `answers`, then closes."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self.answers: list[Iterable[bytes]] = []
        self.requests: list[str] = []
        self.heads: list[str] = []
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                connection = self._socket.accept()[0]
            except OSError:
                return
            with connection:
                with connection.makefile("rb") as request:
                    head = "".join(line.decode() for line in iter(request.readline, b"\r\n"))
                    length = re.search(r"Content-Length: (\d+)", head)
                    body = request.read(int(length.group(1))).decode() if length else ""
                self.requests.append(f"{' '.join(head.split()[:2])} {body}".strip())
                self.heads.append(head)
                # A client that had enough hangs up.
                with contextlib.suppress(ConnectionError):
                    for part in self.answers.pop(0):
                        connection.sendall(part)

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join()


def answer(body: str, status: str = "200 OK", length: int | None = None, **headers: str) -> list[bytes]:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body) if length is None else length}", "Connection: close"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return [("\r\n".join(lines) + "\r\n\r\n" + body).encode()]
