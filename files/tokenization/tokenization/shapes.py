# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""The bodies that clients send: parsed strictly, and described once for both the checks and /openapi.json."""

from __future__ import annotations

import json
from typing import Annotated, Any, NoReturn, TypeVar

import msgspec

BODY_LIMIT = 64 * 1024

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=256, description="What the data is called.")]
# Both lengths and a pattern: "$" alone would let a newline follow.
Token = Annotated[
    str,
    msgspec.Meta(min_length=64, max_length=64, pattern="^[0-9a-f]{64}$", description="What /tokenize answered."),
]


class ToTokenize(msgspec.Struct, forbid_unknown_fields=True):
    name: Name
    data: Annotated[str, msgspec.Meta(description="What the vault keeps.")]

    def __post_init__(self) -> None:
        _check_unicode(self.name, self.data)


class ByName(msgspec.Struct, forbid_unknown_fields=True):
    name: Name

    def __post_init__(self) -> None:
        _check_unicode(self.name)


class ByToken(msgspec.Struct, forbid_unknown_fields=True):
    token: Token


class NotJsonError(ValueError):
    """The body is not one JSON document (RFC 8259) in UTF-8."""


class WrongShapeError(ValueError):
    """The document is not what the route takes."""


def parse_to_tokenize(body: bytes) -> ToTokenize:
    return _convert(_parse(body), ToTokenize)


def parse_to_detokenize(body: bytes) -> ByName | ByToken:
    document = _parse(body)
    if isinstance(document, dict) and "token" in document:
        return _convert(document, ByToken)
    return _convert(document, ByName)


def _check_unicode(*texts: str) -> None:
    for text in texts:
        try:
            text.encode()
        except UnicodeEncodeError:
            raise ValueError("half of a surrogate pair in a string") from None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document = dict(pairs)
    if len(document) != len(pairs):
        raise NotJsonError("a key is there twice")
    return document


def _refuse_constant(_unused: str) -> NoReturn:
    raise NotJsonError("NaN and Infinity are not JSON")


_DECODER = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_refuse_constant)


def _parse(body: bytes) -> Any:
    try:
        return _DECODER.decode(body.decode())
    except NotJsonError as error:
        raise NotJsonError(f"the body is not JSON: {error}") from None
    except UnicodeDecodeError:
        raise NotJsonError("the body is not JSON: not UTF-8") from None
    except json.JSONDecodeError as error:
        raise NotJsonError(f"the body is not JSON: {error.msg} at character {error.pos}") from None
    except ValueError:
        raise NotJsonError("the body is not JSON that can be read: a number is too long") from None
    except RecursionError:
        raise NotJsonError("the body is not JSON that can be read: nested too deeply") from None


T = TypeVar("T")


def _convert(document: Any, shape: type[T]) -> T:
    try:
        return msgspec.convert(document, shape)
    except msgspec.ValidationError as error:
        raise WrongShapeError(str(error)) from None
