# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""What no HTTP client would send: every answer is documented, the process stays well, memory stays small."""

from __future__ import annotations

import json
import resource
import select
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.integration.tokenization.service import LOOPBACK, Service

HEAD = b"POST /tokenize HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
BODY = b'{"name": "n", "data": "d"}'
REQUEST = HEAD + b"Content-Length: %d\r\n\r\n" % len(BODY) + BODY


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("wire")
    service = Service(folder, folder / "vault.db", None).start()
    yield service
    assert service.terminate() == 0
    assert "Traceback" not in service.log.read_text()
    assert not [line for line in service.logged() if line["level"] == "ERROR"]


def connect(service: Service) -> socket.socket:
    return socket.create_connection((LOOPBACK, int(service.environment["TOKENIZATION_PORT"])), 20)


def read_answers(connection: socket.socket) -> list[tuple[int, dict[str, str]]]:
    """Every answer until the server closes: status and body."""
    data = b""
    while chunk := connection.recv(65536):
        data += chunk
    answers = []
    while data:
        head, _unused, rest = data.partition(b"\r\n\r\n")
        lines = head.decode().lower().split("\r\n")
        length = next(int(line.split(":")[1]) for line in lines if line.startswith("content-length:"))
        answers.append((int(lines[0].split(" ")[1]), json.loads(rest[:length])))
        data = rest[length:]
    return answers


def ask(service: Service, data: bytes) -> list[tuple[int, dict[str, str]]]:
    with connect(service) as connection:
        connection.sendall(data)
        return read_answers(connection)


def closing(request: bytes) -> bytes:
    return request.replace(b"Host: localhost\r\n", b"Host: localhost\r\nConnection: close\r\n")


def test_pipelined_requests_are_answered_in_order(service: Service) -> None:
    wrong = REQUEST.replace(b'"d"', b"123")
    answers = ask(service, REQUEST * 50 + wrong + REQUEST * 50 + closing(REQUEST))
    assert [code for code, _unused in answers] == [200] * 50 + [422] + [200] * 51


@pytest.mark.parametrize(
    "data",
    [
        b"\x16\x03\x01\x02\x00\x01\x00",
        b"GET\r\n\r\n",
        b"POST /tokenize HTTP/9.9\r\n\r\n",
        HEAD + b"Content-Length: -1\r\n\r\n",
        HEAD + b"Content-Length: 1e3\r\n\r\n",
        HEAD + b"Content-Length: 99999999999999999999999\r\n\r\n",
        HEAD + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\n",
        HEAD + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
        HEAD + b"Bad Header: x\r\n\r\n",
        HEAD + b"X: a\0b\r\n\r\n",
    ],
    ids=repr,
)
def test_what_is_not_http_is_400(service: Service, data: bytes) -> None:
    answers = ask(service, data)
    assert [code for code, _unused in answers] == [400]
    assert list(answers[0][1]) == ["error"]


@pytest.mark.parametrize(("headers", "code"), [(99, 200), (100, 431), (1000, 431)])
def test_headers_are_counted(service: Service, headers: int, code: int) -> None:
    request = b"GET /healthz HTTP/1.1\r\nConnection: close\r\n" + b"a:b\r\n" * headers + b"\r\n"
    assert [found for found, _unused in ask(service, request)] == [code]


@pytest.mark.parametrize(("size", "code"), [(16_000, 200), (17_000, 431)])
@pytest.mark.parametrize("behind", [b"", REQUEST], ids=["alone", "behind another"])
def test_a_head_has_a_limit(service: Service, size: int, code: int, behind: bytes) -> None:
    request = b"GET /healthz HTTP/1.1\r\nConnection: close\r\nX: " + b"x" * size + b"\r\n\r\n"
    codes = [found for found, _unused in ask(service, behind + request)]
    if behind and code == 431:
        # More than may come behind a request: that one gets its answer, the connection closes.
        assert codes in ([200], [200, 431])
    else:
        assert codes == ([200] if behind else []) + [code]


def test_what_is_no_http_waits_for_the_answers_before_it(service: Service) -> None:
    assert [code for code, _unused in ask(service, REQUEST * 3 + b"nonsense\r\n\r\n")] in ([200] * 3, [200] * 3 + [400])


@pytest.mark.parametrize("size", [0, 1, 64 * 1024, 64 * 1024 + 1, 1024 * 1024])
@pytest.mark.parametrize("chunked", [False, True])
def test_bodies_of_every_size(service: Service, size: int, chunked: bool) -> None:
    start, end = b'{"name": "n", "data": "', b'"}'
    body = b"x" * size if size < 64 else start + b"d" * (size - len(start) - len(end)) + end
    if chunked:
        chunks = [body[at : at + 1000] for at in range(0, size, 1000)]
        framed = b"Transfer-Encoding: chunked\r\n\r\n"
        framed += b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks) + b"0\r\n\r\n"
    else:
        framed = b"Content-Length: %d\r\n\r\n" % size + body
    # The second request shows that the connection is still in step.
    answers = ask(service, HEAD + framed + closing(REQUEST))
    expected = 400 if size < 64 else 200 if size <= 64 * 1024 else 413
    assert [code for code, _unused in answers] == [expected, 200]


