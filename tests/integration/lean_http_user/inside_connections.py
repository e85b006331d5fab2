# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""Connections: kept, closed meanwhile, shared by greenlets, over TLS and IPv6, and how long anything may take."""

from __future__ import annotations

import contextlib
import gc
import io
import socket
import ssl
from pathlib import Path
from typing import Any

import gevent
import pytest
import trustme
from gevent.pool import Group

import lean_http_user
from tests.hostile_server import CLOSE, OK, RESET, SILENCE, answer, serving
from tests.integration.lean_http_user.users import lean


def test_requests_share_a_connection() -> None:
    with serving() as server:
        tried = lean(server.url)
        for _request in range(3):
            assert tried.client.post("/", json={}).ok
        assert [len(connection) for connection in server.connections] == [3]


def test_what_the_server_closed_meanwhile_is_not_used_again() -> None:
    """Even for what may not be repeated."""
    with serving([OK], [OK]) as server:
        tried = lean(server.url)
        assert tried.client.post("/").ok
        gevent.sleep(0.05)
        assert tried.client.post("/").ok
        assert [len(connection) for connection in server.connections] == [1, 1]


@pytest.mark.parametrize("end", [CLOSE, RESET])
@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "POST", "PATCH"])
def test_only_what_is_idempotent_is_repeated(end: str, method: str) -> None:
    """A kept connection that ends with the request: nobody knows whether the server has done it."""
    with serving([OK, end], [answer(b"")]) as server:
        tried = lean(server.url)
        assert tried.client.get("/").ok
        response = tried.client.request(method, "/", data=b"abc" if method in ("PUT", "POST", "PATCH") else None)
        repeated = method not in ("POST", "PATCH")
        assert response.ok is repeated
        assert [len(connection) for connection in server.connections] == ([2, 1] if repeated else [2])
    assert len(tried.events) == 2


def test_a_new_connection_that_ends_is_a_failure_and_is_not_repeated() -> None:
    with serving([CLOSE]) as server:
        tried = lean(server.url)
        assert isinstance(tried.client.get("/").error, lean_http_user.UnansweredError)
        assert len(server.connections) == 1


def test_what_was_answered_in_part_is_not_repeated() -> None:
    with serving([OK, OK[:-1]], [OK]) as server:
        tried = lean(server.url)
        assert tried.client.get("/").ok
        assert isinstance(tried.client.get("/").error, lean_http_user.CutAnswerError)
        assert len(server.connections) == 1


def test_a_refused_connection() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    response = lean(f"http://127.0.0.1:{port}").client.get("/")
    assert isinstance(response.error, ConnectionRefusedError)


def test_a_name_that_is_none() -> None:
    assert isinstance(lean("http://no-such-host.invalid").client.get("/").error, socket.gaierror)


@pytest.mark.parametrize("url", ["http://", "http://a b/", "http://host:99999/", "http://[::1/", "http:///path"])
def test_a_url_without_a_host(url: str) -> None:
    tried = lean("http://127.0.0.1:1")
    assert isinstance(tried.client.get(url).error, lean_http_user.UrlError)
    assert tried.events[0]["name"] == url


def test_greenlets_of_a_user_have_connections_of_their_own() -> None:
    def later(connection: Any) -> None:
        gevent.sleep(0.05)
        connection.sendall(OK)

    with serving([later] * 9) as server:
        tried = lean(server.url, concurrency=3)
        gevent.joinall([gevent.spawn(tried.client.get, "/") for _greenlet in range(9)], raise_error=True)
        assert [len(connection) for connection in server.connections] == [3, 3, 3]
        assert all(event["exception"] is None for event in tried.events)


def test_a_user_that_ends_leaves_no_connection() -> None:
    ended: list[bytes] = []
    with serving([OK, lambda connection: ended.append(connection.recv(1))]) as server:
        tried = lean(server.url)
        user: Any = tried.user
        user.tasks = [lambda user: (user.client.get("/"), gevent.sleep(60))]
        group = Group()
        user.start(group)
        gevent.sleep(0.1)
        group.kill()
        gevent.sleep(0.05)
        assert not tried.client._idle


