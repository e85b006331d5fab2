# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""The same requests by LeanHttpUser and FastHttpUser: the same to servers, fields' order apart, and to Locust."""

from __future__ import annotations

import copy
import gc
import gzip
import io
import json
import weakref
from collections.abc import Callable
from typing import Any

import gevent
import geventhttpclient
import locust
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from locust import FastHttpUser
from locust.exception import LocustError

from lean_http_user import LeanHttpUser
from tests.hostile_server import CLOSE, OK, RESET, SILENCE, Act, answer, serving
from tests.integration.lean_http_user.users import Made, lean

JSON = answer(b'{"a": [1, "\xc3\xa9"]}', "Content-Type: application/json")
BOTH = (FastHttpUser, LeanHttpUser)
# What FastHttpUser does since then is what LeanHttpUser does.
IS_NEW = tuple(map(int, geventhttpclient.__version__.split(".")[:2])) >= (2, 6) and locust.__version__ >= "2.47"
only_new = pytest.mark.skipif(not IS_NEW, reason="FastHttpUser did it otherwise before")

Ask = Callable[[Any], Any]


def both(ask: Ask, *acts: Act, **attributes: Any) -> list[tuple[Made, list[tuple[Any, ...]]]]:
    """Let either ask a server of its own; return the users, and what was received as (line, sorted fields, body)."""
    done = []
    for base in BOTH:
        with serving(list(acts) or [OK] * 20, [OK] * 20) as server:
            tried = Made(base, server.url, **attributes)
            ask(tried.user)
            received = []
            for head, body in server.requests:
                line, *fields = head.replace(str(server.port).encode(), b"PORT").splitlines()
                received.append((line, sorted(field.lower() for field in fields), body))
        done.append((tried, received))
    return done


def figures(tried: Made, reasons: bool = True) -> list[tuple[Any, ...]]:
    """What Locust counts, times apart."""
    return [
        (
            event["request_type"],
            event["name"],
            event["response_length"],
            repr(event["exception"]).split("127.0.0.1")[0] if reasons else bool(event["exception"]),
            event["context"],
            event["url"].rpartition(":")[2].partition("/")[2],
        )
        for event in tried.events
    ]


def same(ask: Ask, *acts: Act, reasons: bool = True, **attributes: Any) -> None:
    (fast, fast_received), (lean, lean_received) = both(ask, *acts, **attributes)
    assert lean_received == fast_received
    assert figures(lean, reasons) == figures(fast, reasons)
    assert lean.environment.stats.serialize_errors().keys() == fast.environment.stats.serialize_errors().keys()


class Boundary:
    """A form's boundary is drawn; here it is not."""

    def __call__(self, size: int) -> bytes:
        return bytes(size)


WAYS: dict[str, Ask] = {
    "get": lambda user: user.client.get("/a"),
    "head": lambda user: user.client.head("/a"),
    "options": lambda user: user.client.options("/a"),
    "delete": lambda user: user.client.delete("/a"),
    "post json": lambda user: user.client.post("/a", json={"b": ["é", 1, None]}),
    "post falsy json": lambda user: user.client.post("/a", json={}),
    "post text": lambda user: user.client.post("/a", data="é"),
    "post bytes": lambda user: user.client.post("/a", data=b"\x00\xff"),
    "post a form": lambda user: user.client.post("/a", {"b": "é&=", "c": 1}),
    "put json": lambda user: user.client.put("/a", json=[1]),
    "put text with a type": lambda user: user.client.put("/a", data="{}", headers={"content-type": "application/json"}),
    "patch json": lambda user: user.client.patch("/a", json=1),
    "data before json": lambda user: user.client.post("/a", data=b"abc", json={}),
    "json without a path": lambda user: user.client.request("POST", "", json=[]),
    "a name": lambda user: user.client.get("/a?b=1", name="/a"),
    "a name for several": lambda user: rename(user),
    "params": lambda user: user.client.get("/a?b=1", params={"c": ["x y", "é"], "d": None}),
    "a query": lambda user: user.client.get("/a?x=é y&z=%7e"),
    "auth": lambda user: user.client.get("/a", auth=("user", "pass:word")),
    "headers": lambda user: user.client.get("/a", headers={"X-A": "1", "User-Agent": "me", "Accept-Encoding": "br"}),
    "a host of its own": lambda user: user.client.get("/a", headers={"Host": "own.example"}),
    "a context": lambda user: user.client.get("/a", context={"b": 1}),
    "a whole url": lambda user: user.client.get(f"{user.host}/b", name="whole"),
    "rest": lambda user: rest(user),
    "rest_": lambda user: rest_(user),
    "a stream": lambda user: user.client.get("/a", stream=True).content,
}


