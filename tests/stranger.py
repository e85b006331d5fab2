# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""A web server of somebody else: what is sent to it, it has."""

from __future__ import annotations

import contextlib
import http.server
import threading
from collections.abc import Iterator
from typing import ClassVar, NamedTuple


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    heard: ClassVar[list[str]]
    redirect: ClassVar[str | None]

    def do_GET(self) -> None:
        self.answer("")

    def do_POST(self) -> None:
        self.answer(self.rfile.read(int(self.headers["Content-Length"])).decode(errors="replace"))

    def answer(self, body: str) -> None:
        self.heard.append(f"{self.requestline}\n{self.headers}{body}")
        self.send_response(307 if self.redirect else 200)
        if self.redirect:
            self.send_header("Location", self.redirect + self.path)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


class Stranger(NamedTuple):
    url: str
    heard: list[str]
    """each request as a text"""


@contextlib.contextmanager
def listening(redirect: str | None = None) -> Iterator[Stranger]:
    """Yield one on loopback.

    It answers 200, or sends everyone on to the same path of the URL `redirect`.
    """
    heard: list[str] = []
    handler = type("Handler", (_Handler,), {"heard": heard, "redirect": redirect})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield Stranger(f"http://127.0.0.1:{server.server_port}", heard)
        finally:
            server.shutdown()
            thread.join()
