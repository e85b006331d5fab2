# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""The exporter's own web server, spoken to byte by byte."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import bcrypt
import pytest
from locust_exporter.exporter import Exporter
from locust_exporter.http_config import HttpConfig
from locust_exporter.locust import Locust
from locust_exporter.server import Server, listen
from locust_exporter.web_config import WebConfig

from tests.unit.locust_exporter import misbehaving
from tests.waiting import wait_until


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """The exporter, whose Locust is nobody."""
    exporter = Exporter(Locust("http://127.0.0.1:9", HttpConfig()), 1, "locust", 50)
    with listen("127.0.0.1:0") as listener:
        Server(listener, "/metrics", exporter, WebConfig(None)).start()
        yield listener.getsockname()[1]


def say(port: int, request: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", port), 10) as connection:
        connection.sendall(request)
        connection.shutdown(socket.SHUT_WR)
        answer = b""
        while received := connection.recv(65536):
            answer += received
        return answer


@pytest.mark.parametrize(
    ("request_line", "status"),
    [
        (b"GET /metrics HTTP/1.1", b"200 OK"),
        (b"GET /metrics?job=x HTTP/1.1", b"200 OK"),
        (b"GET /metrics HTTP/1.0", b"200 OK"),
        (b"GET / HTTP/1.1", b"200 OK"),
        (b"GET /metrics/ HTTP/1.1", b"404 Not Found"),
        (b"GET //metrics HTTP/1.1", b"404 Not Found"),
        (b"GET /\xff HTTP/1.1", b"400 Bad Request"),
        (b"POST /metrics HTTP/1.1", b"405 Method Not Allowed"),
        (b"OPTIONS * HTTP/1.1", b"405 Method Not Allowed"),
        (b"hello", b"400 Bad Request"),
        (b"\x16\x03\x01\x02\x00\x01", b"400 Bad Request"),
        (b"GET /metrics HTTP/1.1\r\nX: " + b"x" * 60_000, b"200 OK"),
    ],
)
def test_requests(port: int, request_line: bytes, status: bytes) -> None:
    answer = say(port, request_line + b"\r\nHost: x\r\nConnection: close\r\n\r\n")
    head, _unused, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 " + status + b"\r\n")
    assert f"Content-Length: {len(body)}\r\n".encode() in head
    assert head.endswith(b"\r\nConnection: close") or b"\r\nConnection: close\r\n" in head


def test_a_head_request_has_no_body(port: int) -> None:
    head, _unused, body = say(port, b"HEAD /metrics HTTP/1.1\r\nHost: x\r\n\r\n").partition(b"\r\n\r\n")
    assert b"200 OK" in head
    assert b"Content-Type: text/plain; version=0.0.4; charset=utf-8" in head
    assert body == b""


@pytest.mark.parametrize("request_", [b"", b"GET /metrics HT", b"GET /metrics HTTP/1.1\r\nHost: x"])
def test_a_client_that_goes_gets_nothing(port: int, request_: bytes) -> None:
    assert say(port, request_) == b""


def test_more_than_a_request_may_hold(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), 10) as connection:
        connection.sendall(b"GET /metrics HTTP/1.1\r\nX: " + b"x" * 70_000)
        assert connection.recv(100).startswith(b"HTTP/1.1 400 Bad Request\r\n")


def test_it_still_answers_after_all_that(port: int) -> None:
    for _unused in range(20):
        say(port, b"nonsense\r\n\r\n")
    assert b"locust_up 0" in say(port, b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")


def test_a_fault_of_ours_ends_one_answer_and_not_the_exporter(monkeypatch: pytest.MonkeyPatch) -> None:
    exporter = Exporter(Locust("http://127.0.0.1:9", HttpConfig()), 1, "locust", 50)

    def fail(timeout: float | None) -> bytes:
        raise ZeroDivisionError

    with listen("127.0.0.1:0") as listener:
        Server(listener, "/metrics", exporter, WebConfig(None)).start()
        port = listener.getsockname()[1]
        with monkeypatch.context() as patch:
            patch.setattr(exporter, "scrape", fail)
            for _unused in range(20):
                assert say(port, b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n") == b""
        assert b"locust_up 0" in say(port, b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")


def test_what_comes_beside_the_answer_is_no_answer(server: misbehaving.Server) -> None:
    twice = misbehaving.http(misbehaving.a_page()) * 2
    server.script = lambda connection, request: connection.sendall(twice)
    page = Exporter(Locust(server.uri, HttpConfig()), 1, "locust", 50).scrape()
    assert b'locust_up_info{reason="unreachable"} 1' in page


@pytest.mark.parametrize("method", [b"GET", b"POST"])
def test_it_is_ended_only_where_that_was_asked_for(port: int, method: bytes) -> None:
    request_ = method + b" /quitquitquit HTTP/1.1\r\nHost: x\r\n\r\n"
    left: list[None] = []
    exporter = Exporter(Locust("http://127.0.0.1:9", HttpConfig()), 1, "locust", 50)
    with listen("127.0.0.1:0") as listener:
        Server(listener, "/metrics", exporter, WebConfig(None), lambda: left.append(None)).start()
        asked = listener.getsockname()[1]
        assert b"405" in say(asked, b"DELETE /quitquitquit HTTP/1.1\r\nHost: x\r\n\r\n")
        assert not left
        assert b"200 OK" in say(asked, request_)
        wait_until("it was told to leave", lambda: bool(left))
    assert b"200 OK" not in say(port, request_)


def test_who_may_not_read_may_not_end_it(tmp_path: Path) -> None:
    config = tmp_path / "web.yml"
    config.write_text(f"basic_auth_users: {{u: {bcrypt.hashpw(b'secret', bcrypt.gensalt(4)).decode()}}}")
    left: list[None] = []
    exporter = Exporter(Locust("http://127.0.0.1:9", HttpConfig()), 1, "locust", 50)
    with listen("127.0.0.1:0") as listener:
        Server(listener, "/metrics", exporter, WebConfig(config), lambda: left.append(None)).start()
        answer = say(listener.getsockname()[1], b"POST /quitquitquit HTTP/1.1\r\nHost: x\r\n\r\n")
    assert b"401" in answer
    assert not left
