# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""What the client does with an answer that is not Locust's, or not meant well."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._locust import client as client_module
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._locust.client import (
    LocustClient,
    current_figures,
    parse_exceptions,
    parse_failures,
    parse_overview,
    parse_stats,
)
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._locust.look import look
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._locust.plan import BadOptionError
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._locust.transport import LocustError
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.locust_run.scripted_server import Scripted, answer

PASSWORD = "s3cret"
ESCAPE = "\x1b[31m\x1b]0;title\x07\x9b2J\r\u202e"


@pytest.fixture
def scripted() -> Iterator[Scripted]:
    server = Scripted()
    yield server
    server.close()


@pytest.fixture
def other() -> Iterator[Scripted]:
    server = Scripted()
    yield server
    server.close()


@pytest.mark.parametrize("where", ["{other}/\x1b[3", "http://[::1/", "", "/elsewhere"])
def test_redirect_is_not_followed(scripted: Scripted, other: Scripted, where: str) -> None:
    scripted.answers = [answer("", "302 FOUND", Location=where.format(other=other.url))]
    with pytest.raises(LocustError, match=r"is redirected to .* set locust_url") as error:
        LocustClient(scripted.url, "me", PASSWORD).stats()
    assert other.requests == []
    assert str(error.value).isprintable()


@pytest.mark.parametrize("key", ["username_password_callback", "custom_form"])
@pytest.mark.parametrize("where", ["{other}/enter", "//{authority}/enter", "https://127.0.0.1/enter", "http://[::1/"])
def test_form_of_another_server_gets_no_password(scripted: Scripted, other: Scripted, key: str, where: str) -> None:
    address = where.format(other=other.url, authority=other.url[7:])
    value = address if key == "username_password_callback" else {"callback_url": address}
    page = answer(f"<script>window.authArgs = {json.dumps({key: value})}</script>")
    scripted.answers = [page, page]
    with pytest.raises(LocustError, match="goes to another server; the password was not sent"):
        LocustClient(scripted.url, "me", PASSWORD).stats()
    assert other.requests == []
    assert scripted.requests == ["GET /stats/requests", "GET /login"]


def test_custom_form_is_filled_in(scripted: Scripted) -> None:
    """The example of Locust's documentation, which has inputs of its own."""
    form = {
        "inputs": [
            {"label": "Username", "name": "user", "default_value": None},
            {"label": "Password", "name": "pass", "is_secret": True},
            {"label": "Remember", "name": "remember", "default_value": False},
            {"label": "Realm", "name": "realm", "choices": ["a", "b"], "default_value": "a"},
        ],
        "callback_url": "/custom_login",
    }
    page = f"<script>window.authArgs = {json.dumps({'custom_form': form})}</script>"
    scripted.answers = [
        answer("", "302 FOUND", Location="/login?next=%2Fstats"),
        answer(page),
        answer("", "302 FOUND", Location="/", Set_Cookie="session=abc; Path=/"),
        answer('{"state": "ready"}'),
    ]
    assert LocustClient(scripted.url, "me", PASSWORD).stats() == {"state": "ready"}
    assert scripted.requests[2] == "POST /custom_login user=me&pass=s3cret&realm=a"
    assert "Cookie: session=abc" in scripted.heads[3]


def test_login_that_leads_back_to_the_login_page_was_refused(scripted: Scripted) -> None:
    page = answer('<script>window.authArgs = {"username_password_callback": "/enter"}</script>')
    scripted.answers = [page, page, answer("", "302 FOUND", Location="/login")]
    with pytest.raises(LocustError, match="refused the login of me"):
        LocustClient(scripted.url, "me", PASSWORD).stats()


def test_basic_authentication_is_given_where_it_is_asked_for(scripted: Scripted) -> None:
    asks = answer("", "401 UNAUTHORIZED", WWW_Authenticate='Basic realm="Login Required"')
    scripted.answers = [asks, answer('{"state": "ready"}'), answer('{"state": "ready"}')]
    client = LocustClient(scripted.url, "me", PASSWORD)
    client.stats()
    client.stats()
    sent = base64.b64encode(b"me:s3cret").decode()
    assert [f"Authorization: Basic {sent}" in head for head in scripted.heads] == [False, True, True]


@pytest.mark.parametrize(
    ("login", "scheme", "problem"),
    [
        ((None, None), "Basic", "asks for a login .* set locust_username"),
        (("me", PASSWORD), "Negotiate", "asks for a login other than by name and password"),
        (("me", PASSWORD), "Basic", "refused the login of me"),
    ],
)
def test_refused_basic_authentication_says_why(
    scripted: Scripted, login: tuple[str | None, str | None], scheme: str, problem: str
) -> None:
    scripted.answers = [answer("", "401 UNAUTHORIZED", WWW_Authenticate=scheme)] * 2
    with pytest.raises(LocustError, match=problem) as error:
        LocustClient(scripted.url, *login).stats()
    assert PASSWORD not in str(error.value)