def rename(user: Any) -> None:
    with user.client.rename_request("all"):
        user.client.get("/a")
        user.client.get("/b", name="own")
    user.client.get("/c")


def rest(user: Any) -> None:
    with user.rest("POST", "/a", json={"b": 1}) as response:
        assert response.js == {"a": [1, "é"]}
    with user.rest("GET", "/a") as response:
        assert response.js["c"], "not there"


def rest_(user: Any) -> None:
    with user.rest_("GET", "/a") as response:
        response.failure("so")


@only_new
@pytest.mark.parametrize("ask", WAYS.values(), ids=WAYS)
def test_they_ask_the_same(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.time", lambda: 1e9)
    same(ask, *[JSON] * 5, default_headers={"X-Of-Class": "1", "Accept": "text/html"})


@only_new
@pytest.mark.parametrize(
    "files",
    [
        lambda: {"f": ("a.txt", b"content", "text/plain")},
        lambda: {"f": ("a.txt", b"content")},
        lambda: {"f": io.BytesIO(b"content")},
        lambda: [("f", b"1"), ("f", ('a"b', b"2", "text/plain", {"X-A": "1"}))],
    ],
)
def test_they_send_the_same_form_with_files(files: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.urandom", Boundary())
    same(lambda user: user.client.post("/a", data={"b": "é", "c": ["1", "2"]}, files=files()))


# As texts of a path, a query, a field and a body; without what a URL's reader takes out.
WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=12)
NAMES = st.from_regex(r"X-[A-Za-z0-9-]{1,8}", fullmatch=True)
VALUES = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=12)