def test_a_name_of_a_megabyte(service: Service) -> None:
    body = b'{"name": "%s", "data": "d"}' % (b"n" * 1024 * 1024)
    answers = ask(service, closing(HEAD) + b"Content-Length: %d\r\n\r\n" % len(body) + body)
    assert [code for code, _unused in answers] == [413]


def test_who_asks_first_is_told_before_sending(service: Service) -> None:
    with connect(service) as connection:
        connection.sendall(closing(HEAD) + b"Expect: 100-continue\r\nContent-Length: 999999\r\n\r\n")
        assert connection.recv(65536).startswith(b"HTTP/1.1 413 ")


@pytest.mark.parametrize(
    ("start", "more", "codes"),
    [
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"10000\r\n%s\r\n" % (b" " * 65536), {413}),
        (HEAD + b"Content-Length: 9999999999\r\n\r\n", b" " * 65536, {413}),
        (b"GET /", b"a" * 65536, {431}),
        (b"GET / HTTP/1.1\r\nX: ", b"a" * 65536, {431}),
        (b"GET / HTTP/1.1\r\n", b"X: a\r\n" * 10000, {431}),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n0\r\nX: ", b"a" * 65536, {431}),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n0\r\n", b"X: a\r\n" * 10000, {431}),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n1;x=", b"a" * 65536, {431}),
        (b"", b"\r\n" * 30000, set()),
    ],
    ids=["body in chunks", "body", "path", "header", "headers", "trailer", "trailers", "extension", "line ends"],
)
def test_what_never_ends_takes_no_memory(service: Service, start: bytes, more: bytes, codes: set[int]) -> None:
    before = service.metric("process_resident_memory_bytes")
    answer = b""
    with connect(service) as connection:
        connection.sendall(start)
        with pytest.raises(OSError):
            for _unused in range(16_000):
                connection.sendall(more)
                if select.select([connection], [], [], 0)[0]:
                    answer += connection.recv(65536)
    # The end of the connection can overtake the answer.
    assert not answer or {int(answer.split()[1])} == codes
    assert service.metric("process_resident_memory_bytes") - before < 30 * 1024 * 1024
    assert service.ready() == 200


def test_half_requests_and_slow_clients(service: Service) -> None:
    """All at once, since each takes the ten seconds that the service waits."""

    def silent(data: bytes) -> list[tuple[int, dict[str, str]]]:
        return ask(service, data)

    def slow(data: bytes) -> list[tuple[int, dict[str, str]]]:
        with connect(service) as connection:
            for byte in data:
                try:
                    connection.sendall(bytes([byte]))
                except OSError:
                    break
                time.sleep(0.5)
            try:
                return read_answers(connection)
            except ConnectionResetError:
                return []

    length = b"Content-Length: %d\r\n\r\n" % len(BODY)
    with ThreadPoolExecutor(20) as clients:
        started = time.monotonic()
        nothing = clients.submit(silent, b"")
        half_head = clients.submit(silent, HEAD[:20])
        half_second_head = clients.submit(silent, REQUEST + HEAD[:20])
        only_line_ends = clients.submit(slow, b"\r\n" * 20)
        slow_head = clients.submit(slow, HEAD)
        half_body = clients.submit(silent, HEAD + length + BODY[:5])
        no_body = clients.submit(silent, HEAD + length)
        half_chunk = clients.submit(silent, HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nab")
        gone = connect(service)
        gone.sendall(HEAD + length + BODY[:5])
        gone.close()
        assert [code for code, _unused in ask(service, closing(REQUEST))] == [200], "others are served meanwhile"
        for future in (nothing, half_head, only_line_ends, slow_head):
            assert future.result() == []
        assert [code for code, _unused in half_second_head.result()] == [200]
        for future in (half_body, no_body, half_chunk):
            assert [code for code, _unused in future.result()] == [400]
        assert time.monotonic() - started > 5, "they were given time"
    assert service.metric("tokenization_requests_in_progress") == 1, "this very request"


def test_more_requests_than_the_service_takes_at_once(service: Service) -> None:
    """A thousand bodies that do not end: the next one is turned away, and probes still answer."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(8192, resource.getrlimit(resource.RLIMIT_NOFILE)[1]),) * 2)
    connections = [connect(service) for _unused in range(1000)]
    try:
        for connection in connections:
            connection.sendall(HEAD + b"Content-Length: 5\r\n\r\n{")
        deadline = time.monotonic() + 8
        while [code for code, _unused in ask(service, closing(REQUEST))] != [429]:
            assert time.monotonic() < deadline
        assert service.ready() == 200
    finally:
        for connection in connections:
            connection.close()
    while service.metric("tokenization_requests_in_progress") > 1:
        time.sleep(0.1)
    assert [code for code, _unused in ask(service, closing(REQUEST))] == [200]
