# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""The OpenAPI document."""

from __future__ import annotations

from typing import Any

import msgspec

from tokenization.shapes import BODY_LIMIT, ByName, ByToken, ToTokenize

SCHEMA = "#/components/schemas/{name}"


def document(require_token_to_tokenize: bool) -> dict[str, Any]:
    """OpenAPI 3.1."""
    _unused, shapes = msgspec.json.schema_components([ToTokenize, ByName, ByToken], ref_template=SCHEMA)
    texts = {
        "Tokenized": {"message": {"type": "string"}, "token": {"type": "string", "pattern": "^[0-9a-f]{64}$"}},
        "Detokenized": {"data": {"type": "string"}},
        "Status": {"status": {"type": "string"}},
        "Error": {"error": {"type": "string"}},
    }
    answers = {
        name: {"type": "object", "properties": fields, "required": list(fields), "additionalProperties": False}
        for name, fields in texts.items()
    }
    bearer: list[dict[str, list[str]]] = [{"bearer": []}]
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Tokenization service",
            "version": "1.0.0",
            "description": f"Bodies are JSON of at most {BODY_LIMIT} bytes.",
            "license": {"name": "GPL-3.0-or-later", "identifier": "GPL-3.0-or-later"},
        },
        "paths": {
            "/tokenize": {
                "post": {
                    "operationId": "tokenize",
                    "summary": "Stores data under a name, in place of what the name had, and answers a new token.",
                    "security": bearer if require_token_to_tokenize else [],
                    "requestBody": _body({"$ref": SCHEMA.format(name="ToTokenize")}),
                    "responses": _responses(
                        "Tokenized", 400, 413, 415, 422, 429, 503, *([401] if require_token_to_tokenize else [])
                    ),
                }
            },
            "/detokenize": {
                "post": {
                    "operationId": "detokenize",
                    "summary": "Answers the data of a name or of a token.",
                    "security": bearer,
                    "requestBody": _body({"oneOf": [{"$ref": SCHEMA.format(name=n)} for n in ("ByName", "ByToken")]}),
                    "responses": _responses("Detokenized", 400, 401, 404, 413, 415, 422, 429, 503),
                }
            },
            "/healthz": _get("healthz", "The process answers.", _responses("Status")),
            "/readyz": _get("readyz", "The database answers, and no stop is under way.", _responses("Status", 503)),
            "/metrics": _get(
                "metrics",
                "Prometheus metrics.",
                {"200": {"description": "The text format", "content": {"text/plain": {"schema": {"type": "string"}}}}},
            ),
            "/openapi.json": _get(
                "openapi",
                "This document.",
                {
                    "200": {
                        "description": "OpenAPI 3.1",
                        "content": {"application/json": {"schema": {"type": "object"}}},
                    }
                },
            ),
        },
        "components": {
            "schemas": {**shapes, **answers},
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
        },
    }


MEANINGS = {
    400: "The body is not JSON, or did not arrive",
    401: "No valid bearer token",
    404: "The vault does not have it",
    405: "Not a method of this route",
    413: "The body is too large",
    415: "The body is not declared as JSON",
    422: "The JSON is not what the route takes",
    429: "Too many requests at once",
    503: "The database does not answer or does not store; or the service is stopping",
}


def _body(schema: dict[str, Any]) -> dict[str, Any]:
    return {"required": True, "content": {"application/json": {"schema": schema}}}


def _responses(answer: str, *codes: int) -> dict[str, Any]:
    def response(description: str, schema: str) -> dict[str, Any]:
        content = {"application/json": {"schema": {"$ref": SCHEMA.format(name=schema)}}}
        return {"description": description, "content": content}

    errors = {str(code): response(MEANINGS[code], "Error") for code in sorted({405, *codes})}
    return {"200": response("Done", answer), **errors}


def _get(operation: str, summary: str, responses: dict[str, Any]) -> dict[str, Any]:
    return {"get": {"operationId": operation, "summary": summary, "responses": responses}}
