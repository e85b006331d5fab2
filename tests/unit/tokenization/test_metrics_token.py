# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""The token that Prometheus sends, and that the API does not take."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from tokenization.metrics import REFUSED_TOKENS
from tokenization.metrics_token import MetricsToken
from tokenization.settings import SettingsError

from tests.unit.tokenization.served import BEARER_TOKEN, Service, serving

TOKEN = "a-metrics-token-for-tests"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "metrics_token"
    file.write_text(TOKEN + "\n")
    return file


@pytest.fixture
def closed(tmp_path: Path, file: Path) -> Iterator[Service]:
    with serving(tmp_path / "vault.db", False, metrics_token=MetricsToken(file)) as service:
        yield service


def metrics(service: Service, authorization: str | None) -> requests.Response:
    headers = {} if authorization is None else {"Authorization": authorization}
    return service.http.get(f"{service.url}/metrics", headers=headers, timeout=10)


def test_metrics_want_it(closed: Service) -> None:
    for authorization in (None, "", "Bearer", f"Bearer {TOKEN}x", f"Bearer {TOKEN[:-1]}", "Bearer ä", f"Basic {TOKEN}"):
        answer = metrics(closed, authorization)
        assert answer.status_code == 401, authorization
        assert answer.headers["WWW-Authenticate"] == "Bearer"
        assert "tokenization_tokens" not in answer.text
    answer = metrics(closed, f"Bearer {TOKEN}")
    assert (answer.status_code, "tokenization_tokens" in answer.text) == (200, True)


def test_neither_token_is_the_others(closed: Service) -> None:
    closed.tokenize("n", "data")
    assert metrics(closed, f"Bearer {BEARER_TOKEN}").status_code == 401
    headers = {"Authorization": f"Bearer {TOKEN}"}
    answer = closed.http.post(f"{closed.url}/detokenize", json={"name": "n"}, headers=headers, timeout=10)
    assert answer.status_code == 401


def test_probes_and_the_document_stay_open(closed: Service) -> None:
    for route in ("/healthz", "/readyz", "/openapi.json"):
        assert closed.http.get(f"{closed.url}{route}", timeout=10).status_code == 200
    described = closed.http.get(f"{closed.url}/openapi.json", timeout=10).json()["paths"]["/metrics"]["get"]
    assert described["security"] == [{"bearer": []}]
    assert {"401", "429"} <= set(described["responses"])


def test_wrong_ones_are_counted_and_wait_as_those_of_the_api(closed: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    before = REFUSED_TOKENS._value.get()
    assert metrics(closed, "Bearer wrong").status_code == 401
    assert REFUSED_TOKENS._value.get() == before + 1
    monkeypatch.setattr("tokenization.refusals.WAITING_LIMIT", 0)
    answer = metrics(closed, "Bearer wrong")
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "1")
    assert metrics(closed, f"Bearer {TOKEN}").status_code == 200


def test_a_new_one_is_taken_and_what_is_none_is_not(
    closed: Service, file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    new = "another-token-of-25-chars"
    assert len(new) == len(TOKEN)
    with caplog.at_level(logging.INFO):
        beside = file.with_name("beside")
        beside.write_text(new)
        beside.replace(file)
        assert metrics(closed, f"Bearer {new}").status_code == 200
        assert metrics(closed, f"Bearer {TOKEN}").status_code == 401
        for spoil in (lambda: file.write_text(""), lambda: file.write_text("short"), file.unlink):
            spoil()
            for _unused in range(2):
                assert metrics(closed, f"Bearer {new}").status_code == 200
            assert metrics(closed, "Bearer short").status_code == 401
        file.write_text(TOKEN)
        assert metrics(closed, f"Bearer {TOKEN}").status_code == 200
    told = [record.levelname for record in caplog.records if record.name == "tokenization.metrics_token"]
    assert told == ["INFO", "ERROR", "ERROR", "ERROR", "INFO"], "each once"
    assert not [record for record in caplog.records if new in str(record.__dict__)]


@pytest.mark.parametrize("content", [None, "", "short", "with spaces, but long enough", b"\xff" * 20])
def test_what_is_none_is_refused_at_the_start_and_not_quoted(file: Path, content: str | bytes | None) -> None:
    if content is None:
        file.unlink()
    else:
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(SettingsError, match="TOKENIZATION_METRICS_TOKEN_FILE") as raised:
        MetricsToken(file)
    assert not isinstance(content, str) or not content or content not in str(raised.value)
