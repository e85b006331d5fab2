# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""The OpenAPI document, and of each route the path and method that Starlette and the metrics take from here."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import msgspec

from tokenization.shapes import BODY_LIMIT, ByName, ByToken, ToTokenize

JSON = dict[str, Any]

SCHEMA = "#/components/schemas/{name}"
MEANINGS = {
    400: "The body is not JSON, or did not arrive",
    401: "No valid bearer token",
    403: "The request comes from a page of another origin",
    404: "The vault does not have it",
    405: "Not a method of this route",
    413: "The body is too large",
    415: "The body is not declared as JSON",
    421: "The Host is none of the service's names",
    422: "The JSON is not what the route takes",
    429: "Too many requests at once, or too many bytes in their bodies, or too many wrong bearer tokens",
    431: "The request line and headers are too large, or too many; or too much came behind a request",
    503: "The vault is being opened or upgraded; the database does not answer or does not store; the service is "
    "stopping, or has too many connections",
}
# Of every route.
ERRORS = (403, 405, 421, 431, 503)
# Of the routes that take a body.
BODY_ERRORS = (400, 413, 415, 422, 429)
ANSWERS: dict[str, dict[str, JSON]] = {
    "Tokenized": {"message": {"type": "string"}, "token": {"type": "string", "pattern": "^[0-9a-f]{64}$"}},
    "Detokenized": {"data": {"type": "string"}},
    "Status": {"status": {"type": "string"}},
    "Error": {"error": {"type": "string"}},
}


@dataclass(frozen=True)
class Operation:
    path: str
    method: str
    summary: str
    # By status.
    responses: JSON
    body: JSON | None = None
    needs_token: bool = False


def schema(name: str) -> JSON:
    return {"$ref": SCHEMA.format(name=name)}


def response(description: str, content: JSON, media_type: str = "application/json") -> JSON:
    return {"description": description, "content": {media_type: {"schema": content}}}


def responses(done: JSON, *codes: int) -> JSON:
    errors = {str(code): response(MEANINGS[code], schema("Error")) for code in sorted({*ERRORS, *codes})}
    return {"200": done, **errors}


def answers(name: str, *codes: int) -> JSON:
    return responses(response("Done", schema(name)), *codes)


def tokenize(needs_token: bool) -> Operation:
    return Operation(
        "/tokenize",
        "POST",
        "Stores data under a name, in place of what the name had, and answers a new token.",
        answers("Tokenized", *BODY_ERRORS, *([401] if needs_token else [])),
        body=schema("ToTokenize"),
        needs_token=needs_token,
    )


DETOKENIZE = Operation(
    "/detokenize",
    "POST",
    "Answers the data of a name or of a token.",
    answers("Detokenized", *BODY_ERRORS, 401, 404),
    body={"oneOf": [schema("ByName"), schema("ByToken")]},
    needs_token=True,
)
HEALTHZ = Operation("/healthz", "GET", "The process answers.", answers("Status"))
READYZ = Operation("/readyz", "GET", "The database answers and stores, and no stop is under way.", answers("Status"))


def metrics(needs_token: bool) -> Operation:
    return Operation(
        "/metrics",
        "GET",
        "Prometheus metrics.",
        responses(response("The text format", {"type": "string"}, "text/plain"), *([401, 429] if needs_token else [])),
        needs_token=needs_token,
    )


OPENAPI = Operation("/openapi.json", "GET", "This document.", responses(response("OpenAPI 3.1", {"type": "object"})))


def document(operations: Iterable[Operation]) -> JSON:
    """OpenAPI 3.1."""
    _unused, shapes = msgspec.json.schema_components([ToTokenize, ByName, ByToken], ref_template=SCHEMA)
    answers = {
        name: {"type": "object", "properties": fields, "required": list(fields), "additionalProperties": False}
        for name, fields in ANSWERS.items()
    }
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Tokenization service",
            "version": "1.0.0",
            "description": f"Bodies are JSON of at most {BODY_LIMIT} bytes.",
            "license": {"name": "GPL-3.0-or-later", "identifier": "GPL-3.0-or-later"},
        },
        "paths": {operation.path: {operation.method.lower(): described(operation)} for operation in operations},
        "components": {
            "schemas": {**shapes, **answers},
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
        },
    }


def described(operation: Operation) -> JSON:
    found: JSON = {
        "operationId": operation.path.removeprefix("/").removesuffix(".json"),
        "summary": operation.summary,
    }
    if operation.body or operation.needs_token:
        found["security"] = [{"bearer": []}] if operation.needs_token else []
    if operation.body:
        found["requestBody"] = {"required": True, "content": {"application/json": {"schema": operation.body}}}
    return {**found, "responses": operation.responses}
