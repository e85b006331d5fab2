# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""Answers, right and wrong: what comes of each, and whether the connection is used again."""

from __future__ import annotations

import gzip
import zlib
from typing import Any

import brotli
import gevent
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import lean_http_user
from lean_http_user.connection import FORGETS_LENGTH
from tests.hostile_server import CLOSE, OK, RESET, SILENCE, Act, answer, serving
from tests.integration.lean_http_user.users import lean

TEXT = b"The content. " * 5
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
RIGHT: dict[str, tuple[bytes, bytes, bool]] = {
    "with a length": (answer(TEXT), TEXT, True),
    "empty": (answer(b""), b"", True),
    "chunked": (CHUNKED + b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", b"abcde", True),
    "chunked, with an extension and a trailer": (CHUNKED + b"3;a=b\r\nabc\r\n0\r\nX-Sum: 1\r\n\r\n", b"abc", True),
    "chunked, empty": (CHUNKED + b"0\r\n\r\n", b"", True),
    "until the end": (b"HTTP/1.1 200 OK\r\n\r\n" + TEXT, TEXT, False),
    "of HTTP/1.0": (b"HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nabc", b"abc", False),
    "with close": (answer(TEXT, "Connection: close"), TEXT, False),
    "without content": (b"HTTP/1.1 204 No Content\r\n\r\n", b"", True),
    "not modified, with the length that it had": (
        b"HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n",
        b"",
        FORGETS_LENGTH,
    ),
    "without content, with a length": (b"HTTP/1.1 204 No Content\r\nContent-Length: 9\r\n\r\n", b"", FORGETS_LENGTH),
    "after 100 and 103": (
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + answer(TEXT),
        TEXT,
        True,
    ),
    "without a reason": (b"HTTP/1.1 200 \r\nContent-Length: 3\r\n\r\nabc", b"abc", True),
    "with bytes in a header that are no UTF-8": (answer(b"\xff\xfe", "X-Name: \xe9\xff"), b"\xff\xfe", True),
    "with such after 103": (
        b"HTTP/1.1 103 Early Hints\r\nLink: \xe9\r\n\r\n" + answer(b"\xff\n\n\xfe", "X-Name: \xff"),
        b"\xff\n\n\xfe",
        True,
    ),
}


@pytest.mark.parametrize("raw, content, kept", RIGHT.values(), ids=RIGHT)
def test_a_right_answer(raw: bytes, content: bytes, kept: bool) -> None:
    """The second request tells whether the first answer was read to its end, and no further."""
    with serving([raw, OK] if kept else [raw], [OK]) as server:
        tried = lean(server.url)
        response = tried.client.get("/")
        assert (response.content, response.error, response.ok) == (content, None, True)
        assert tried.client.get("/").text == "ok"
        assert len(server.connections) == (1 if kept else 2)
    assert [event["response_length"] for event in tried.events] == [len(content), 2]


@pytest.mark.parametrize(
    "head",
    [b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", CHUNKED, b"HTTP/1.1 404 No\r\nContent-Encoding: gzip\r\n\r\n"],
)
def test_head_has_no_content_whatever_its_head_says(head: bytes) -> None:
    with serving([head, OK], [OK]) as server:
        tried = lean(server.url)
        assert tried.client.head("/").content == b""
        assert tried.client.get("/").text == "ok"
        # Older parsers can't go on after it.
        forgotten = FORGETS_LENGTH or b"Content-Length" not in head
        assert len(server.connections) == (1 if forgotten else 2)


PIECES = st.lists(st.integers(1, 400), max_size=12)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(sorted(RIGHT)), PIECES)
def test_in_whatever_pieces_it_comes_it_is_the_same(name: str, cuts: list[int]) -> None:
    raw, content, _kept = RIGHT[name]
    pieces = []
    for cut in cuts:
        pieces.append(raw[:cut])
        raw = raw[cut:]
    with serving([tuple(piece for piece in [*pieces, raw] if piece)]) as server:
        response = lean(server.url).client.get("/")
        assert (response.content, response.error) == (content, None)


WRONG: dict[str, tuple[list[Act], type[Exception], str]] = {
    "nothing": ([CLOSE], lean_http_user.UnansweredError, "without an answer"),
    "a reset": ([RESET], ConnectionResetError, "reset"),
    "garbage": ([b"\x00\x01\x02garbage\r\n\r\n"], lean_http_user.MalformedAnswerError, "not HTTP/1.1"),
    "another protocol": ([b"SSH-2.0-OpenSSH_9.2\r\n"], lean_http_user.MalformedAnswerError, "not HTTP/1.1"),
    "another version": (
        [b"HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n"],
        lean_http_user.MalformedAnswerError,
        "not HTTP/1.1",
    ),
    "a protocol of the family": (
        [b"RTSP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n"],
        lean_http_user.MalformedAnswerError,
        "not HTTP/1.1",
    ),
    "a page without a head": ([b"<html>hello</html>"], lean_http_user.MalformedAnswerError, "not HTTP/1.1"),
    "half a head": (
        [b"HTTP/1.1 200 OK\r\nContent-"],
        lean_http_user.CutAnswerError,
        "in the middle of the answer's head",
    ),
    "only 100": ([b"HTTP/1.1 100 Continue\r\n\r\n"], lean_http_user.CutAnswerError, "answer's head"),
    "less than its length": (
        [b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc"],
        lean_http_user.CutAnswerError,
        "in the middle of the answer",
    ),
    "a chunk that is cut": ([CHUNKED + b"9\r\nabc"], lean_http_user.CutAnswerError, "in the middle of the answer"),
    "chunks without an end": ([CHUNKED + b"3\r\nabc\r\n"], lean_http_user.CutAnswerError, "in the middle"),
    "a chunk's size that is none": ([CHUNKED + b"xyz\r\nabc\r\n"], lean_http_user.MalformedAnswerError, "chunk"),
    "a chunk's size beyond all": ([CHUNKED + b"f" * 20 + b"\r\nabc"], lean_http_user.MalformedAnswerError, "hunk"),
    "two lengths": (
        [b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nabc"],
        lean_http_user.MalformedAnswerError,
        "Content-Length",
    ),
    "a length that is none": (
        [b"HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\nab"],
        lean_http_user.MalformedAnswerError,
        "not HTTP/1.1",
    ),
    "another protocol from now on": (
        [b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"],
        lean_http_user.MalformedAnswerError,
        "another protocol",
    ),
    "a head without end": (
        [b"HTTP/1.1 200 OK\r\n" + b"X-Long: " + b"a" * 70000],
        lean_http_user.AnswerTooLargeError,
        "max_head_size",
    ),
    "a head that is too large": (
        [answer(b"", *(f"X-{number}: {'a' * 1000}" for number in range(70)))],
        lean_http_user.AnswerTooLargeError,
        "max_head_size",
    ),
    "100 without end": ([b"HTTP/1.1 100 Continue\r\n\r\n" * 5000], lean_http_user.AnswerTooLargeError, "max_head_size"),
    "more than it may be": (
        [answer(b"a" * 100_001)],
        lean_http_user.AnswerTooLargeError,
        "max_body_size",
    ),
    "more than it may be, chunked": (
        [CHUNKED + b"186a1\r\n" + b"a" * 100_001 + b"\r\n0\r\n\r\n"],
        lean_http_user.AnswerTooLargeError,
        "max_body_size",
    ),
    "more than it may be when it is decoded": (
        [answer(gzip.compress(bytes(100_001)), "Content-Encoding: gzip")],
        lean_http_user.AnswerTooLargeError,
        "max_body_size",
    ),
    "a trailer without end": (
        [(CHUNKED + b"0\r\n", *[b"X: " + b"a" * 60000 + b"\r\n"] * 4)],
        lean_http_user.MalformedAnswerError,
        "",
    ),
    "what is not gzip": (
        [answer(b"abc", "Content-Encoding: gzip")],
        lean_http_user.UndecodableAnswerError,
        "not what its Content-Encoding says",
    ),
    "gzip that is cut": (
        [answer(gzip.compress(TEXT)[:-9], "Content-Encoding: gzip")],
        lean_http_user.UndecodableAnswerError,
        "not what its Content-Encoding says",
    ),
    "br that is cut": (
        [answer(brotli.compress(TEXT)[:-2], "Content-Encoding: br")],
        lean_http_user.UndecodableAnswerError,
        "not what its Content-Encoding says",
    ),
    "zstd": (
        [answer(b"\x28\xb5\x2f\xfd", "Content-Encoding: zstd")],
        lean_http_user.UndecodableAnswerError,
        "encoded with zstd",
    ),
    "silence": ([SILENCE], lean_http_user.DeadlineError, "no answer came within network_timeout"),
    "half an answer, then silence": (
        [lambda connection: (connection.sendall(OK[:-1]), gevent.sleep(60))],
        lean_http_user.DeadlineError,
        "not continued within network_timeout",
    ),
}


@pytest.mark.parametrize("acts, kind, reason", WRONG.values(), ids=WRONG)
def test_a_wrong_answer_is_a_failure_with_its_reason(acts: list[Act], kind: type[Exception], reason: str) -> None:
    """And what is asked next is answered, over another connection."""
    with serving(acts, [OK]) as server:
        patience = 0.3 if kind is lean_http_user.DeadlineError else 5
        tried = lean(server.url, network_timeout=patience, max_body_size=100_000)
        response = tried.client.get("/")
        assert type(response.error) is kind
        assert reason in str(response.error)
        assert (response.status_code, response.content, response.ok) == (0, None, False)
        with pytest.raises(kind):
            response.raise_for_status()
        assert tried.client.get("/").text == "ok"
        assert len(server.connections) == 2
    assert [event["exception"] for event in tried.events] == [response.error, None]
    assert [event["response_length"] for event in tried.events] == [0, 2]


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.one_of(st.binary(max_size=200), st.binary(max_size=80).map(lambda noise: b"HTTP/1.1 200 OK\r\n" + noise)))
def test_whatever_comes_is_an_answer_or_a_failure(noise: bytes) -> None:
    with serving([noise], [OK]) as server:
        tried = lean(server.url)
        response = tried.client.get("/")
        assert (response.error is None) == (response.status_code in range(200, 209))
        assert tried.client.get("/").text == "ok"
    assert len(tried.events) == 2


@pytest.mark.parametrize("more", [b"more", answer(b"another"), b"HTTP/1.1 200 OK\r\n"])
def test_what_nobody_asked_for_is_no_answer_to_what_is_asked_next(more: bytes) -> None:
    """Whether it comes with the answer or after it."""
    with serving(
        [OK + more], [lambda connection: (connection.sendall(OK), gevent.sleep(0.05), connection.sendall(more))], [OK]
    ) as server:
        tried = lean(server.url)
        assert tried.client.get("/").text == "ok"
        assert tried.client.get("/").text == "ok"
        gevent.sleep(0.1)
        assert tried.client.get("/").text == "ok"
        assert [len(connection) for connection in server.connections] == [1, 1, 1]


ENCODED: dict[str, tuple[str, bytes]] = {
    "gzip": ("gzip", gzip.compress(TEXT)),
    "gzip in any case": ("GZip", gzip.compress(TEXT)),
    "gzip in members": ("gzip", gzip.compress(TEXT[:7]) + gzip.compress(TEXT[7:])),
    "deflate": ("deflate", zlib.compress(TEXT)),
    "deflate without zlib's head": ("deflate", zlib.compress(TEXT, wbits=-15)),
    "br": ("br", brotli.compress(TEXT)),
    "one in the other": ("gzip, br", brotli.compress(gzip.compress(TEXT))),
    "identity": ("identity", TEXT),
}


@pytest.mark.parametrize("coding, encoded", ENCODED.values(), ids=ENCODED)
@pytest.mark.parametrize("stream", [False, True])
def test_content_is_decoded(coding: str, encoded: bytes, stream: bool) -> None:
    with serving([answer(encoded, f"Content-Encoding: {coding}")]) as server:
        tried = lean(server.url)
        assert tried.client.get("/", stream=stream).content == TEXT
    assert tried.events[0]["response_length"] == (len(encoded) if stream else len(TEXT))


def test_empty_content_need_not_be_encoded() -> None:
    with serving([answer(b"", "Content-Encoding: gzip")]) as server:
        assert lean(server.url).client.get("/").content == b""


@pytest.mark.parametrize(
    "kind, content, text",
    [
        ("text/plain; charset=iso-8859-1", "é".encode("latin-1"), "é"),
        ("text/plain; charset=utf-8", "é".encode(), "é"),
        ("application/json", '{"é": 1}'.encode(), '{"é": 1}'),
        ("text/plain; charset=nonsense", b"abc", "abc"),
    ],
)
def test_text(kind: str, content: bytes, text: str) -> None:
    with serving([answer(content, f"Content-Type: {kind}")]) as server:
        assert lean(server.url).client.get("/").text == text


def test_headers_are_what_the_server_sent() -> None:
    with serving([(answer(b"", "X-Name: \xe9\xff")[:35], answer(b"", "X-Name: \xe9\xff")[35:])]) as server:
        headers = lean(server.url).client.get("/").headers
        assert headers is not None
        assert headers["x-name"] == "\xe9\xff"


def test_headers_are_found_in_any_case_and_several_times() -> None:
    with serving([answer(b"", "X-One: 1", "x-one:2", "X-Empty:", "X-Folded: a\r\n  b")]) as server:
        headers: Any = lean(server.url).client.get("/").headers
        if headers is None:
            # Newer parsers refuse what is folded, as RFC 9112 has it.
            return
        assert headers["X-ONE"] == ["1", "2"]
        assert headers["x-empty"] == ""
        assert headers["x-folded"] == "a b"
