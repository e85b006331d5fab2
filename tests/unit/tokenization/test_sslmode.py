# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""Whom the service speaks to without a proof, by the DSN alone."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
import trustme
from tokenization.keys import Keys
from tokenization.postgresql import PostgresqlStorage, sslmode
from tokenization.storage import StorageError


@pytest.fixture(autouse=True)
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("PGHOST", "PGSSLMODE"):
        monkeypatch.delenv(variable, raising=False)
    trustme.CA().cert_pem.write_to_path(str(tmp_path / "ca.crt"))
    monkeypatch.setenv("PGSSLROOTCERT", str(tmp_path / "ca.crt"))


@pytest.mark.parametrize(
    "dsn",
    [
        "postgresql://u:p@db.example/d",
        "postgres://u:p@192.0.2.1:5432/d",
        "postgresql://u:p@[2001:db8::1]:5432/d",
        "postgresql://u:p%40localhost@db.example/d",
        "postgresql://u@/d?host=db.example",
        "postgresql://u@localhost,db.example:5433/d",
        "postgresql://u@localhost.example/d",
        "postgresql://u@127.0.0.1.example/d",
        "postgresql://u@db.example/d?application_name=x&sslmode=",
    ],
)
def test_another_host_has_to_prove_who_it_is(dsn: str) -> None:
    assert sslmode(dsn) == "verify-full"


@pytest.mark.parametrize(
    "dsn",
    [
        "postgresql://u:p@localhost/d",
        "postgresql://u:p@127.0.0.1:5432/d",
        "postgresql://u:p@[::1]:5432/d",
        "postgresql://u@/d",
        "postgresql:///d",
        "postgresql://u@/d?host=/run/postgresql",
        "postgresql://u@%2Frun%2Fpostgresql/d",
    ],
)
def test_this_host_need_not(dsn: str) -> None:
    assert sslmode(dsn) == "prefer"


def test_what_is_stated_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    assert sslmode("postgresql://db.example/d?sslmode=disable") == "disable"
    assert sslmode("postgresql://localhost/d?sslmode=verify-ca") == "verify-ca"
    monkeypatch.setenv("PGHOST", "db.example")
    assert sslmode("postgresql:///d") == "verify-full"
    monkeypatch.setenv("PGSSLMODE", "require")
    assert sslmode("postgresql:///d") == "require"
    assert sslmode("postgresql:///d?sslmode=verify-full") == "verify-full"


@pytest.mark.parametrize(
    "dsn",
    [
        "",
        "hunter2",
        "mysql://u:hunter2@h/d",
        "postgresql://u:hunter2@[::1/d",
        "postgresql://u:hunter2@localhost:port/d",
        "postgresql://u:hunter2@localhost/d?sslmode=on",
    ],
)
def test_what_is_none_is_not_quoted(dsn: str) -> None:
    with pytest.raises(StorageError, match="the DSN is not of the form") as raised:
        asyncio.run(PostgresqlStorage(dsn).open(Keys(bytes(32))))
    assert "hunter2" not in str(raised.value)
