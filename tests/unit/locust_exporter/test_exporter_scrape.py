# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""Whatever Locust answers, the page is true: a scrape against a server that misbehaves in each way."""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections.abc import Callable

import pytest
from locust_exporter import locust as locust_module
from locust_exporter.exporter import Exporter
from locust_exporter.http_config import HttpConfig
from locust_exporter.locust import Locust
from prometheus_client.parser import text_string_to_metric_families

from tests.unit.locust_exporter.misbehaving import Server, a_page, http

Labels = tuple[tuple[str, str], ...]
OWN = {
    "locust_up",
    "locust_up_info",
    "locust_page_info",
    "locust_exporter_build_info",
    "locust_exporter_refused_logins_total",
    "locust_exporter_scrapes_total",
    "locust_exporter_scrape_duration_seconds",
}


def new_exporter(uri: str, timeout: float = 2, config: HttpConfig | None = None) -> Exporter:
    return Exporter(Locust(uri, config or HttpConfig()), timeout, "locust", 50)


def scrape(exporter: Exporter) -> dict[tuple[str, Labels], float]:
    text = exporter.scrape().decode("utf-8")
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def names(found: dict[tuple[str, Labels], float]) -> set[str]:
    return {name for name, _unused in found if name.startswith("locust_")}


def drip(connection: socket.socket, request: bytes) -> None:
    """Each byte comes in time, and all of them never do."""
    for byte in http(a_page()):
        connection.sendall(bytes([byte]))
        time.sleep(0.02)


def half(connection: socket.socket, request: bytes) -> None:
    connection.sendall(http(a_page())[:-20])
    connection.shutdown(socket.SHUT_RDWR)


def half_chunk(connection: socket.socket, request: bytes) -> None:
    connection.sendall(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Type: application/json\r\n\r\nff\r\n{}"
    )
    connection.shutdown(socket.SHUT_RDWR)


def sends(answer: bytes) -> Callable[[socket.socket, bytes], None]:
    return lambda connection, request: connection.sendall(answer)


LOGIN_PAGE = b"<html><script>window.authArgs = {}</script></html>"
BROKEN_LOGIN = b"Locust auth exception: Missing user_loader<br/><br/>See https://docs.locust.io"


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        (lambda connection, request: connection.shutdown(socket.SHUT_RDWR), "unreachable"),
        (sends(b"SSH-2.0-OpenSSH_9.2\r\n\r\n"), "unreachable"),
        (lambda connection, request: time.sleep(1), "timeout"),
        (drip, "timeout"),
        (half, "incomplete"),
        (half_chunk, "incomplete"),
        (sends(http(LOGIN_PAGE, content_type="text/html")), "login"),
        (sends(http(BROKEN_LOGIN, content_type="text/html; charset=utf-8")), "login"),
        (sends(http(b"", "Location: /login?next=%2Fstats%2Frequests", status="302 FOUND")), "login"),
        (sends(http(b"", status="401 UNAUTHORIZED")), "login"),
        (sends(http(b"", "Location: https://sso.example/start", status="302 FOUND")), "redirect"),
        (sends(http(b"", "Location: http://[::1/", status="302 FOUND")), "redirect"),
        (sends(http(a_page(), status="500 INTERNAL SERVER ERROR")), "http_status"),
        (sends(http(b"Not found", status="404 NOT FOUND")), "http_status"),
        (sends(http(b"", status="407 Proxy Authentication Required")), "proxy"),
        (sends(http(b"<html>It works!</html>", content_type="text/html")), "not_json"),
        (sends(http(a_page()[:-5])), "not_json"),
        (sends(http(b"")), "not_json"),
        (sends(http(b"\xff\xfe\x00")), "not_json"),
        (sends(http(b"[" * 200_000)), "not_json"),
        (sends(http(b'{"stats": [], "state": ' + b"1" * 5000 + b"}")), "not_json"),
        (sends(http(b"[]")), "not_locust"),
        (sends(http(b'{"status": "UP"}')), "not_locust"),
    ],
)
def test_what_is_no_answer_is_down_for_its_reason(
    server: Server, script: Callable[[socket.socket, bytes], None], reason: str
) -> None:
    server.script = script
    found = scrape(new_exporter(server.uri, timeout=0.5))
    assert found["locust_up", ()] == 0
    assert found["locust_up_info", (("reason", reason),)] == 1
    assert found["locust_exporter_scrapes_total", (("outcome", reason),)] == 1
    assert names(found) == OWN


