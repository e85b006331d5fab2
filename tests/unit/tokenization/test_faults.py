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
from nacl.public import Box, PrivateKey
from tokenization.logs import Formatter
from tokenization.storage import StorageError
from tokenization.vault import Vault

from tests.unit.tokenization.served import PRIVATE_KEY, Service, serving


def test_a_fault_is_503_and_the_log_quotes_nothing(
    service: Service, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def break_down(self: Vault, name: str) -> str:
        raise ZeroDivisionError(f"secret {name}")

    monkeypatch.setattr(Vault, "detokenize_name", break_down)
    answer = service.detokenize(name="my-name")
    assert answer.status_code == 503
    assert answer.json() == {"error": "a fault in the service: its log tells where"}
    # Else who keeps the connection, as the service closes it, may find it reset under the next request.
    assert answer.headers["Connection"] == "close"
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


@pytest.mark.parametrize(
    "sealed", [b"", b"short", b"\0" * 100, "text", 5], ids=["empty", "short", "zeros", "text", "number"]
)
def test_a_damaged_record_is_503_and_others_are_not_harmed(tmp_path: Path, sealed: object) -> None:
    with serving(tmp_path / "vault.db", False) as service:
        service.tokenize("damaged", "data")
        with sqlite3.connect(service.path) as other:
            other.execute("UPDATE vault SET sealed_v1 = ?", (sealed,))
        service.tokenize("whole", "data")
        answer = service.detokenize(name="damaged")
        assert answer.status_code == 503
        assert "damaged" in answer.json()["error"]
        assert service.detokenize(name="whole").json() == {"data": "data"}


# By somebody who can write the database and knows the public key, which services of before stored in it.
FORGERIES = {
    "records that are swapped": (
        "UPDATE vault SET (nonce, sealed_v1) = (SELECT nonce, sealed_v1 FROM old WHERE id != vault.id)"
    ),
    "data that is swapped": "UPDATE vault SET sealed_v1 = (SELECT sealed_v1 FROM old WHERE id != vault.id)",
    "nonces that are swapped": "UPDATE vault SET nonce = (SELECT nonce FROM old WHERE id != vault.id)",
    "a nonce of its own": "UPDATE vault SET nonce = randomblob(16)",
    "a nonce of text": "UPDATE vault SET nonce = 'text'",
    "a box to the public key": "UPDATE vault SET sealed_v1 = :box",
}


@pytest.mark.parametrize("statement", FORGERIES.values(), ids=FORGERIES)
def test_a_record_that_is_not_the_services_own_is_damaged(tmp_path: Path, statement: str) -> None:
    sender, owner = PrivateKey.generate(), PrivateKey(PRIVATE_KEY).public_key
    box = bytes(sender.public_key) + Box(sender, owner).encrypt(b"forged")
    with serving(tmp_path / "vault.db", False) as service:
        tokens = {name: service.tokenize(name, f"data of {name}") for name in ("one", "other")}
        with sqlite3.connect(service.path) as other:
            other.execute("CREATE TEMPORARY TABLE old AS SELECT * FROM vault")
            assert other.execute(statement, {"box": box}).rowcount == 2
        for name, token in tokens.items():
            for answer in (service.detokenize(name=name), service.detokenize(token=token)):
                assert answer.status_code == 503
                assert "damaged" in answer.json()["error"]
        service.tokenize("one", "anew")
        assert service.detokenize(name="one").json() == {"data": "anew"}


def test_the_log_is_one_object_a_line() -> None:
    stream = StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(Formatter("%(levelname)s %(message)s"))
    logger = logging.Logger("test")
    logger.addHandler(handler)
    logger.info("two\nlines", extra={"reason": "more"})
    assert json.loads(stream.getvalue()) == {"levelname": "INFO", "message": "two\nlines", "reason": "more"}
    assert stream.getvalue().count("\n") == 1
