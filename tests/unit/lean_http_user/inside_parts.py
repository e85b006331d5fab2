# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""Heads, decoders and lateness by themselves."""

from __future__ import annotations

import gzip
import logging
import zlib
from typing import Any

import brotli
import pytest
from hypothesis import given
from hypothesis import strategies as st
from locust import constant_pacing, constant_throughput, events
from locust.env import Environment

import lean_http_user
from lean_http_user import heads
from lean_http_user.client import with_params, without_credentials
from lean_http_user.response import Decoder, headers_of

ANY = st.one_of(st.text(), st.binary(), st.integers(), st.none())


@given(
    st.lists(st.tuples(st.text(max_size=9), ANY), max_size=4), st.lists(st.tuples(st.text(max_size=9), ANY), max_size=4)
)
def test_no_field_makes_another(defaults: Any, own: Any) -> None:
    try:
        made = heads.fields_of(tuple(defaults), tuple(own), False)
    except ValueError:
        return
    lines = made.block.decode("latin-1").split("\r\n")
    assert lines[-1] == ""
    assert {line.partition(":")[0].lower() for line in lines[:-1]} == set(made.names)
    assert not any(character in line for line in lines for character in "\r\n\0")


@given(st.text())
def test_no_url_makes_a_field(path: str) -> None:
    try:
        place = heads.start("GET", f"http://127.0.0.1:1/{path}")
    except lean_http_user.UrlError:
        return
    assert place.origin == ("http", "127.0.0.1", 1)
    assert place.line.startswith(b"GET /")
    assert place.line.endswith(b" HTTP/1.1\r\n")
    assert place.line.count(b" ") == 2
    assert place.line.count(b"\n") == 1
    assert place.line.isascii()


@pytest.mark.parametrize(
    "url, origin, line, host",
    [
        ("http://h", ("http", "h", 80), b"GET / HTTP/1.1\r\n", b"Host: h\r\n"),
        ("https://H:443/a#b", ("https", "h", 443), b"GET /a HTTP/1.1\r\n", b"Host: h\r\n"),
        ("http://h:443?a", ("http", "h", 443), b"GET /?a HTTP/1.1\r\n", b"Host: h:443\r\n"),
        ("http://[::1]:8/a b;c", ("http", "::1", 8), b"GET /a%20b;c HTTP/1.1\r\n", b"Host: [::1]:8\r\n"),
        (
            "http://\u00e9.example/",
            ("http", "xn--9ca.example", 80),
            b"GET / HTTP/1.1\r\n",
            b"Host: xn--9ca.example\r\n",
        ),
        ("http://h//x", ("http", "h", 80), b"GET //x HTTP/1.1\r\n", b"Host: h\r\n"),
    ],
)
def test_where_a_url_leads(url: str, origin: Any, line: bytes, host: bytes) -> None:
    assert heads.start("GET", url) == (origin, line, host)


@pytest.mark.parametrize(
    "url, params, asked",
    [
        ("http://h/a", {"b": 1, "c": None}, "http://h/a?b=1"),
        ("http://h/a?", "b=1", "http://h/a?b=1"),
        ("http://h/a?x=1#y", [("b", [1, 2])], "http://h/a?x=1&b=1&b=2#y"),
        ("http://h/a", {"b": None}, "http://h/a"),
        ("http://h/a", b"b=%20", "http://h/a?b=%20"),
    ],
)
def test_params(url: str, params: Any, asked: str) -> None:
    assert with_params(url, params) == asked


def test_credentials_of_a_host() -> None:
    assert without_credentials("http://a%40b:c%3Ad@[::1]:8/x") == ("http://[::1]:8/x", "Basic YUBiOmM6ZA==")
    assert without_credentials("http://h/a@b") == ("http://h/a@b", None)


ENCODE: dict[str, Any] = {
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": brotli.compress,
    "gzip, br": lambda data: brotli.compress(gzip.compress(data)),
}


@given(st.sampled_from(sorted(ENCODE)), st.binary(max_size=300), st.lists(st.integers(1, 60), max_size=8))
def test_content_is_decoded_in_any_pieces(coding: str, content: bytes, cuts: list[int]) -> None:
    encoded: bytes = ENCODE[coding](content)
    decoder, decoded = Decoder(coding, 300), b""
    for cut in cuts:
        piece, encoded = encoded[:cut], encoded[cut:]
        decoded += decoder.decode(piece, False)
    assert decoded + decoder.decode(encoded, True) == content


@given(st.sampled_from(sorted(ENCODE)), st.binary(max_size=60))
def test_what_is_not_encoded_is_a_failure(coding: str, content: bytes) -> None:
    try:
        Decoder(coding, 1000).decode(content, True)
    except (lean_http_user.UndecodableAnswerError, lean_http_user.AnswerTooLargeError):
        return


@given(st.binary())
def test_any_head_has_fields(head: bytes) -> None:
    headers_of(head)


# Lateness.


class Clock:
    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 100.0
        monkeypatch.setattr("locust.user.users.time.perf_counter", lambda: self.now)
        monkeypatch.setattr("locust.user.wait_time.perf_counter", lambda: self.now)


@pytest.mark.parametrize("wait_time", [constant_throughput(10), constant_pacing(0.1)])
def test_how_late_a_user_was(wait_time: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    kind: Any = type("Late", (lean_http_user.LeanHttpUser,), {"host": "http://h", "wait_time": wait_time})
    environment = Environment(user_classes=[kind])
    user = kind(environment)
    waits = []
    for seconds in (0.03, 0.35, 0.1, 0.2):
        clock.now += seconds
        waits.append(user.wait_time())
        clock.now += waits[-1]
    assert waits == pytest.approx([0.07, 0, 0, 0], abs=1e-9)
    late = lean_http_user.lateness_of(environment)
    assert user.lateness == late
    assert late.tasks in (2, 3), "what is due just now may be late by a rounding"
    assert (late.seconds, late.longest_seconds) == pytest.approx((0.35, 0.25))
    assert late.missed_tasks == pytest.approx(3.5)


def test_who_waits_otherwise_is_never_late() -> None:
    kind: Any = type("Free", (lean_http_user.LeanHttpUser,), {"host": "http://h"})
    user = kind(Environment(user_classes=[kind]))
    assert user.wait_time() == 0
    assert user.lateness == lean_http_user.Lateness()


def test_a_master_knows_how_late_the_workers_users_were(caplog: pytest.LogCaptureFixture) -> None:
    master = Environment(events=type(events)())
    worker = Environment(events=type(events)())
    for environment in (master, worker):
        events.init.fire(environment=environment, runner=None, web_ui=None)
    for seconds in (1.0, 3.0):
        lean_http_user.lateness_of(worker).add(lean_http_user.Lateness(1, seconds, seconds, 2.0))
        data: dict[str, Any] = {}
        worker.events.report_to_master.fire(client_id="a", data=data)
        master.events.worker_report.fire(client_id="a", data=data)
    assert lean_http_user.lateness_of(master) == lean_http_user.Lateness(2, 4.0, 3.0, 4.0)
    assert lean_http_user.lateness_of(worker) == lean_http_user.Lateness()
    with caplog.at_level(logging.WARNING):
        master.events.test_stop.fire(environment=master)
    assert "2 tasks began late, by 4.000 s together and 3.000 s at most" in caplog.text
    master.events.test_start.fire(environment=master)
    assert lean_http_user.lateness_of(master) == lean_http_user.Lateness()
