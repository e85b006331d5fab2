# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""Every answer of the service, over real HTTP."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
from tokenization.app import BODIES_LIMIT, SMALL_BODY

from tests.unit.tokenization.served import BEARER_TOKEN, Service
from tests.waiting import wait_until

JSON = {"Content-Type": "application/json"}
BEARER = {"Authorization": f"Bearer {BEARER_TOKEN}"}
LIMIT = 64 * 1024


def error(answer: requests.Response, code: int) -> str:
    assert answer.status_code == code, answer.text
    assert answer.headers["Content-Type"] == "application/json"
    assert list(answer.json()) == ["error"]
    message: str = answer.json()["error"]
    return message


def post(service: Service, route: str, body: bytes, headers: dict[str, str] | None = None) -> requests.Response:
    return service.http.post(f"{service.url}{route}", data=body, headers={**JSON, **(headers or {})}, timeout=10)


def test_the_two_calls_of_the_seed(service: Service) -> None:
    answer = post(service, "/tokenize", b'{"name": "second", "data": "example sensitive info"}')
    assert answer.status_code == 200
    assert answer.json()["message"] == "Data tokenized successfully"
    token = answer.json()["token"]
    assert re.fullmatch("[0-9a-f]{64}", token)
    for wanted in ({"name": "second"}, {"token": token}):
        answer = service.detokenize(**wanted)
        assert (answer.status_code, answer.json()) == (200, {"data": "example sensitive info"})
        assert answer.headers["Cache-Control"] == "no-store"


def test_the_same_name_again_replaces_data_and_token(service: Service) -> None:
    old = service.tokenize("n", "old")
    new = service.tokenize("n", "new")
    assert old != new
    assert service.detokenize(name="n").json() == {"data": "new"}
    assert service.detokenize(token=new).json() == {"data": "new"}
    error(service.detokenize(token=old), 404)


@pytest.mark.parametrize("text", ["", "\0", "a\0b", "ä€😀", "\u2028\ud7ff", "x" * 60000, "' OR 1=1 --"])
def test_any_text_comes_back_as_it_went(service: Service, text: str) -> None:
    token = service.tokenize("n" + text[:100], text)
    assert service.detokenize(token=token).json() == {"data": text}
    assert service.detokenize(name="n" + text[:100]).json() == {"data": text}


def test_unknown_things_are_404(service: Service) -> None:
    error(service.detokenize(name="nobody"), 404)
    error(service.detokenize(token="0" * 64), 404)
    for path in ("/", "/nowhere", "/tokenize/", "/TOKENIZE"):
        error(service.http.get(f"{service.url}{path}", timeout=10), 404)


@pytest.mark.parametrize(
    "authorization",
    ["", "Bearer", "Bearer ", "Bearer wrong", "Basic YTpi", BEARER_TOKEN, f"Bearer {BEARER_TOKEN}x", "Bearer ä"],
)
def test_detokenizing_needs_the_bearer_token(service: Service, authorization: str) -> None:
    service.tokenize("n", "data")
    answer = post(service, "/detokenize", b'{"name": "n"}', {"Authorization": authorization})
    error(answer, 401)
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_the_scheme_is_not_case_sensitive(service: Service) -> None:
    service.tokenize("n", "data")
    answer = post(service, "/detokenize", b'{"name": "n"}', {"Authorization": f"bearer {BEARER_TOKEN}"})
    assert answer.status_code == 200


def test_tokenizing_needs_it_where_so_configured(guarded_service: Service) -> None:
    service = guarded_service
    body = b'{"name": "n", "data": "d"}'
    error(post(service, "/tokenize", body), 401)
    assert post(service, "/tokenize", body, BEARER).status_code == 200
    document = service.http.get(f"{service.url}/openapi.json", timeout=10).json()
    assert document["paths"]["/tokenize"]["post"]["security"] == [{"bearer": []}]


def test_methods(service: Service) -> None:
    for route in ("/tokenize", "/detokenize"):
        for method in ("GET", "PUT", "DELETE", "PATCH", "OPTIONS"):
            answer = service.http.request(method, f"{service.url}{route}", timeout=10)
            error(answer, 405)
            assert answer.headers["Allow"] == "POST"
    error(service.http.post(f"{service.url}/healthz", timeout=10), 405)