def test_where_the_page_is_is_told_without_its_password() -> None:
    found = scrape(new_exporter("http://user:secret@127.0.0.1:1/base/"))
    assert found["locust_page_info", (("url", "http://127.0.0.1:1/base"),)] == 1


def test_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as once:
        port = once.getsockname()[1]
    found = scrape(new_exporter(f"http://127.0.0.1:{port}"))
    assert found["locust_up_info", (("reason", "unreachable"),)] == 1


def test_an_answer_without_end_takes_no_more_than_its_limit(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locust_module, "MAX_ANSWER", 10_000)

    def endless(connection: socket.socket, request: bytes) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n")
        while True:
            connection.sendall(b" " * 4096)

    server.script = endless
    found = scrape(new_exporter(server.uri))
    assert found["locust_up_info", (("reason", "too_large"),)] == 1


def test_series_go_with_locust_and_come_back_with_it(server: Server) -> None:
    exporter = new_exporter(server.uri)
    server.script = sends(http(a_page()))
    assert scrape(exporter)["locust_users", ()] == 3
    server.script = sends(http(b"", status="503 Service Unavailable"))
    assert names(scrape(exporter)) == OWN
    server.script = sends(http(a_page(user_count=4)))
    found = scrape(exporter)
    assert found["locust_users", ()] == 4
    outcomes = {
        dict(labels)["outcome"]: value for (name, labels), value in found.items() if name.endswith("scrapes_total")
    }
    assert {outcome: value for outcome, value in outcomes.items() if value} == {"ok": 2, "http_status": 1}


