# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""Redirects and cookies: what is asked next, and what is sent to whom."""

from __future__ import annotations

import io
import logging
from typing import Any

import pytest
from locust import FastHttpUser

import lean_http_user
from lean_http_user.client import say_that_cookies_are_left
from tests.hostile_server import OK, answer, serving
from tests.integration.lean_http_user.users import Made, lean

STATUSES = [301, 302, 303, 307, 308]
SECRETS = {"Authorization": "Bearer secret", "Cookie": "secret=1", "Proxy-Authorization": "Basic secret", "X-Own": "1"}


def sent_to(location: str, status: int = 302, content: bytes = b"elsewhere", *fields: str) -> bytes:
    return answer(content, f"Location: {location}", *fields, status=f"{status} Somewhere")


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "DELETE"])
def test_what_is_asked_next(status: int, method: str) -> None:
    """Only POST becomes GET, but for 303, which makes all of it GET; content goes along with its method."""
    head = method == "HEAD"
    with serving(
        [sent_to("/next?a=1", status, b"" if head else b"elsewhere"), answer(b"" if head else b"ok")]
    ) as server:
        tried = lean(server.url)
        content = {"data": b"abc", "headers": {"Content-Type": "text/x"}} if method in ("POST", "PUT") else {}
        response = tried.client.request(method, "/", **content)
        assert (response.status_code, response.history, response.url) == (200, (status,), f"{server.url}/next?a=1")
        (_first, (after, body)) = server.requests
        becomes_get = not head and (status == 303 or (status in (301, 302) and method == "POST"))
        assert after.startswith(f"{'GET' if becomes_get else method} /next?a=1 HTTP/1.1\r\n".encode())
        kept = bool(content) and not becomes_get
        assert body == (b"abc" if kept else b"")
        assert (b"Content-Type: text/x" in after) is kept
        assert (b"Content-Length" in after) is kept
        assert len(server.connections) == 1
    assert len(tried.events) == 1
    assert tried.events[0]["name"] == "/"


def test_no_other_host_gets_credentials() -> None:
    """Another port is another host; whoever sends it back gets none either."""
    with serving() as stranger, serving([sent_to(f"{stranger.url}/a"), sent_to("/b"), OK]) as server:
        tried = lean(server.url.replace("//", "//user:password@"), default_headers=SECRETS)
        assert tried.client.base_url == server.url
        assert tried.client.get("/").ok
        first = server.requests[0][0]
        assert b"Authorization: Basic dXNlcjpwYXNzd29yZA==\r\n" in first
        assert b"Cookie: secret=1\r\n" in first
        ((head, _body),) = stranger.requests
        assert b"secret" not in head.lower()
        assert b"Basic" not in head
        assert b"X-Own: 1\r\n" in head
        assert f"Host: 127.0.0.1:{stranger.port}\r\n".encode() in head
        # To the same host it goes along.
        assert tried.client.get("/").ok
        assert b"Cookie: secret=1\r\n" in server.requests[2][0]


def test_credentials_do_not_come_back() -> None:
    with serving() as server, serving([sent_to(f"{server.url}/back")]) as stranger:
        with serving([sent_to(stranger.url)]) as first:
            assert lean(first.url, default_headers=SECRETS).client.get("/").ok
        ((head, _body),) = server.requests
        assert b"secret" not in head.lower()


def test_a_servers_credentials_for_somebody_are_not_sent() -> None:
    with serving() as stranger, serving([sent_to(f"http://user:password@127.0.0.1:{stranger.port}/")]) as server:
        assert lean(server.url).client.get("/").ok
        assert b"Authorization" not in stranger.requests[0][0]


def test_a_host_of_ones_own_is_only_that_of_the_first_request() -> None:
    with serving([sent_to("/a"), OK]) as server:
        assert lean(server.url).client.get("/", headers={"Host": "own.example"}).ok
        assert b"Host: own.example\r\n" in server.requests[0][0]
        assert f"Host: 127.0.0.1:{server.port}\r\n".encode() in server.requests[1][0]


@pytest.mark.parametrize(
    "location",
    ["ftp://127.0.0.1/", "file:///etc/passwd", "http://[", "http://", "//", "javascript:alert(1)", "http://a b/"],
)
def test_where_no_redirect_may_lead(location: str) -> None:
    with serving([sent_to(location)]) as server:
        error = lean(server.url).client.get("/a").error
        assert type(error) in (lean_http_user.RedirectError, lean_http_user.UrlError) or location == "//"