@pytest.mark.parametrize("content_type", [None, "text/plain", "application/x-www-form-urlencoded", "application/jsonp"])
def test_only_json_is_taken(service: Service, content_type: str | None) -> None:
    headers = {"Content-Type": content_type} if content_type else {}
    answer = service.http.post(
        f"{service.url}/tokenize", data=b'{"name": "n", "data": "d"}', headers=headers, timeout=10
    )
    error(answer, 415)


def test_a_charset_may_be_named(service: Service) -> None:
    headers = {"Content-Type": "Application/JSON; charset=utf-8"}
    assert post(service, "/tokenize", b'{"name": "n", "data": "d"}', headers).status_code == 200


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b'{"name": "a", "name": "b", "data": "c"}', b"[" * 60000])
def test_a_body_that_is_not_json_is_400(service: Service, body: bytes) -> None:
    error(post(service, "/tokenize", body), 400)
    error(post(service, "/detokenize", body, BEARER), 400)


@pytest.mark.parametrize("body", [b"1", b"{}", b'{"name": "a", "data": 1}', b'{"name": "\\ud800", "data": "b"}'])
def test_json_that_is_not_the_shape_is_422(service: Service, body: bytes) -> None:
    error(post(service, "/tokenize", body), 422)


def test_the_body_limit(service: Service) -> None:
    def body(size: int) -> bytes:
        start, end = b'{"name": "n", "data": "', b'"}'
        return start + b"d" * (size - len(start) - len(end)) + end

    assert post(service, "/tokenize", body(LIMIT)).status_code == 200
    assert len(service.detokenize(name="n").json()["data"]) > 65000
    assert "65536" in error(post(service, "/tokenize", body(LIMIT + 1)), 413)
    error(post(service, "/tokenize", body(1024 * 1024)), 413)


def test_the_limit_holds_without_a_content_length(service: Service) -> None:
    def chunks() -> object:
        for _unused in range(100):
            yield b" " * 1024

    url = f"{service.url}/tokenize"
    error(service.http.post(url, data=chunks(), headers=JSON, timeout=10), 413)  # type: ignore[arg-type]  # a generator is chunked


def test_probes(service: Service) -> None:
    for route in ("/healthz", "/readyz"):
        answer = service.http.get(f"{service.url}{route}", timeout=10)
        assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


def test_draining_shows_in_readyz_alone(service: Service) -> None:
    service.status.draining = True
    try:
        assert "draining" in error(service.http.get(f"{service.url}/readyz", timeout=10), 503)
        answer = post(service, "/tokenize", b'{"name": "n", "data": "d"}')
        assert answer.status_code == 200
        assert answer.headers["Connection"] == "close"
        assert service.http.get(f"{service.url}/healthz", timeout=10).status_code == 200
    finally:
        service.status.draining = False


def sample(service: Service, line: str) -> float:
    text = service.http.get(f"{service.url}/metrics", timeout=10).text
    values = [float(found.rsplit(" ", 1)[1]) for found in text.splitlines() if found.startswith(line + " ")]
    return values[0] if values else 0.0


def test_metrics(service: Service) -> None:
    stored = 'tokenization_requests_total{outcome="ok",route="/tokenize",status="200"}'
    unknown = 'tokenization_requests_total{outcome="refused",route="other",status="404"}'
    timed = 'tokenization_request_duration_seconds_count{route="/tokenize"}'
    names = (
        stored,
        unknown,
        timed,
        "tokenization_commit_records_sum",
        "tokenization_commit_duration_seconds_count",
        "tokenization_tokens",
    )
    before = {name: sample(service, name) for name in names}
    for name in ("metric-a", "metric-b", "metric-b"):
        service.tokenize(name, "secret-data")
    service.http.get(f"{service.url}/secret-path", timeout=10)
    assert {name: sample(service, name) - before[name] for name in names} == {
        stored: 3,
        unknown: 1,
        timed: 3,
        "tokenization_commit_records_sum": 3,
        "tokenization_commit_duration_seconds_count": 3,
        "tokenization_tokens": 2,
    }
    assert sample(service, "tokenization_requests_in_progress") == 1, "this very request"
    text = service.http.get(f"{service.url}/metrics", timeout=10).text
    assert "process_resident_memory_bytes" in text
    assert "secret" not in text


