# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""Whoever attacks, without a token: the process stays under the memory of its pod, and others are served meanwhile."""

from __future__ import annotations

import contextlib
import resource
import selectors
import socket
import sqlite3
import ssl
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import trustme

from tests.integration.tokenization.service import LOOPBACK, Service

# tokenization_memory in roles/tokenization/defaults/main.yml
MEMORY = 256 * 1024 * 1024
HEAD = b"POST /tokenize HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
BODY = b'{"name": "n", "data": "d"}'
TINY_HEADER = b"a:b\r\n"
# How long nothing has to move until an attack has sent what it can.
STILL_SECONDS = 2.0


@pytest.fixture(autouse=True)
def many_files() -> None:
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(8192, resource.getrlimit(resource.RLIMIT_NOFILE)[1]),) * 2)


@contextlib.contextmanager
def attack(service: Service, connections: int, data: bytes) -> Iterator[None]:
    """So many connections send `data` at once, as far as the service takes it, read nothing and stay open."""
    address = (LOOPBACK, int(service.environment["TOKENIZATION_PORT"]))
    context = ssl.create_default_context(cafile=str(service.verify)) if service.url.startswith("https") else None

    def connect(_unused: int) -> socket.socket:
        connection = socket.create_connection(address, 20)
        return context.wrap_socket(connection, server_hostname=LOOPBACK) if context else connection

    with (
        contextlib.ExitStack() as opened,
        selectors.DefaultSelector() as selector,
        ThreadPoolExecutor(8) as handshakes,
    ):
        for connection in handshakes.map(connect, range(connections)):
            opened.enter_context(connection)
            connection.setblocking(False)
            selector.register(connection, selectors.EVENT_WRITE, memoryview(data))
        moved = time.monotonic()
        while selector.get_map() and time.monotonic() - moved < STILL_SECONDS:
            for key, _unused in selector.select(0.1):
                assert isinstance(key.fileobj, socket.socket)
                try:
                    left = key.data[key.fileobj.send(key.data) :]
                except (BlockingIOError, ssl.SSLWantWriteError, ssl.SSLWantReadError):
                    continue
                except OSError:
                    left = b""
                moved = time.monotonic()
                if left:
                    selector.modify(key.fileobj, selectors.EVENT_WRITE, left)
                else:
                    selector.unregister(key.fileobj)
        yield


@pytest.mark.parametrize(
    ("connections", "data"),
    [
        (150, b"GET / HTTP/1.1\r\n" + TINY_HEADER * 13_000),
        (150, b"GET / HTTP/1.1\r\n" + TINY_HEADER * 13_000 + b"\r\n"),
        (300, b"GET /healthz HTTP/1.1\r\n\r\n" * 40_000),
        (300, (HEAD + b"Content-Length: %d\r\n\r\n" % len(BODY) + BODY) * 10_000),
        (900, HEAD + TINY_HEADER * 14_000 + b"Content-Length: 65536\r\n\r\n{"),
        (900, HEAD + b"Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n0\r\n" + TINY_HEADER * 14_000),
        (1900, HEAD + TINY_HEADER * 95 + b"Content-Length: 65536\r\n\r\n" + b" " * 65_535),
        (600, (b"GET /openapi.json HTTP/1.1\r\n" + TINY_HEADER * 95 + b"X: %b\r\n\r\n" % (b"x" * 14_000)) * 40),
    ],
    ids=["half heads", "heads", "pipelined", "pipelined bodies", "held bodies", "trailers", "most bodies", "unread"],
)
def test_an_attack(on_sqlite: Service, connections: int, data: bytes) -> None:
    survives(on_sqlite.start(), connections, data)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        HEAD + TINY_HEADER * 95 + b"Content-Length: 65536\r\n\r\n" + b" " * 65_535,
        b"GET /healthz HTTP/1.1\r\n\r\n" * 10_000,
    ],
    ids=["idle", "most bodies", "pipelined"],
)
def test_an_attack_over_tls(on_sqlite: Service, data: bytes) -> None:
    survives(on_sqlite.speak_tls(trustme.CA()).start(), 950, data)


def survives(service: Service, connections: int, data: bytes) -> None:
    stored = []
    with ThreadPoolExecutor(1) as others:
        over = False

        def store() -> None:
            while not over:
                stored.append(service.tokenize("name", "data").status_code)
                time.sleep(0.05)

        other = others.submit(store)
        try:
            with attack(service, connections, data):
                assert service.ready() == 200
                assert service.tokenize("during", "data").status_code == 200
        finally:
            over = True
        other.result()
    assert set(stored) == {200}
    assert service.peak_memory() < MEMORY
    assert service.terminate() == 0
    assert not [line for line in service.logged() if line["level"] == "ERROR"]


def test_bodies_that_wait_for_the_database(on_sqlite: Service) -> None:
    """One wide letter makes four bytes of each other one."""
    service = on_sqlite.start()
    start, end = '{"name": "n", "data": "\N{GRINNING FACE}', '"}'
    body = (start + "d" * (65_000 - len(start) - len(end)) + end).encode()
    with sqlite3.connect(service.database, isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        with attack(service, 500, HEAD + b"Content-Length: %d\r\n\r\n" % len(body) + body):
            assert service.metric("process_resident_memory_bytes") < MEMORY
        other.execute("ROLLBACK")
    assert service.peak_memory() < MEMORY
    assert service.tokenize("after", "data").status_code == 200