def test_redirects_have_an_end() -> None:
    with serving([sent_to("/a")] * 10) as server:
        tried = lean(server.url, max_redirects=3)
        response = tried.client.get("/")
        assert str(response.error) == "there are more redirects than max_redirects"
        assert len(server.requests) == 4
    assert len(tried.events) == 1


@pytest.mark.parametrize("fields", [[], ["Location:"], ["Location: /a", "Location: /b"]])
def test_a_redirect_to_nowhere_is_the_answer(fields: list[str]) -> None:
    with serving([answer(b"abc", *fields, status="302 Found")]) as server:
        response = lean(server.url).client.get("/")
        assert (response.status_code, response.content, response.error) == (302, b"abc", None)


@pytest.mark.parametrize("attributes, options", [({}, {"allow_redirects": False}), ({"max_redirects": 0}, {})])
def test_redirects_that_are_not_followed(attributes: dict[str, Any], options: dict[str, Any]) -> None:
    with serving([sent_to("/a")]) as server:
        response = lean(server.url, **attributes).client.get("/", **options)
        assert (response.status_code, response.content, response.error) == (302, b"elsewhere", None)
        assert response.headers is not None
        assert response.headers["location"] == "/a"
        assert len(server.requests) == 1


def test_a_redirect_can_be_a_failure() -> None:
    with serving([sent_to("/a")]) as server:
        response = lean(server.url, valid_response_codes=frozenset([200])).client.get("/")
        assert (response.status_code, response.content) == (302, b"elsewhere")
        assert "code=302" in str(response.error)
        assert len(server.requests) == 1


def test_what_was_read_while_it_was_sent_is_not_sent_again() -> None:
    with serving([sent_to("/a", 307)]) as server:
        error = lean(server.url).client.post("/", data=io.BytesIO(b"abc")).error
        assert "asks for a body again" in str(error)


def test_a_location_in_utf_8() -> None:
    with serving([sent_to("/\u00e9".encode().decode("latin-1")), OK]) as server:
        assert lean(server.url).client.get("/").ok
        assert server.requests[1][0].startswith(b"GET /%C3%A9 HTTP/1.1\r\n")


# Cookies.


def test_cookies_are_left_unless_the_class_wants_them(caplog: pytest.LogCaptureFixture) -> None:
    say_that_cookies_are_left.cache_clear()
    with serving([answer(b"", "Set-Cookie: a=1"), OK]) as server, caplog.at_level(logging.WARNING):
        tried = lean(server.url)
        assert tried.client.get("/").ok
        assert tried.client.get("/").ok
        assert b"Cookie" not in server.requests[1][0]
        with pytest.raises(AttributeError, match="cookies = True"):
            _none = tried.client.cookiejar
    assert "cookies = True" in caplog.text


def test_cookies_go_where_they_belong() -> None:
    with serving([OK] * 9) as stranger:
        first = answer(
            b"",
            "Set-Cookie: a=1",
            "Set-Cookie: b=2; Path=/deep",
            "Set-Cookie: c=3; Secure",
            "Set-Cookie: d=4; Max-Age=0",
        )
        with serving([first, OK, OK, sent_to(f"{stranger.url.replace('127.0.0.1', 'localhost')}/"), OK]) as server:
            tried = lean(server.url, cookies=True)
            for path in ("/", "/", "/deep", "/"):
                assert tried.client.get(path).ok
            heads = [head for head, _body in server.requests]
            assert b"Cookie" not in heads[0]
            assert b"Cookie: a=1\r\n" in heads[1]
            assert b"Cookie: b=2; a=1\r\n" in heads[2]
            assert b"Cookie" not in stranger.requests[0][0]
            assert {cookie.name for cookie in tried.client.cookiejar} == {"a", "b", "c"}


def test_cookies_of_a_redirect_go_along() -> None:
    """The login that most sites have."""
    with serving([sent_to("/home", 302, b"", "Set-Cookie: session=1"), OK] * 2) as server:
        for tried in (lean(server.url, cookies=True), Made(FastHttpUser, server.url)):
            assert tried.client.post("/login", data={"user": "me"}).status_code == 200
        for connection in server.connections:
            assert b"cookie: session=1\r\n" in connection[1][0].lower()


def test_a_cookie_can_not_break_a_head() -> None:
    with serving([answer(b"", "Set-Cookie: a=\x01b"), OK]) as server:
        tried = lean(server.url, cookies=True)
        # Some parsers refuse it at once.
        tried.client.get("/")
        tried.client.get("/")
        assert not any(b"\x01" in head for head, _body in server.requests)
