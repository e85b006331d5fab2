# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""What all connections together may take; the limits are lowered to what a test opens."""

from __future__ import annotations

import contextlib
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import trustme
from tokenization import server
from tokenization.tls import Certificate

from tests.unit.tokenization.served import Service, serving
from tests.waiting import wait_until

ASKED = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    """One for which no time passes, so that nobody is silent for too long."""
    with serving(tmp_path / "vault.db", False, lambda: 0.0) as service:
        yield service


@pytest.fixture
def opened() -> Iterator[contextlib.ExitStack]:
    with contextlib.ExitStack() as opened:
        yield opened


def connect(service: Service) -> socket.socket:
    url = urlsplit(service.url)
    return socket.create_connection((url.hostname, url.port), 10)


def rest(connection: socket.socket) -> bytes:
    """Return what comes until the other side closes."""
    return b"".join(iter(lambda: connection.recv(65536), b""))


def ask(connection: socket.socket, asked: bytes = ASKED) -> bytes:
    connection.sendall(asked + b"\r\n")
    return rest(connection)


def is_served(connection: socket.socket) -> bool:
    with connection:
        return ask(connection).startswith(b"HTTP/1.1 200 ")


def test_more_connections_are_told_that_there_are_too_many(
    service: Service, opened: contextlib.ExitStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "CONNECTION_LIMIT", 3)
    held = [opened.enter_context(connect(service)) for _unused in range(3)]
    for _unused in range(2):
        answer = rest(opened.enter_context(connect(service)))
        assert answer.startswith(b"HTTP/1.1 503 ")
        assert b"too many connections: try again" in answer
    assert all(is_served(connection) for connection in held)
    wait_until("there is room again", lambda: is_served(connect(service)), 10)


def test_more_connections_are_closed_before_they_cost_tls(
    tmp_path: Path, opened: contextlib.ExitStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "TLS_CONNECTION_LIMIT", 2)
    authority, trusting = trustme.CA(), ssl.create_default_context()
    authority.configure_trust(trusting)
    issued = authority.issue_cert("127.0.0.1")
    pair = tmp_path / "tls.crt", tmp_path / "tls.key"
    issued.cert_chain_pems[0].write_to_path(str(pair[0]))
    issued.private_key_pem.write_to_path(str(pair[1]))
    with serving(tmp_path / "vault.db", False, lambda: 0.0, certificate=Certificate(*pair)) as service:

        def over_tls() -> socket.socket:
            connection = opened.enter_context(connect(service))
            return opened.enter_context(trusting.wrap_socket(connection, server_hostname="127.0.0.1"))

        # One that never begins its handshake counts, too.
        silent = opened.enter_context(connect(service))
        held = over_tls()
        for _unused in range(2):
            with pytest.raises((ssl.SSLError, ConnectionError)):
                over_tls()
        assert is_served(held)
        silent.close()
        wait_until("there is room again", lambda: is_served(over_tls()), 10)


def test_who_holds_most_goes_where_all_together_hold_too_much(
    service: Service, opened: contextlib.ExitStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "HELD_LIMIT", 20_000)

    def begin(size: int) -> socket.socket:
        """Send most of a head, which has come in when another one was answered."""
        connection = opened.enter_context(connect(service))
        connection.sendall(ASKED + b"X: " + b"x" * size)
        return connection

    # Twice: of who is gone, nothing is held.
    for _unused in range(2):
        most = begin(15_000)
        assert is_served(connect(service))
        less = begin(8_000)
        answer = rest(most)
        assert answer.startswith(b"HTTP/1.1 503 ")
        assert b"all clients together send more than the service can hold: try again" in answer
        assert ask(less, b"\r\n").startswith(b"HTTP/1.1 200 ")