REQUESTS = st.tuples(
    st.sampled_from(["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]),
    # A path that begins with two slashes FastHttpUser does not send, and this does.
    WORDS.filter(lambda path: not path.startswith("/")),
    st.fixed_dictionaries(
        {
            "params": st.dictionaries(VALUES, st.one_of(WORDS, st.integers())).map(lambda params: params or None),
            "headers": st.dictionaries(NAMES, VALUES, max_size=4),
            "data": st.one_of(st.none(), WORDS, st.binary(max_size=20), st.dictionaries(VALUES, WORDS, max_size=3)),
            "json": st.one_of(st.none(), st.dictionaries(WORDS, st.integers(), max_size=3)),
        }
    ),
)


@only_new
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(REQUESTS, min_size=1, max_size=20))
def test_whatever_is_asked_they_ask_the_same(requests: list[tuple[str, str, dict[str, Any]]]) -> None:
    def ask(user: Any) -> None:
        for method, path, options in requests:
            # Either may add to what it is given.
            user.client.request(method, f"/{path}", name="any", **copy.deepcopy(options))

    same(ask)


ANSWERS: dict[str, list[Act]] = {
    "200": [OK],
    "201": [answer(b"made", status="201 Created")],
    "204": [b"HTTP/1.1 204 No Content\r\n\r\n"],
    "304": [b"HTTP/1.1 304 Not Modified\r\n\r\n"],
    "400": [answer(b"no", status="400 Bad Request")],
    "404": [answer(b"nowhere", status="404 Not Found")],
    "418": [answer(b"", status="418 I'm a teapot")],
    "500": [answer(b"oh", status="500 Internal Server Error")],
    "gzip": [answer(gzip.compress(b"content"), "Content-Encoding: gzip")],
    "a redirect": [answer(b"", "Location: /b", status="302 Found"), answer(b"there")],
    "chunked": [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"],
}
FAILING: dict[str, list[Act]] = {
    "garbage": [b"garbage\r\n\r\n"],
    "cut": [b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc"],
    "silence": [SILENCE],
    "reset": [RESET],
    "nothing": [CLOSE],
}


@pytest.mark.parametrize("acts", ANSWERS.values(), ids=ANSWERS)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_locust_counts_the_same(acts: list[Act], method: str) -> None:
    (fast, _), (lean, _) = both(lambda user: user.client.request(method, "/a"), *acts, OK)
    assert figures(lean) == figures(fast)
    assert [event["response"].status_code for event in lean.events] == [
        event["response"].status_code for event in fast.events
    ]
    assert [event["response"].content for event in lean.events] == [event["response"].content for event in fast.events]


@only_new
@pytest.mark.parametrize("acts", FAILING.values(), ids=FAILING)
def test_locust_counts_the_same_failures(acts: list[Act]) -> None:
    """In other words."""
    patience = {"network_timeout": 0.3} if acts == [SILENCE] else {}
    (fast, _), (lean, _) = both(lambda user: user.client.post("/a"), *acts, **patience)
    assert figures(lean, False) == figures(fast, False)
    assert figures(lean, False)[0][3]


def decide_success(user: Any) -> None:
    with user.client.get("/a", catch_response=True) as response:
        assert response.status_code == 404
        response.success()


def decide_failure(user: Any) -> None:
    with user.client.get("/a", catch_response=True) as response:
        response.failure("not what it should be")


def decide_nothing(user: Any) -> None:
    with user.client.get("/a", catch_response=True):
        pass


def decide_by_exception(user: Any) -> None:
    with user.client.get("/a", catch_response=True) as response:
        response.failure(ValueError("so"))


def raise_something(user: Any) -> None:
    try:
        with user.client.get("/a", catch_response=True):
            raise KeyError("a")
    except KeyError:
        return
    raise AssertionError("it was swallowed")


def raise_response_error(user: Any) -> None:
    with user.client.get("/a", catch_response=True):
        raise locust.exception.ResponseError("so")


def raise_after_deciding(user: Any) -> None:
    try:
        with user.client.get("/a", catch_response=True) as response:
            response.failure("so")
            raise KeyError("a")
    except KeyError:
        return
    raise AssertionError("it was swallowed")


def use_with_without_catching(user: Any) -> None:
    with user.client.get("/a") as response:
        assert response.status_code in (200, 404)


def decide_without_with(user: Any) -> None:
    response = user.client.get("/a")
    with pytest.raises(LocustError):
        response.success()
    with pytest.raises(LocustError):
        response.failure("so")
    response = user.client.get("/a", catch_response=True)
    with pytest.raises(LocustError):
        response.success()


DECISIONS = [
    decide_success,
    decide_failure,
    decide_nothing,
    decide_by_exception,
    raise_something,
    raise_response_error,
    raise_after_deciding,
    use_with_without_catching,
    decide_without_with,
]


@only_new
@pytest.mark.parametrize("decide", DECISIONS)
def test_what_a_with_block_decides(decide: Ask) -> None:
    (fast, _), (lean, _) = both(decide, *[answer(b"nowhere", status="404 Not Found")] * 3)
    assert figures(lean) == figures(fast)


def test_a_users_context_is_that_of_its_requests() -> None:
    def context(_user: Any) -> dict[str, int]:
        return {"a": 1, "b": 1}

    (fast, _), (lean, _) = both(lambda user: user.client.get("/a", context={"b": 2}), context=context)
    assert figures(lean) == figures(fast)
    assert lean.events[0]["context"] == {"a": 1, "b": 2}


# What is not taken is said so, with its name.


@pytest.mark.parametrize("option", ["proxies", "verify", "cert", "cookies", "hooks", "max_redirects", "nonsense"])
def test_an_option_that_is_not_taken(option: str) -> None:
    with pytest.raises(TypeError, match=f"does not take {option} "):
        lean("http://127.0.0.1:1").client.get("/", **{option: 1})


@pytest.mark.parametrize("attribute", ["proxy_host", "proxy_port", "client_pool", "max_retries"])
def test_an_attribute_that_is_not_taken(attribute: str) -> None:
    with pytest.raises(LocustError, match=f"does not take {attribute}: "):
        lean("http://127.0.0.1:1", **{attribute: 1})


@pytest.mark.parametrize("host", ["unix:///run/socket", "http+unix://%2Frun%2Fsocket", "ftp://h", "example.org", ""])
def test_a_host_that_is_not_taken(host: str) -> None:
    with pytest.raises(LocustError, match="host"):
        lean(host)


@pytest.mark.parametrize(
    "options, reason",
    [
        ({"auth": object()}, "no other scheme is taken"),
        ({"headers": {"X-A": "b\r\nX-B: c"}}, "can't have the value"),
        ({"headers": {"X A": "b"}}, "no name of a header"),
        ({"headers": {"Content-Length": "9"}, "data": b"a"}, "the body has another length"),
        ({"headers": {"Transfer-Encoding": "gzip"}}, "a request can have chunked"),
        ({"data": 3}, "data is a int"),
        ({"data": "abc", "files": {"f": b"a"}}, "beside files"),
    ],
)
def test_what_can_not_be_sent(options: dict[str, Any], reason: str) -> None:
    with serving() as server:
        tried = lean(server.url)
        with pytest.raises((TypeError, ValueError), match=reason):
            tried.client.post("/", **options)
        assert not server.requests
        assert not tried.events
        # The user's one place is free again.
        assert tried.client.get("/").ok


def test_a_method_that_is_none() -> None:
    with pytest.raises(ValueError, match="no HTTP method"):
        lean("http://127.0.0.1:1").client.request("GET /x", "/")


# Response times.


def test_response_times_are_those_of_fast_http_user() -> None:
    """From before the request is sent to the last byte of the answer; the connection is part of it."""

    def later(connection: Any) -> None:
        gevent.sleep(0.05)
        connection.sendall(OK[:-1])
        gevent.sleep(0.05)
        connection.sendall(OK[-1:])

    for tried, _received in both(lambda user: user.client.get("/a"), later):
        assert 100 <= tried.events[0]["response_time"] < 1000
        assert isinstance(tried.events[0]["start_time"], float)


@pytest.mark.parametrize("acts", [[OK], [answer(b"no", status="404 Not Found")], [CLOSE]])
def test_a_response_goes_when_nobody_has_it_any_more(acts: list[Act]) -> None:
    """Without the help of Python's collector, which would have much to do."""

    def plain(client: Any) -> Any:
        return weakref.ref(client.get("/a"))

    def caught(client: Any) -> Any:
        with client.get("/a", catch_response=True) as response:
            return weakref.ref(response)

    with serving(acts) as server:
        tried = lean(server.url)
        for ask in (plain, caught):
            gc.disable()
            try:
                left = ask(tried.client)
                tried.events.clear()
                assert left() is None
            finally:
                gc.enable()


def test_what_a_response_has() -> None:
    with serving([answer(b'{"a": 1}', "Content-Type: application/json")]) as server:
        tried = lean(server.url)
        response = tried.client.post("/a", json={"b": 2})
        assert (response.json(), response.text, response.content) == ({"a": 1}, '{"a": 1}', b'{"a": 1}')
        assert (response.url, response.ok, response.error) == (f"{server.url}/a", True, None)
        assert response.elapsed.total_seconds() * 1000 == pytest.approx(tried.events[0]["response_time"], abs=0.001)
        assert (response.request.method, response.request.body) == ("POST", json.dumps({"b": 2}).encode())
        assert response.request.headers["content-length"] == "8"
        response.raise_for_status()
        with pytest.raises(json.JSONDecodeError):
            lean("http://127.0.0.1:1").client.get("/").json()
