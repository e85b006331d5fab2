# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
from __future__ import annotations

import pytest
from tokenization.shapes import ByName, ByToken, NotJsonError, WrongShapeError, parse_to_detokenize, parse_to_tokenize


def test_what_clients_send() -> None:
    wanted = parse_to_tokenize('{"name": "töken", "data": "NUL \\u0000 and \\ud83d\\ude00"}'.encode())
    assert (wanted.name, wanted.data) == ("töken", "NUL \0 and 😀")
    assert parse_to_detokenize(b'{"name": "a"}') == ByName("a")
    assert parse_to_detokenize(b'{"token": "%s"}' % (b"0a" * 32)) == ByToken("0a" * 32)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"{}{}",
        b"\xff",
        b"\xef\xbb\xbf{}",
        '{"name": "a", "data": "b"}'.encode("utf-16"),
        b'{"name": "a", "name": "b", "data": "c"}',
        b'{"name": "a", "data": {"x": 1, "x": 2}}',
        b'{"name": NaN, "data": "b"}',
        b'{"name": "a", "data": ' + b"9" * 5000 + b"}",
        b"[" * 60000,
        b'{"name": "a\x00", "data": "b"}',
    ],
    ids=lambda body: repr(body[:30]),
)
def test_not_json(body: bytes) -> None:
    with pytest.raises(NotJsonError):
        parse_to_tokenize(body)


@pytest.mark.parametrize(
    "body",
    [
        b"null",
        b"[]",
        b"{}",
        b'"name"',
        b'{"name": "a"}',
        b'{"name": "a", "data": null}',
        b'{"name": 1, "data": "b"}',
        b'{"name": "", "data": "b"}',
        b'{"name": "a", "data": "b", "more": 1}',
        b'{"name": "%s", "data": "b"}' % (b"n" * 257),
        b'{"name": "\\ud800", "data": "b"}',
        b'{"name": "a", "data": "\\udfff"}',
    ],
)
def test_not_what_tokenize_takes(body: bytes) -> None:
    with pytest.raises(WrongShapeError):
        parse_to_tokenize(body)


@pytest.mark.parametrize(
    "body",
    [
        b"{}",
        b"[]",
        b'{"name": "a", "token": "%s"}' % (b"0a" * 32),
        b'{"token": "%s"}' % (b"0A" * 32),
        b'{"token": "%s\\n"}' % (b"0a" * 32),
        b'{"token": "0a"}',
        b'{"name": "\\ud800"}',
    ],
)
def test_not_what_detokenize_takes(body: bytes) -> None:
    with pytest.raises(WrongShapeError):
        parse_to_detokenize(body)