def test_who_is_ended_in_a_request_leaves_no_half_of_it() -> None:
    with serving([SILENCE], [OK]) as server:
        tried = lean(server.url)
        asking = gevent.spawn(tried.client.get, "/")
        gevent.sleep(0.05)
        asking.kill()
        assert not tried.events
        assert tried.client.get("/").ok
        assert len(server.connections) == 2


def test_a_timeout_of_the_locustfile_is_a_failure() -> None:
    """As it is of FastHttpUser."""
    with serving([SILENCE]) as server:
        tried = lean(server.url)
        with gevent.Timeout(0.05):
            response = tried.client.get("/")
        assert isinstance(response.error, gevent.Timeout)


# Times.


def test_the_whole_request_has_a_deadline() -> None:
    """A server that always says a little more is no reason to wait for ever."""

    def drip(connection: Any) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        for _byte in range(1000):
            connection.sendall(b"a")
            gevent.sleep(0.01)

    with serving([drip]) as server:
        tried = lean(server.url)
        response = tried.client.get("/", timeout=0.2)
        assert isinstance(response.error, lean_http_user.DeadlineError)
        assert "longer than its timeout" in str(response.error)
        assert isinstance(response.error, TimeoutError)
        assert tried.events[0]["response_time"] >= 200


def test_a_class_says_the_deadline_of_all_its_requests() -> None:
    with serving([SILENCE]) as server:
        response = lean(server.url, timeout=0.1).client.get("/")
        assert "longer than its timeout" in str(response.error)


def test_a_deadline_that_was_met_is_none_of_the_next_request() -> None:
    def later(connection: Any) -> None:
        gevent.sleep(0.3)
        connection.sendall(OK)

    with serving([OK, later, later]) as server:
        tried = lean(server.url)
        assert tried.client.get("/", timeout=0.2).ok
        assert tried.client.get("/").ok
        assert tried.client.get("/", timeout=2).ok


@pytest.mark.parametrize("timeout", [0, -1, "3", (3, 3), True])
def test_a_timeout_that_is_none_is_refused(timeout: Any) -> None:
    with pytest.raises(ValueError, match="it is a number of seconds, for the whole request"):
        lean("http://127.0.0.1:1").client.get("/", timeout=timeout)


def test_connecting_takes_no_longer_than_it_may() -> None:
    """The queue of those who want to connect is full; Linux lets further ones wait."""
    with socket.socket() as listener, contextlib.ExitStack() as full:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _place in range(4):
            one = full.enter_context(socket.socket())
            one.setblocking(False)
            one.connect_ex(listener.getsockname())
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        response = lean(url, connection_timeout=0.2).client.get("/")
        assert str(response.error) == "no connection was made within connection_timeout"
        response = lean(url).client.get("/", timeout=0.2)
        assert str(response.error) == "the request took longer than its timeout"


# Bodies that are sent.

LARGE = bytes(range(256)) * 8_000


BODIES: dict[str, Any] = {
    "bytes": lambda _folder: LARGE,
    "a file": lambda folder: (folder / "large").open("rb"),
    "a file in memory": lambda _folder: io.BytesIO(LARGE),
    "pieces": lambda _folder: (LARGE[offset : offset + 50_000] for offset in range(0, len(LARGE), 50_000)),
}


@pytest.mark.parametrize("make", BODIES.values(), ids=BODIES)
def test_large_bodies_arrive(make: Any, tmp_path: Path) -> None:
    (tmp_path / "large").write_bytes(LARGE)
    with serving() as server:
        assert lean(server.url).client.post("/", data=make(tmp_path)).ok
        ((head, body),) = server.requests
        assert body == LARGE
        assert b"Content-Type: application/octet-stream\r\n" in head


