# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""However many clients there are, and whatever they leave undone, a scrape is answered, and memory has a bound."""

from __future__ import annotations

import contextlib
import itertools
import json
import logging
import select
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import bcrypt
import pytest
import trustme
from locust_exporter import server as server_module
from locust_exporter.exporter import Exporter
from locust_exporter.http_config import HttpConfig, basic
from locust_exporter.locust import Locust
from locust_exporter.server import Server, listen
from locust_exporter.web_config import WebConfig

from tests.waiting import wait_until

SCRAPE = b"GET /metrics HTTP/1.1\r\nHost: x\r\n"
LAST = b"Connection: close\r\n\r\n"
CLIENT_HELLO = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"


@pytest.fixture
def exporter() -> Exporter:
    """Its Locust is nobody."""
    return Exporter(Locust("http://127.0.0.1:9", HttpConfig()), 1, "locust", 50)


@contextlib.contextmanager
def served(exporter: Exporter, config: Path | None = None) -> Iterator[int]:
    with listen("127.0.0.1:0") as listener:
        Server(listener, "/metrics", exporter, WebConfig(config)).start()
        yield listener.getsockname()[1]


def connect(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), 30)


def rest(connection: socket.socket) -> bytes:
    answer = b""
    with contextlib.suppress(ConnectionResetError):
        while received := connection.recv(65536):
            answer += received
    return answer


def ask(port: int, *headers: str, context: ssl.SSLContext | None = None) -> bytes:
    with connect(port) as plain:
        connection = context.wrap_socket(plain, server_hostname="127.0.0.1") if context else plain
        connection.sendall(SCRAPE + "".join(f"{header}\r\n" for header in headers).encode() + LAST)
        answer = rest(connection)
        connection.close()
        return answer


def one_answer(connection: socket.socket) -> bytes:
    """An answer to its end, on a connection that goes on."""
    answer = b""
    while b"\r\n\r\n" not in answer:
        received = connection.recv(65536)
        assert received, answer
        answer += received
    head, _unused, body = answer.partition(b"\r\n\r\n")
    length = int(head.partition(b"Content-Length: ")[2].split()[0])
    while len(body) < length:
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


@pytest.fixture(params=["plain", "tls"])
def guarded(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path | None, ssl.SSLContext | None]:
    """The exporter's web configuration, and what a client needs to trust it."""
    if request.param == "plain":
        return None, None
    ca = trustme.CA()
    ca.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(str(tmp_path / "server.pem"))
    config = tmp_path / "web.yml"
    tls = dict.fromkeys(("cert_file", "key_file"), "server.pem")
    config.write_text(json.dumps({"tls_server_config": tls}), encoding="utf-8")
    context = ssl.create_default_context()
    ca.configure_trust(context)
    return config, context


@pytest.mark.parametrize(
    "begun", [b"", b"GET /metrics HT", SCRAPE, CLIENT_HELLO, b"GET / HTTP/1.1\r\n" + b"X: x\r\n" * 90]
)
def test_what_others_leave_undone_keeps_nobody_waiting(
    exporter: Exporter,
    guarded: tuple[Path | None, ssl.SSLContext | None],
    monkeypatch: pytest.MonkeyPatch,
    begun: bytes,
) -> None:
    # So that none of them is ended by its time.
    monkeypatch.setattr(server_module, "_REQUEST_SECONDS", 3600.0)
    config, context = guarded
    with served(exporter, config) as port, contextlib.ExitStack() as stack:
        for _unused in range(100):
            stack.enter_context(connect(port)).sendall(begun)
        for _unused in range(3):
            assert b"locust_up 0" in ask(port, context=context)


def test_of_too_many_connections_the_oldest_goes(exporter: Exporter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_module, "_MOST_CONNECTIONS", 10)
    monkeypatch.setattr(server_module, "_REQUEST_SECONDS", 3600.0)
    with served(exporter) as port, contextlib.ExitStack() as stack:
        connections = [stack.enter_context(connect(port)) for _unused in range(30)]
        for connection in connections[:20]:
            assert rest(connection) == b""
        assert select.select(connections[20:], [], [], 0)[0] == []
        connections[-1].sendall(SCRAPE + LAST)
        assert b"locust_up 0" in rest(connections[-1])


