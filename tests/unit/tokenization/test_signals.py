# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""What the metrics tell whoever defends the service, by words that were chosen for it."""

from __future__ import annotations

import re
import socket
from pathlib import Path
from typing import Any

import pytest
import trustme
from cryptography import x509
from prometheus_client.parser import text_string_to_metric_families
from tokenization import metrics, shapes
from tokenization.tls import validity

from tests.unit.tokenization.served import BEARER_TOKEN, Service
from tests.waiting import wait_until

README = Path(__file__).resolve().parents[3] / "files" / "tokenization" / "README.md"
TOKEN = {"Authorization": f"Bearer {BEARER_TOKEN}"}


def series(service: Service, name: str) -> dict[tuple[str, ...], float]:
    """The values of a metric, by those of its labels."""
    text = service.http.get(f"{service.url}/metrics", timeout=10).text
    return {
        tuple(sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == name
    }


def refusals(service: Service) -> dict[tuple[str, ...], float]:
    return {
        tuple(sorted(labels)): value
        for labels, value in series(service, "tokenization_refusals_total").items()
        if value
    }


@pytest.mark.parametrize(
    ("method", "path", "asked", "reason"),
    [
        ("POST", "/detokenize", {"json": {"name": "a"}}, "no_credential"),
        ("POST", "/detokenize", {"json": {"name": "a"}, "headers": {"Authorization": "Bearer x"}}, "wrong_credential"),
        ("POST", "/detokenize", {"json": {"name": "nobody's"}, "headers": TOKEN}, "unknown_name"),
        ("POST", "/detokenize", {"json": {"token": "0" * 64}, "headers": TOKEN}, "unknown_token"),
        ("POST", "/tokenize", {"data": "{", "headers": {"Content-Type": "application/json"}}, "malformed"),
        ("POST", "/tokenize", {"json": {"name": 1}}, "malformed"),
        ("POST", "/tokenize", {"json": "x" * shapes.BODY_LIMIT}, "too_large"),
        ("GET", "/tokenize", {"headers": {"x": "y" * 20_000}}, "too_large"),
        ("GET", "/tokenize", {}, "wrong_method"),
        ("POST", "/tokenize", {"data": "x"}, "wrong_type"),
        ("GET", "/admin", {}, "unknown_route"),
        ("GET", "/healthz", {"headers": {"Host": "evil.example.org"}}, "wrong_origin"),
    ],
)
def test_a_refusal_is_counted_by_its_reason(
    service: Service, method: str, path: str, asked: dict[str, Any], reason: str
) -> None:
    before = refusals(service)
    service.http.request(method, f"{service.url}{path}", timeout=10, **asked)
    # A head that is too large is refused before its route is known.
    route = "other" if path == "/admin" or "x" in asked.get("headers", {}) else path
    label = tuple(sorted((route, reason)))
    assert refusals(service) == {**before, label: before.get(label, 0) + 1}


def test_too_many_at_once_are_counted(service: Service) -> None:
    before = refusals(service).get(("/tokenize", "too_many"), 0)
    service.status.count(2000)
    service.http.post(f"{service.url}/tokenize", json={"name": "a", "data": "b"}, timeout=10)
    service.status.count(-2000)
    assert refusals(service)["/tokenize", "too_many"] == before + 1


def test_every_reason_has_its_row_in_the_readme_and_its_series_at_zero(service: Service) -> None:
    rows = re.findall(r"^\| `(\w+)` \| (?:\d{3}|4)", README.read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(rows) == metrics.ALL_REASONS
    told = {reason for labels in series(service, "tokenization_refusals_total") for reason in labels}
    assert told >= set(metrics.ALL_REASONS)


def test_names_that_exist_are_told_from_those_that_do_not(service: Service) -> None:
    before = series(service, "tokenization_lookups_total")
    token = service.tokenize("known", "data")
    for wanted in ({"name": "known"}, {"name": "unknown"}, {"token": token}, {"token": "f" * 64}):
        service.detokenize(**wanted)
    after = series(service, "tokenization_lookups_total")
    assert {labels: after[labels] - before[labels] for labels in after} == {
        (by, known): 1 for by in ("name", "token") for known in ("yes", "no")
    }


def test_sizes_are_counted_whole_also_of_what_is_refused(service: Service) -> None:
    before = series(service, "tokenization_request_size_bytes_sum")["/tokenize",]
    for size in (100, shapes.BODY_LIMIT + 5):
        body = b"x" * size
        service.http.post(
            f"{service.url}/tokenize", data=body, headers={"Content-Type": "application/json"}, timeout=10
        )
    after = series(service, "tokenization_request_size_bytes_sum")["/tokenize",]
    assert after - before == 100 + shapes.BODY_LIMIT + 5


def test_connections_that_are_held_with_half_a_request(service: Service) -> None:
    address = service.url.removeprefix("http://").split(":")

    def states() -> dict[tuple[str, ...], float]:
        return series(service, "tokenization_connections")

    states()
    opened = [socket.create_connection((address[0], int(address[1]))) for _unused in range(3)]
    _silent, half, after_one = opened
    half.sendall(b"POST /tokenize HTTP/1.1\r\nHost: 127")
    after_one.sendall(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
    assert after_one.recv(1000).startswith(b"HTTP/1.1 200")
    # Who asks is worked for.
    wait_until("they are seen", lambda: states() == {("receiving",): 2, ("idle",): 1, ("working",): 1})
    after_one.sendall(b"POST /tokenize HTTP/1.1\r\n")
    wait_until("half of its second", lambda: states() == {("receiving",): 3, ("idle",): 0, ("working",): 1})
    for connection in opened:
        connection.close()
    wait_until("they are gone", lambda: states() == {("receiving",): 0, ("idle",): 0, ("working",): 1})


def test_what_a_client_sends_becomes_no_label(service: Service) -> None:
    for path in ("/a", "/b?x=1", "/tokenize/", "/%00"):
        service.http.get(f"{service.url}{path}", timeout=10, headers={"Authorization": "Bearer secret"})
    routes = {route for labels in series(service, "tokenization_refusals_total") for route in labels if "/" in route}
    assert routes == {"/tokenize", "/detokenize", "/healthz", "/readyz", "/metrics", "/openapi.json"}


def test_without_a_certificate_none_is_told_of(service: Service) -> None:
    assert "tokenization_certificate" not in service.http.get(f"{service.url}/metrics", timeout=10).text


def test_when_a_certificate_begins_and_ends() -> None:
    chain = trustme.CA().issue_cert("127.0.0.1").cert_chain_pems
    pem = b"".join(blob.bytes() for blob in chain)
    certificate = x509.load_pem_x509_certificate(pem)
    assert validity(pem.decode()) == (
        certificate.not_valid_before_utc.timestamp(),
        certificate.not_valid_after_utc.timestamp(),
    )
    with pytest.raises(ValueError, match="substring not found"):
        validity("no certificate")