def test_a_body_that_the_server_does_not_want_is_answered() -> None:
    """It answers and closes while the body is sent."""
    refused = answer(b"too large", "Connection: close", status="413 Content Too Large")

    with socket.create_server(("127.0.0.1", 0)) as listener:

        def refuse() -> None:
            accepted, _peer = listener.accept()
            accepted.recv(1000)
            accepted.sendall(refused)
            accepted.shutdown(socket.SHUT_WR)
            # Without reading what else comes, it ends with a reset.
            gevent.sleep(0.05)
            accepted.close()

        gevent.spawn(refuse)
        tried = lean(f"http://127.0.0.1:{listener.getsockname()[1]}")
        response = tried.client.post("/", data=LARGE)
        # What the reset leaves of the answer is the kernel's choice.
        assert response.status_code == 413 or isinstance(response.error, ConnectionResetError)


def test_a_file_that_was_sent_in_part_is_not_repeated() -> None:
    with serving([OK, CLOSE], [OK]) as server:
        tried = lean(server.url)
        assert tried.client.get("/").ok
        assert isinstance(tried.client.put("/", data=io.BytesIO(b"abc")).error, lean_http_user.UnansweredError)
        assert len(server.connections) == 1


# Streams.


def test_a_large_body_is_received_while_it_is_read() -> None:
    """And takes no more memory than it is read behind."""
    sent: list[int] = []

    def much(connection: Any) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        for piece in range(200):
            connection.sendall(b"10000\r\n" + bytes(65536) + b"\r\n")
            sent.append(piece)
        connection.sendall(b"0\r\n\r\n")

    with serving([much, OK]) as server:
        tried = lean(server.url, max_body_size=1_000_000)
        response = tried.client.get("/", stream=True)
        gevent.sleep(0.1)
        assert len(sent) < 150
        assert sum(len(piece) for piece in response.iter_content(50_000, decode_content=False)) == 200 * 65536
        assert tried.client.get("/").text == "ok"
        assert len(server.connections) == 1


def test_lines_and_pieces_of_a_stream() -> None:
    with serving([answer(b"one\ntwo\n\xc3\xa9")] * 3) as server:
        tried = lean(server.url)
        assert list(tried.client.iter_lines("/")) == ["one", "two", "é"]
        response = tried.client.get("/", stream=True)
        assert response.stream.read(5) == b"one\nt"
        assert response.stream.readline() == b"wo\n"
        assert (response.stream.read(), response.stream.read()) == ("é".encode(), b"")
        assert [len(connection) for connection in server.connections] == [2]
        assert tried.client.get("/", stream=True).content == b"one\ntwo\n\xc3\xa9"
    assert [event["response_length"] for event in tried.events] == [10, 10, 10]


def test_a_stream_that_nobody_reads_gives_its_place_back() -> None:
    with serving([answer(bytes(200_000))]) as server:
        tried = lean(server.url, concurrency=1)
        for _request in range(3):
            assert tried.client.get("/", stream=True).ok
            # Locust's own listeners keep no response either.
            tried.events.clear()
            gc.collect()
        with tried.client.get("/", stream=True):
            pass
        assert len(server.connections) == 4