def test_who_does_not_read_goes_where_pages_take_too_much(exporter: Exporter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_module, "_MOST_UNSENT", 50 * 2**20)
    monkeypatch.setattr(server_module, "_REQUEST_SECONDS", 3600.0)
    pages = (bytes([65 + number]) * 2**24 for number in itertools.count())
    monkeypatch.setattr(exporter, "scrape", lambda timeout=None: next(pages))
    with served(exporter) as port, contextlib.ExitStack() as stack:
        silent = []
        for _unused in range(6):
            silent.append(stack.enter_context(connect(port)))
            silent[-1].sendall(SCRAPE + LAST)
            assert silent[-1].recv(1) == b"H"
        assert len(ask(port)) > 2**24
        taken = [len(rest(connection)) for connection in silent]
    assert all(one < 2**24 for one in taken[:3])
    assert taken[-1] > 2**24


def test_a_connection_is_kept(exporter: Exporter, guarded: tuple[Path | None, ssl.SSLContext | None]) -> None:
    config, context = guarded
    with served(exporter, config) as port, connect(port) as plain:
        connection = context.wrap_socket(plain, server_hostname="127.0.0.1") if context else plain
        for path in (b"/metrics", b"/", b"/nothing", b"/metrics"):
            connection.sendall(b"GET " + path + b" HTTP/1.1\r\nHost: x\r\n\r\n")
            assert b"Connection: close" not in one_answer(connection)
        connection.sendall(SCRAPE + LAST)
        assert b"\r\nConnection: close\r\n" in rest(connection)
        connection.close()


def test_a_kept_connection_has_an_end(exporter: Exporter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_module, "_IDLE_SECONDS", 0.3)
    with served(exporter) as port, connect(port) as connection:
        connection.sendall(SCRAPE + b"\r\n")
        one_answer(connection)
        assert rest(connection) == b""


@pytest.mark.parametrize("kept", [False, True])
def test_a_request_that_drips_has_an_end(exporter: Exporter, monkeypatch: pytest.MonkeyPatch, kept: bool) -> None:
    monkeypatch.setattr(server_module, "_REQUEST_SECONDS", 0.5)
    with served(exporter) as port, connect(port) as connection:
        if kept:
            connection.sendall(SCRAPE + b"\r\n")
            one_answer(connection)
        with pytest.raises(OSError):
            for byte in itertools.cycle(b"X: x\r\n"):
                connection.sendall(bytes([byte]))
                time.sleep(0.02)


def test_more_headers_than_a_request_may_have(exporter: Exporter) -> None:
    with served(exporter) as port, connect(port) as connection:
        connection.sendall(SCRAPE + b"".join(b"%d:\r\n" % number for number in range(101)) + b"\r\n")
        assert rest(connection).startswith(b"HTTP/1.1 400 ")


class Gate:
    """A call that waits until it is let through."""

    def __init__(self, result: Callable[..., object]) -> None:
        self.result = result
        self.calls = 0
        self.at_once = 0
        self.most_at_once = 0
        self.open = threading.Event()

    def __call__(self, *arguments: object) -> object:
        self.calls += 1
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        assert self.open.wait(60)
        self.at_once -= 1
        return self.result(*arguments)


def test_a_crowd_asks_locust_once(exporter: Exporter, monkeypatch: pytest.MonkeyPatch) -> None:
    late: list[float | None] = []

    def scrape(timeout: float | None = None) -> bytes:
        if timeout == 0:
            late.append(timeout)
            return b"late\n"
        return bytes(str(gate()), "ascii")

    gate = Gate(lambda: "the page\n")
    monkeypatch.setattr(exporter, "scrape", scrape)
    with served(exporter) as port, contextlib.ExitStack() as stack:
        crowd = [stack.enter_context(connect(port)) for _unused in range(50)]
        for connection in crowd:
            connection.sendall(SCRAPE + LAST)
        wait_until("Locust is asked", lambda: gate.calls == 1)
        # Whose time is up before Locust answers is told so, and others get what they want.
        assert ask(port, "X-Prometheus-Scrape-Timeout-Seconds: 1").endswith(b"\r\n\r\nlate\n")
        with connect(port) as other:
            other.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n" + LAST)
            assert b"Locust Exporter" in rest(other)
        gate.open.set()
        assert all(rest(connection).endswith(b"\r\n\r\nthe page\n") for connection in crowd)
    assert gate.calls == 1
    assert late == [0.0]


