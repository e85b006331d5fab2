# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""What must never happen, and what a client and the log are told if it does."""

from __future__ import annotations

import json
import logging
import sqlite3
import time
from io import StringIO
from pathlib import Path

import pytest
from tokenization.logs import Formatter
from tokenization.storage import StorageError
from tokenization.vault import Vault

from tests.unit.tokenization.served import Service, serving


def test_a_fault_is_503_and_the_log_quotes_nothing(
    service: Service, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def break_down(self: Vault, name: str) -> str:
        raise ZeroDivisionError(f"secret {name}")

    monkeypatch.setattr(Vault, "detokenize_name", break_down)
    answer = service.detokenize(name="my-name")
    assert answer.status_code == 503
    assert answer.json() == {"error": "a fault in the service: its log tells where"}
    end = time.monotonic() + 10
    while not caplog.records and time.monotonic() < end:
        time.sleep(0.01)
    text = "\n".join(Formatter().format(line) for line in caplog.records)
    assert "ZeroDivisionError at " in text
    assert "break_down" in text
    assert "secret" not in text
    assert "my-name" not in text


def test_a_storage_error_is_503(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(self: Vault, name: str) -> str:
        raise StorageError("a reason with an address")

    monkeypatch.setattr(Vault, "detokenize_name", fail)
    answer = service.detokenize(name="my-name")
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "1"
    assert "address" not in answer.text


@pytest.mark.parametrize("sealed", [b"", b"short", b"\0" * 100], ids=["empty", "short", "zeros"])
def test_a_damaged_record_is_503_and_others_are_not_harmed(tmp_path: Path, sealed: bytes) -> None:
    with serving(tmp_path / "vault.db", False) as service:
        service.tokenize("damaged", "data")
        with sqlite3.connect(service.path) as other:
            other.execute("UPDATE vault SET sealed = ?", (sealed,))
        service.tokenize("whole", "data")
        answer = service.detokenize(name="damaged")
        assert answer.status_code == 503
        assert "damaged" in answer.json()["error"]
        assert service.detokenize(name="whole").json() == {"data": "data"}


def test_the_log_is_one_object_a_line() -> None:
    stream = StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(Formatter("%(levelname)s %(message)s"))
    logger = logging.Logger("test")
    logger.addHandler(handler)
    logger.info("two\nlines", extra={"reason": "more"})
    assert json.loads(stream.getvalue()) == {"levelname": "INFO", "message": "two\nlines", "reason": "more"}
    assert stream.getvalue().count("\n") == 1