def test_headers_are_sent_with_every_request(scripted: Scripted) -> None:
    scripted.answers = [answer("", "405 NO"), answer("{}")]
    LocustClient(scripted.url, headers={"X-Team": "shop", "Cookie": "sso=1", "X-Number": 3}).stop()
    for head in scripted.heads:
        assert "X-Team: shop\r\n" in head and "Cookie: sso=1\r\n" in head and "X-Number: 3\r\n" in head


@pytest.mark.parametrize(
    "headers", [{"X-A": "b\r\nX-C: d"}, {"X A": "b"}, {"": "b"}, {"Content-Length": 3}, {"X-A": ["b"]}, {"X-A": "\x1b"}]
)
def test_header_that_is_none_is_refused_without_its_value(headers: dict[str, Any]) -> None:
    with pytest.raises(BadOptionError, match=r"^locust_headers: ") as error:
        LocustClient("http://127.0.0.1:1", headers=headers)
    assert str(error.value).isprintable() and "X-C" not in str(error.value)


@pytest.mark.parametrize(
    "url",
    [
        *("http://me:s3cret@host", "http://me:s3cret@host:99999999", "ftp://me:s3cret@h", "http://me:s3cret@[::1"),
        *("127.0.0.1:8089", "http://", "http://h:port", "http://h:0", "http://h/a b", "http://h/\x1b", "http://h/?a=b"),
    ],
)
def test_address_that_is_none_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(BadOptionError, match=r"^locust_url: must ") as error:
        LocustClient(url)
    assert PASSWORD not in str(error.value)


def drip(first: bytes) -> Iterator[bytes]:
    yield first
    while True:
        time.sleep(0.1)
        yield b"a"


@pytest.mark.parametrize(
    "first",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nX-Header: ",
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n",
    ],
)
def test_an_answer_has_its_time_as_a_whole(scripted: Scripted, first: bytes) -> None:
    scripted.answers = [drip(first)]
    begun = time.monotonic()
    with pytest.raises(LocustError, match="in time") as error:
        LocustClient(scripted.url, timeout=0.5).stats()
    assert time.monotonic() - begun < 2
    assert error.value.transient