def test_the_document_lists_every_route(service: Service) -> None:
    document = service.http.get(f"{service.url}/openapi.json", timeout=10).json()
    assert document["openapi"].startswith("3.1")
    assert set(document["paths"]) == {"/tokenize", "/detokenize", "/healthz", "/readyz", "/metrics", "/openapi.json"}
    assert document["paths"]["/tokenize"]["post"]["security"] == []
    assert document["paths"]["/detokenize"]["post"]["security"] == [{"bearer": []}]


def test_every_route_of_the_document_is_served_and_counted_by_its_name(service: Service) -> None:
    document = service.http.get(f"{service.url}/openapi.json", timeout=10).json()
    for path, operations in document["paths"].items():
        name = f'tokenization_requests_total{{outcome="refused",route="{path}",status="405"}}'
        before = sample(service, name)
        refused = service.http.request("PUT", service.url + path, timeout=10)
        assert refused.status_code == 405
        assert {method.lower() for method in refused.headers["Allow"].split(", ")} - {"head"} == set(operations)
        assert sample(service, name) == before + 1


ROUTES = ("/tokenize", "/detokenize", "/healthz", "/readyz", "/metrics", "/openapi.json", "/nowhere")


@pytest.mark.parametrize("route", ROUTES)
def test_another_name_or_a_page_of_another_origin_is_refused(service: Service, route: str) -> None:
    method = "POST" if route in ("/tokenize", "/detokenize") else "GET"
    for code, headers in (
        (421, {"Host": "attacker.example"}),
        (421, {"Host": "attacker.example", "Origin": "http://attacker.example"}),
        (403, {"Origin": "http://attacker.example"}),
        (403, {"Origin": "null"}),
    ):
        answer = service.http.request(
            method, f"{service.url}{route}", data=b"{}", headers={**BEARER, **JSON, **headers}, timeout=10
        )
        error(answer, code)
    answer = service.http.get(f"{service.url}/healthz", headers={"Origin": service.url}, timeout=10)
    assert answer.status_code == 200


def test_every_route_tells_of_what_the_server_itself_refuses(service: Service) -> None:
    document = service.http.get(f"{service.url}/openapi.json", timeout=10).json()
    for operations in document["paths"].values():
        for operation in operations.values():
            assert {"403", "405", "421", "431", "503"} <= set(operation["responses"])


def test_wrong_tokens_take_no_place_from_others(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """With room for one request at a time, another one is answered while a refusal waits."""
    monkeypatch.setattr("tokenization.app.IN_PROGRESS_LIMIT", 1)
    monkeypatch.setattr("tokenization.refusals.STEP_SECONDS", 1.0)
    refused = sample(service, "tokenization_refused_tokens_total")
    with ThreadPoolExecutor(1) as clients:
        headers = {**JSON, "Authorization": "Bearer wrong"}
        url = f"{service.url}/detokenize"
        waiting = clients.submit(requests.post, url, data=b'{"name": "n"}', headers=headers, timeout=10)
        wait_until("it is counted", lambda: sample(service, "tokenization_refused_tokens_total") == refused + 1)
        service.tokenize("n", "data")
        assert service.detokenize(name="n").status_code == 200
        assert not waiting.done(), "right tokens are never slowed"
        assert waiting.result().status_code == 401


def test_of_wrong_tokens_those_that_can_not_wait_are_429(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tokenization.refusals.WAITING_LIMIT", 0)
    answer = post(service, "/detokenize", b'{"name": "n"}', {"Authorization": "Bearer wrong"})
    error(answer, 429)
    assert answer.headers["Retry-After"] == "1"
    assert answer.headers["Connection"] == "close"
    service.tokenize("n", "data")
    assert service.detokenize(name="n").status_code == 200


def test_of_bodies_that_are_too_much_together_small_ones_are_taken(service: Service) -> None:
    service.status.body_bytes += BODIES_LIMIT
    try:
        answer = post(service, "/tokenize", b'{"name": "n", "data": "%b"}' % (b"d" * SMALL_BODY))
        assert "bodies" in error(answer, 429)
        service.tokenize("n", "data")
    finally:
        service.status.body_bytes -= BODIES_LIMIT
    assert service.status.body_bytes == 0
