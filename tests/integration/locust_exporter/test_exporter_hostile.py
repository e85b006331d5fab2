# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""Whatever a Locust answers, the exporter's process stays within the memory that its role gives it."""

from __future__ import annotations

import contextlib
import json
import socket
import socketserver
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.locust_exporter.harness import RealExporter, exporter, serve

# What the role's default, 192m, allows.
MEMORY = 192 * 2**20
MIB = 2**20
ANSWER = 8 * MIB
JSON = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
PAGE = {"stats": [], "errors": [], "state": "running", "user_count": 1}


def sized(body: bytes, *headers: bytes) -> list[bytes]:
    return [JSON, *(header + b"\r\n" for header in headers), b"Content-Length: %d\r\n\r\n" % len(body), body]


def a_page(**changes: Any) -> list[bytes]:
    return sized(json.dumps({**PAGE, **changes}, ensure_ascii=False).encode())


def full(begin: bytes, repeated: bytes, end: bytes) -> list[bytes]:
    """An answer that is as long as one may be."""
    return sized(begin + repeated * ((ANSWER - 1000) // len(repeated)) + end)


def chunked() -> Iterator[bytes]:
    yield JSON + b"Transfer-Encoding: chunked\r\n\r\n"
    for _unused in range(ANSWER // 7 // 1000):
        yield b"2\r\n[[\r\n" * 1000


def endless() -> Iterator[bytes]:
    yield JSON + b"\r\n"
    while True:
        yield b" " * MIB


def rows(count: int) -> list[dict[str, Any]]:
    keys = ("num_requests", "num_failures", "avg_response_time", "min_response_time", "max_response_time",
            "median_response_time", "current_rps", "current_fail_per_sec", "avg_content_length",
            "response_time_percentile_0.95", "response_time_percentile_0.99")  # fmt: skip
    return [{"method": "GET", "name": f"/{row}", **dict.fromkeys(keys, row + 0.5)} for row in range(count)]


def emoji(row: int) -> str:
    return "\N{FIRE}" * 900 + f"{row:06}"


KINDS: dict[str, tuple[Callable[[], Any], str]] = {
    "nested lists": (lambda: full(b'{"state": 1, "stats": [', b"[" * 900 + b"]" * 900 + b",", b"1]}"), "too_large"),
    "lists without end": (lambda: full(b"", b"[", b""), "too_large"),
    "many values": (lambda: full(b'{"state": 1, "stats": [', b"1.5,", b"1]}"), "too_large"),
    "as many values as may be": (
        lambda: sized(b'{"state": 1, "stats": [{%s}]}' % b",".join(b'"%031d":1.5' % n for n in range(200_000))),
        "ok",
    ),
    "as many lists as may be": (lambda: sized(b'{"state": 1, "stats": [%s1]}' % (b"[{}]," * 83_000)), "ok"),
    "50,000 rows": (lambda: a_page(stats=rows(50_000)), "too_large"),
    "as many rows as may be": (lambda: a_page(stats=rows(17_000)), "ok"),
    "rows without figures": (lambda: a_page(stats=[{"name": f"{row}"} for row in range(120_000)]), "ok"),
    "workers": (
        lambda: a_page(workers=[{"id": f"{row:020}", "state": "running", "user_count": 1} for row in range(60_000)]),
        "ok",
    ),
    "long names": (
        lambda: a_page(stats=[{**row, "name": emoji(n)} for n, row in enumerate(rows(2000))]), "too_large",
    ),
    "long errors": (
        lambda: a_page(errors=[{"name": emoji(n), "error": "x", "occurrences": 1} for n in range(2000)]), "ok",
    ),
    "percentiles": (
        lambda: a_page(stats=[{"num_requests": 1} | {f"response_time_percentile_0.{n:06}": 1 for n in range(190_000)}]),
        "ok",
    ),
    "one long text": (lambda: a_page(state="\N{FIRE}" * (ANSWER // 5)), "ok"),
    "headers": (lambda: [JSON, *(b"%x:\r\n" % n for n in range(ANSWER // 9))], "too_large"),
    "one long header": (lambda: [JSON, b"X: ", b"x" * ANSWER], "too_large"),
    "cookies": (lambda: sized(b"{}", *(b"Set-Cookie: %d=%s" % (n, b"x" * 80_000) for n in range(90))), "not_locust"),
    "small chunks": (chunked, "incomplete"),
    "without end": (endless, "too_large"),
    "a login page": (
        lambda: [
            b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n<script>window.authArgs = ",
            (b"[" * 900 + b"]" * 900 + b",") * 4000,
        ],
        "login",
    ),
}  # fmt: skip


def answering(parts: Callable[[], Any]) -> type[socketserver.BaseRequestHandler]:
    """Answers each request with these parts."""

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with contextlib.suppress(OSError):
                self.request.recv(65536)
                for part in parts():
                    self.request.sendall(part)
                self.request.shutdown(socket.SHUT_WR)
                while self.request.recv(65536):
                    pass

    return Handler


def peak(metrics: RealExporter) -> int:
    """The most memory that the process ever had, in bytes."""
    status = Path(f"/proc/{metrics.process.pid}/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024


@pytest.mark.parametrize("kind", KINDS)
def test_a_hostile_locust_does_not_make_it_grow(kind: str, tmp_path: Path) -> None:
    parts, reason = KINDS[kind]
    made = parts() if parts not in (chunked, endless) else None
    login = tmp_path / "http.json"
    login.write_text(json.dumps({"login": {"username": "u", "password": "p"}}), encoding="utf-8")
    login.chmod(0o600)
    with (
        serve(answering(lambda: made or parts())) as uri,
        exporter(uri, "--locust.timeout=60s", f"--locust.http-config.file={login}") as metrics,
    ):
        for _unused in range(3):
            page = metrics.text()
        assert f'locust_up_info{{reason="{reason}"}} 1' in page, page[-3000:]
        assert peak(metrics) < MEMORY