def test_a_stream_that_is_cut_says_so() -> None:
    with serving([b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc"]) as server:
        response = lean(server.url).client.get("/", stream=True)
        assert response.ok
        with pytest.raises(lean_http_user.CutAnswerError):
            response.stream.read()
        response = lean(server.url).client.get("/", stream=True)
        assert list(response.iter_content(2)) == ["ab"]


# TLS and IPv6.

CA = trustme.CA()


def tls(*names: str, ca: trustme.CA = CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert(*names).configure_cert(context)
    return context


@pytest.fixture(scope="module")
def ca_file(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("ca") / "ca.pem"
    CA.cert_pem.write_to_path(path)
    return str(path)


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_tls(version: ssl.TLSVersion, ca_file: str) -> None:
    context = tls("localhost")
    context.minimum_version = context.maximum_version = version
    asked: list[str | None] = []
    context.sni_callback = lambda _connection, name, _context: asked.append(name)
    with serving([OK, answer(LARGE), OK] * 3, context=context) as server:
        tried = lean(f"https://localhost:{server.port}", insecure=False, ca_file=ca_file)
        assert tried.client.post("/", data=LARGE).text == "ok"
        assert tried.client.get("/").content == LARGE
        # What TLS 1.3 has to say after the handshake is no reason for another connection.
        gevent.sleep(0.05)
        assert tried.client.post("/").text == "ok"
        assert len(server.connections) == 1
        assert server.requests[0][1] == LARGE
    assert asked == ["localhost"]


@pytest.mark.parametrize(
    "context", [tls("other.example"), tls("localhost", ca=trustme.CA())], ids=["another's", "an unknown authority's"]
)
def test_a_certificate_that_is_not_right(context: ssl.SSLContext, ca_file: str) -> None:
    with serving(context=context) as server:
        url = f"https://localhost:{server.port}"
        assert isinstance(
            lean(url, insecure=False, ca_file=ca_file).client.get("/").error, ssl.SSLCertVerificationError
        )
        assert isinstance(lean(url, insecure=False).client.get("/").error, ssl.SSLCertVerificationError)
        assert lean(url).client.get("/").ok, "FastHttpUser does not verify either, unless it is told to"


def test_the_locustfiles_own_settings_of_tls(ca_file: str) -> None:
    def strict() -> ssl.SSLContext:
        return ssl.create_default_context(cafile=ca_file)

    with serving(context=tls("127.0.0.1")) as server:
        assert lean(server.url, ssl_context_factory=strict).client.get("/").ok
        assert lean(f"https://localhost:{server.port}", ssl_context_factory=strict).client.get("/").error


@pytest.mark.parametrize("ignored", [False, True])
def test_an_end_without_tls_end_may_be_anybodys(ignored: bool) -> None:
    """Where only the end of the connection is the end of the answer, whatever Python tells OpenSSL about it."""

    def settings() -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        if ignored:
            context.options |= ssl.OP_IGNORE_UNEXPECTED_EOF
        else:
            context.options &= ~ssl.OP_IGNORE_UNEXPECTED_EOF
        return context

    def torn(connection: Any) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\nabc")
        socket.socket(fileno=connection.detach()).close()

    def ended(connection: Any) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\nabc")
        connection.unwrap()

    with serving([torn], context=tls("127.0.0.1")) as server:
        tried = lean(server.url, ssl_context_factory=settings)
        assert isinstance(tried.client.get("/").error, lean_http_user.CutAnswerError)
    with serving([ended], context=tls("127.0.0.1")) as server:
        assert lean(server.url, ssl_context_factory=settings).client.get("/").content == b"abc"


def test_a_handshake_takes_no_longer_than_it_may() -> None:
    with serving([SILENCE]) as server:
        response = lean(f"https://127.0.0.1:{server.port}", connection_timeout=0.2).client.get("/")
        assert str(response.error) == "no connection was made within connection_timeout"


def test_no_tls_where_it_was_expected() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer_plainly() -> None:
            accepted, _peer = listener.accept()
            accepted.recv(100)
            accepted.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            accepted.close()

        gevent.spawn(answer_plainly)
        response = lean(f"https://127.0.0.1:{listener.getsockname()[1]}").client.get("/")
        assert isinstance(response.error, ssl.SSLError)


def test_ipv6(ca_file: str) -> None:
    with serving(address="::1") as server:
        assert lean(server.url).client.get("/").ok
        assert f"Host: [::1]:{server.port}\r\n".encode() in server.requests[0][0]
    with serving(address="::1", context=tls("::1")) as server:
        assert lean(server.url, insecure=False, ca_file=ca_file).client.get("/").ok


def test_the_next_address_of_a_name_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the first refuses: localhost is both ::1 and 127.0.0.1."""
    with serving() as server:
        here = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", server.port))]
        nobody = [(socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("::1", server.port, 0, 0))]
        monkeypatch.setattr(gevent.socket, "getaddrinfo", lambda *_asked: nobody + here)
        assert lean("http://two.example").client.get("/").ok