@pytest.mark.parametrize("ask", [LocustClient.stats, LocustClient.overview, lambda client: client.download("/x")])
def test_an_answer_has_a_size(
    scripted: Scripted, ask: Callable[[LocustClient], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client_module, "MAX_DOWNLOAD", 100_000)
    monkeypatch.setattr(LocustClient._ask, "__defaults__", (None, None, 100_000))
    scripted.answers = [[b"HTTP/1.1 200 OK\r\n\r\n", *[b"x" * 1000] * 200]]
    with pytest.raises(LocustError, match="is larger than 100000 bytes"):
        ask(LocustClient(scripted.url))


def test_proxies_of_the_environment_are_used_only_where_wanted(
    scripted: Scripted, other: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, other.url.replace("//", "//proxy:pa%20ss@"))
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    scripted.answers, other.answers = [answer("{}")], [answer("{}")]
    LocustClient(scripted.url).stats()
    assert (len(scripted.requests), len(other.requests)) == (1, 0)
    LocustClient(scripted.url, use_proxy=True).stats()
    assert other.requests == [f"GET {scripted.url}/stats/requests"]
    assert f"Proxy-Authorization: Basic {base64.b64encode(b'proxy:pa ss').decode()}" in other.heads[0]
    # One that does not answer is named.
    other.answers = [[b""]]
    with pytest.raises(LocustError, match=r"through the proxy at 127\.0\.0\.1") as error:
        LocustClient(scripted.url, use_proxy=True).stats()
    assert "pa ss" not in str(error.value)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    scripted.answers = [answer("{}")]
    LocustClient(scripted.url, use_proxy=True).stats()
    assert len(scripted.requests) == 2


def test_certificate_files_that_cannot_be_used_are_named(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    missing, empty = str(tmp_path / "missing"), str(tmp_path / "empty")
    cases: tuple[tuple[str, dict[str, Any]], ...] = (
        ("locust_ca_path", {"ca_path": missing}),
        ("locust_ca_path", {"ca_path": empty}),
        ("locust_client_cert", {"client_cert": missing}),
        ("locust_client_cert", {"client_cert": empty, "client_key": empty}),
        ("locust_client_key", {"client_key": missing}),
    )
    for option, files in cases:
        with pytest.raises(BadOptionError, match=f"^{option}: "):
            LocustClient("https://127.0.0.1:1", **files)


ODD = [
    *("null", "5", '"text"', "[]", "{}", "[" * 100_000, '{"a":' * 100_000, "1" * 10_000, "1e999", "NaN"),
    *('{"stats": 5}', '{"stats": [5]}', '{"stats": [{}]}', '{"stats": [{"name": "Aggregated"}]}'),
    '{"stats": [{"name": "Aggregated", "num_requests": "many", "num_failures": 0}], "state": "ready"}',
    '{"stats": [{"name": "Aggregated", "num_requests": NaN, "num_failures": 0}], "state": "ready"}',
    '{"stats": [{"name": "Aggregated", "num_requests": 1e999, "num_failures": 0}], "state": "ready"}',
    '{"stats": [{"name": "Aggregated", "num_requests": %s, "num_failures": 0}], "state": "ready"}' % ("9" * 400),
    '{"stats": [{"name": "Aggregated", "num_requests": -1, "num_failures": 0}], "state": "ready"}',
    '{"stats": [{"name": "Aggregated", "num_requests": 1, "num_failures": 0}], "state": ["ready"], "user_count": 1}',
    '{"stats": [{"name": "Aggregated", "num_requests": 1, "num_failures": 0}], "state": "ready", "user_count": "1"}',
    '{"stats": [{"name": "Aggregated", "num_requests": 1, "num_failures": 0}], "state": "r", "user_count": 1, '
    '"workers": 5}',
    json.dumps({"stats": [{"name": ESCAPE}], "state": ESCAPE}),
    ESCAPE,
]
FRONT = '<script>window.templateArgs = {"state": "ready", "version": "2.47.0"}</script>'


@pytest.mark.parametrize("body", ODD, ids=range(len(ODD)))
def test_odd_statistics_are_one_error(scripted: Scripted, body: str) -> None:
    scripted.answers = [answer(FRONT), answer(body)]
    with pytest.raises(LocustError) as error:
        look(LocustClient(scripted.url))
    assert str(error.value).isprintable() and len(str(error.value)) < 2500


PAGES = [
    *("", "x" * 100_000, ESCAPE, "window.templateArgs = ", "window.templateArgs = [" * 50_000),
    "window.templateArgs = " + '{"a":' * 100_000,
    *(
        f"window.templateArgs = {json.dumps(value)}"
        for value in (
            {},
            {"state": 5, "version": "2.47.0"},
            {"state": ESCAPE, "version": "2.47.0"},
            {"state": "ready", "version": [2]},
            {"state": "ready", "version": "2.47.0" + ESCAPE},
            {"state": "ready", "version": "9" * 100_000},
            {"state": "ready", "version": "2.47.0", "show_userclass_picker": True, "available_user_classes": 5},
            {"state": "ready", "version": "2.47.0", "available_shape_classes": {"a": 1}},
        )
    ),
    # Each took the square of its length in time where a pattern looked for beginning and end at once.
    '<body class="ready"> releases/tag/2.15.1" ' + "<select " * 200_000,
    '<body class="ready"> releases/tag/2.15.1" ' + '<select name="user_classes" ' * 50_000,
    '<body class="ready"> releases/tag/2.15.1" id="swarm_form" Custom parameters:' + "<input " * 100_000,
]


@pytest.mark.parametrize("page", PAGES, ids=range(len(PAGES)))
def test_odd_front_page_is_read_or_one_error(page: str) -> None:
    begun = time.monotonic()
    try:
        parse_overview(page)
    except LocustError as error:
        assert str(error).isprintable() and len(str(error)) < 2500
    assert time.monotonic() - begun < 3


def test_names_of_a_page_can_be_printed() -> None:
    values = {
        "state": "ready",
        "version": "2.47.0",
        "show_userclass_picker": True,
        "available_user_classes": [ESCAPE],
        "available_shape_classes": ["Default", ESCAPE],
        "host": ESCAPE,
        "extra_options": {ESCAPE: {"default_value": "", "choices": [ESCAPE, 5]}, "odd": {"choices": 5}},
    }
    overview = parse_overview(f"<script>window.templateArgs = {json.dumps(values)}")
    assert overview.options is not None and overview.user_classes is not None
    texts = [*overview.user_classes, *(overview.shape_classes or ()), str(overview.host), *overview.options]
    assert all(text.isprintable() for text in texts)


KEYS = (
    *("stats", "state", "user_count", "workers", "cpu_usage", "name", "num_requests", "num_failures", "fail_ratio"),
    *("current_rps", "current_response_time_percentiles", "version", "extra_options", "choices", "host"),
)
JSON: Any = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(["Aggregated", "ready"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=3), inner),
    max_leaves=20,
)


@given(st.dictionaries(st.sampled_from(KEYS), JSON))
def test_any_json_is_figures_or_one_error(values: dict[str, Any]) -> None:
    for read in (
        lambda: current_figures(values),
        lambda: parse_overview(f"window.templateArgs = {json.dumps(values)}"),
    ):
        try:
            read()
        except LocustError as error:
            assert str(error).isprintable()


HEADERS = st.sampled_from(
    [
        "Type,Name,Request Count,Failure Count,50%,Requests/s\n",
        "Method,Name,Error,Occurrences\n",
        "Count,Message,Traceback,Nodes\n",
        "",
    ]
)


@given(HEADERS, st.text(st.sampled_from('a1,"\n\r\x00\x1b9.-einfNA/') | st.characters(), max_size=60))
def test_any_table_is_rows_or_one_error(header: str, rest: str) -> None:
    for parse in (parse_stats, parse_failures, parse_exceptions):
        try:
            assert isinstance(parse(header + rest), list)
        except LocustError as error:
            assert str(error).isprintable()
