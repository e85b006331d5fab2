# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""Appends what Alertmanager posts to /alerts to a file, a notification a line. README.md beside it tells all."""

from __future__ import annotations

import argparse
import hmac
import json
import os
import signal
import sys
import threading
from datetime import UTC, datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

LONGEST_BODY = 1024 * 1024
LONGEST_LENGTH = len(str(LONGEST_BODY))
LARGEST_FILE = 10 * 1024 * 1024
SECONDS = 10


class Log:
    """The file, and the one before it, which has what no longer fitted."""

    def __init__(self, path: Path, largest: int = LARGEST_FILE) -> None:
        self.path = path
        self.largest = largest
        self._lock = threading.Lock()

    def append(self, notification: object) -> None:
        """Append it, with the time at which it came. Raises OSError, and then leaves no part of it."""
        received = datetime.now(UTC).isoformat(timespec="milliseconds")
        line = json.dumps({"received": received, "notification": notification}).encode() + b"\n"
        with self._lock:
            if self.path.exists() and self.path.stat().st_size + len(line) > self.largest:
                self.path.replace(self.path.with_name(f"{self.path.name}.1"))
            with self.path.open("ab", buffering=0) as file:
                end = file.seek(0, os.SEEK_END)
                written = file.write(line)
                if written != len(line):
                    file.truncate(end)
                    raise OSError(f"{self.path}: only {written} of {len(line)} bytes could be written")


class Handler(BaseHTTPRequestHandler):
    timeout = SECONDS
    log: Log
    password_file: Path

    def do_GET(self) -> None:
        """Say that it is there."""
        self._answer(HTTPStatus.OK if self.path == "/-/healthy" else HTTPStatus.NOT_FOUND)

    def do_POST(self) -> None:
        """Take a notification."""
        self._answer(self._taken() if self.path == "/alerts" else HTTPStatus.NOT_FOUND)

    def _taken(self) -> HTTPStatus:
        wanted = f"Bearer {self.password_file.read_text(encoding='utf-8').strip()}"
        if not hmac.compare_digest(self.headers.get("Authorization", "").encode(), wanted.encode()):
            return HTTPStatus.UNAUTHORIZED
        length = self.headers.get("Content-Length", "")
        if not (length.isascii() and length.isdigit()):
            return HTTPStatus.LENGTH_REQUIRED
        if len(length) > LONGEST_LENGTH or int(length) > LONGEST_BODY:
            return HTTPStatus.REQUEST_ENTITY_TOO_LARGE
        try:
            notification = json.loads(self.rfile.read(int(length)))
        except (ValueError, RecursionError):
            return HTTPStatus.BAD_REQUEST
        try:
            self.log.append(notification)
        except OSError as error:
            # Alertmanager tries again.
            self.log_error("%s", error)
            return HTTPStatus.INSUFFICIENT_STORAGE
        return HTTPStatus.OK

    def _answer(self, status: HTTPStatus) -> None:
        # What was not read of a body would be taken for the next request.
        self.close_connection = True
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_request(self, code: Any = "-", size: Any = "-") -> None:
        """Say nothing of those that are taken."""
        if code != HTTPStatus.OK:
            super().log_request(code, size)


class Server(ThreadingHTTPServer):
    daemon_threads = True


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--listen-address", required=True, help="address and port, such as 127.0.0.1:9095")
    parser.add_argument(
        "--password-file", required=True, type=Path, help="what a notification comes with, as a bearer's"
    )
    parser.add_argument("--file", required=True, type=Path, help="what notifications are appended to")
    options = parser.parse_args()
    Handler.log, Handler.password_file = Log(options.file), options.password_file
    host, _colon, port = options.listen_address.rpartition(":")
    # A container's first process ends by no signal that it does not take.
    signal.signal(signal.SIGTERM, lambda _signal, _frame: sys.exit())
    with Server((host, int(port)), Handler) as server:
        server.serve_forever()


if __name__ == "__main__":
    main()