def test_wrong_passwords_keep_no_scrape_waiting(
    exporter: Exporter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    config = tmp_path / "web.yml"
    config.write_text(f"basic_auth_users: {{u: {bcrypt.hashpw(b'secret', bcrypt.gensalt(4)).decode()}}}")
    good = f"Authorization: {basic('u', 'secret')}"
    caplog.set_level(logging.INFO)
    with served(exporter, config) as port, contextlib.ExitStack() as stack:
        assert b"locust_exporter_refused_logins_total 0" in ask(port, good)
        gate = Gate(bcrypt.checkpw)
        monkeypatch.setattr(bcrypt, "checkpw", gate)
        crowd = [stack.enter_context(connect(port)) for _unused in range(40)]
        for number, connection in enumerate(crowd):
            wrong = f"Authorization: {basic('u', f'wrong{number}')}\r\n"
            connection.sendall(SCRAPE + wrong.encode() + LAST)
        wait_until("a password is looked at", lambda: gate.calls == 1)
        assert b"locust_up 0" in ask(port, good)
        assert ask(port).startswith(b"HTTP/1.1 401 ")
        gate.open.set()
        answers = [rest(connection)[9:12] for connection in crowd]
        assert answers.count(b"401") == 1 + server_module._MOST_PASSWORDS_WAITING
        assert answers.count(b"503") == len(crowd) - answers.count(b"401")
        assert gate.most_at_once == 1
        assert b"locust_exporter_refused_logins_total 17" in ask(port, good)
    said = [record for record in caplog.records if "wrong user name" in record.getMessage()]
    seconds = [int(record.created) for record in said]
    assert said
    assert max(map(seconds.count, seconds)) <= 2
    assert "wrong1" not in caplog.text.replace("wrong user", "")
    assert basic("u", "wrong1") not in caplog.text


def test_a_clock_that_is_set_back_ends_and_keeps_nothing(exporter: Exporter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_module, "_REQUEST_SECONDS", 1.0)
    now = time.time
    with served(exporter) as port, connect(port) as kept, connect(port) as half:
        kept.sendall(SCRAPE + b"\r\n")
        one_answer(kept)
        half.sendall(SCRAPE)
        monkeypatch.setattr(time, "time", lambda: now() - 3600)
        assert rest(half) == b""
        kept.sendall(SCRAPE + LAST)
        assert b"locust_up 0" in rest(kept)


def test_wrong_passwords_after_the_clock_was_set_back(
    exporter: Exporter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    config = tmp_path / "web.yml"
    config.write_text(f"basic_auth_users: {{u: {bcrypt.hashpw(b'secret', bcrypt.gensalt(4)).decode()}}}")
    good, wrong = (f"Authorization: {basic('u', password)}" for password in ("secret", "wrong"))
    now, monotonic = time.time, time.monotonic
    with served(exporter, config) as port, caplog.at_level(logging.WARNING):
        assert b"locust_exporter_refused_logins_total 0" in ask(port, good)
        assert ask(port, wrong).startswith(b"HTTP/1.1 401 ")
        monkeypatch.setattr(time, "time", lambda: now() - 3600)
        assert ask(port, wrong).startswith(b"HTTP/1.1 401 ")
        assert b"locust_exporter_refused_logins_total 2" in ask(port, good), "who was admitted is still"
        monkeypatch.setattr(time, "monotonic", lambda: monotonic() + 1)
        assert ask(port, wrong).startswith(b"HTTP/1.1 401 ")
    said = [record.getMessage() for record in caplog.records if "wrong user name" in record.getMessage()]
    assert sum(int(line.split(": ")[1].split()[0]) for line in said) == 3, said