def test_the_reason_is_logged_once(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    exporter = new_exporter(server.uri)
    for status in ("200 OK", "503 X", "503 X", "404 X", "200 OK", "200 OK"):
        server.script = sends(http(a_page(), status=status))
        scrape(exporter)
    said = [record.getMessage() for record in caplog.records if "figures" in record.getMessage()]
    assert len(said) == 2
    assert "(http_status): the answer has HTTP status 503" in said[0]
    assert "can be read again" in said[1]


def test_a_connection_is_kept_and_a_dead_one_replaced(server: Server) -> None:
    exporter = new_exporter(server.uri)
    accepted: set[int] = set()

    def answer(connection: socket.socket, request: bytes) -> None:
        accepted.add(connection.getpeername()[1])
        connection.sendall(http(a_page()))

    server.script = answer
    for _unused in range(3):
        assert scrape(exporter)["locust_up", ()] == 1
    assert len(accepted) == 1

    def answer_and_leave(connection: socket.socket, request: bytes) -> None:
        answer(connection, request)
        connection.shutdown(socket.SHUT_RDWR)

    server.script = answer_and_leave
    for _unused in range(3):
        assert scrape(exporter)["locust_up", ()] == 1
    assert len(accepted) > 2


def test_prometheus_gets_an_answer_before_it_gives_up(server: Server) -> None:
    server.script = lambda connection, request: time.sleep(2)
    start = time.monotonic()
    page = new_exporter(server.uri, timeout=30).scrape(timeout=0.3)
    assert b'locust_up_info{reason="timeout"} 1' in page
    assert time.monotonic() - start < 2


def test_an_answer_is_read_whatever_its_content_type_says(server: Server) -> None:
    server.script = sends(http(a_page(), content_type="text/plain"))
    assert scrape(new_exporter(server.uri))["locust_up", ()] == 1


def test_the_base_path_and_the_account_of_the_address(server: Server) -> None:
    server.script = sends(http(a_page()))
    uri = server.uri.replace("http://", "http://monitor:s%40crt@") + "/load/"
    exporter = new_exporter(uri)
    assert scrape(exporter)["locust_up", ()] == 1
    request = server.requests[0]
    assert request.startswith(b"GET /load/stats/requests HTTP/1.1\r\n")
    assert b"Authorization: Basic bW9uaXRvcjpzQGNydA==\r\n" in request


def test_the_account_of_the_address_is_not_logged(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    scrape(new_exporter(server.uri.replace("http://", "http://monitor:s%40crt@"), timeout=0.2))
    assert "cannot be read" in caplog.text
    assert "crt" not in caplog.text


@pytest.mark.parametrize(
    ("page", "version"),
    [
        (b'window.templateArgs = {"users": null, "version": "2.47.0"}', "2.47.0"),
        (b'<a href="https://github.com/locustio/locust/releases/tag/2.15.1">2.15.1</a>', "2.15.1"),
    ],
)
def test_the_version_is_asked_once(server: Server, page: bytes, version: str) -> None:
    def answer(connection: socket.socket, request: bytes) -> None:
        is_page = request.startswith(b"GET / ")
        connection.sendall(http(page, content_type="text/html") if is_page else http(a_page()))

    server.script = answer
    exporter = new_exporter(server.uri)
    for _unused in range(3):
        assert scrape(exporter)["locust_version_info", (("version", version),)] == 1
    assert sum(request.startswith(b"GET / ") for request in server.requests) == 1


def test_a_locust_that_was_started_anew_is_told_as_it_is(server: Server) -> None:
    """Between two scrapes: nothing but a dead connection tells of it."""
    page, version, dies, died = a_page(), b"2.46.3", False, threading.Event()

    def answer(connection: socket.socket, request: bytes) -> None:
        is_page = request.startswith(b"GET / ")
        connection.sendall(http(b'"version": "%s"' % version) if is_page else http(page))
        if dies:
            connection.shutdown(socket.SHUT_RDWR)
            died.set()

    server.script = answer
    exporter = new_exporter(server.uri)
    assert scrape(exporter)["locust_version_info", (("version", "2.46.3"),)] == 1
    dies = True
    scrape(exporter)
    assert died.wait(10)
    page, version, dies = a_page(stats=[], state="ready", user_count=0), b"2.47.0", False
    found = scrape(exporter)
    assert found["locust_up", ()] == 1
    assert found["locust_users", ()] == 0
    assert found["locust_version_info", (("version", "2.47.0"),)] == 1
    assert not {"locust_run_requests_total", "locust_requests_total"} & names(found)


def test_only_the_monotonic_clock_counts(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    def answer(connection: socket.socket, request: bytes) -> None:
        is_page = request.startswith(b"GET / ")
        connection.sendall(http(b'"version": "2.47.0"') if is_page else http(a_page()))

    def versions_asked() -> int:
        return sum(request.startswith(b"GET / ") for request in server.requests)

    server.script = answer
    exporter = new_exporter(server.uri)
    scrape(exporter)
    wall, monotonic = time.time, time.monotonic
    monkeypatch.setattr(time, "time", lambda: wall() - 3600)
    found = scrape(exporter)
    assert found["locust_up", ()] == 1
    assert found["locust_version_info", (("version", "2.47.0"),)] == 1
    assert 0 <= found["locust_exporter_scrape_duration_seconds", ()] < 60
    assert versions_asked() == 1
    monkeypatch.setattr(time, "monotonic", lambda: monotonic() + 301)
    assert scrape(exporter)["locust_up", ()] == 1
    assert versions_asked() == 2


def test_what_a_locust_sends_is_not_kept_without_end(server: Server) -> None:
    count = 0

    def answer(connection: socket.socket, request: bytes) -> None:
        nonlocal count
        cookies = [f"Set-Cookie: c{count + number}={'x' * 10}" for number in range(60)]
        count += 60
        connection.sendall(http(a_page(), *cookies, f"Set-Cookie: long={'x' * 5000}"))

    server.script = answer
    exporter = new_exporter(server.uri)
    for _unused in range(3):
        assert scrape(exporter)["locust_up", ()] == 1
    sent = server.requests[-1].partition(b"Cookie: ")[2].partition(b"\r\n")[0].split(b"; ")
    assert len(sent) == 50
    assert not any(cookie.startswith(b"long=") for cookie in sent)


def test_what_is_logged_has_an_end(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    server.script = sends(http(b"", f"Location: /{'x' * 100_000}", status="302 FOUND"))
    scrape(new_exporter(server.uri))
    assert "redirect" in caplog.text
    assert len(caplog.text) < 2000


def test_a_page_without_a_version_harms_nothing(server: Server) -> None:
    def answer(connection: socket.socket, request: bytes) -> None:
        connection.sendall(http(a_page()) if b"/stats/requests" in request else http(b"", status="500 X"))

    server.script = answer
    found = scrape(new_exporter(server.uri))
    assert found["locust_up", ()] == 1
    assert "locust_version_info" not in names(found)
