# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""What the service refuses to start on, and that it says why and changes nothing."""

from __future__ import annotations

import secrets
import shutil
import sqlite3
from pathlib import Path

import pytest

from tests.integration.tokenization.load import enough, store
from tests.integration.tokenization.service import BEARER_TOKEN, Postgresql, Service


@pytest.fixture(scope="module")
def pattern(tmp_path_factory: pytest.TempPathFactory) -> Service:
    """A vault of some pages, at rest."""
    folder = tmp_path_factory.mktemp("pattern")
    service = Service(folder, folder / "vault.db", None).start()
    store(service.url, "name", lambda answers: enough(answers, 300))
    assert service.terminate() == 0
    return service


@pytest.fixture
def vault(pattern: Service, on_sqlite: Service) -> Service:
    shutil.copyfile(pattern.database, on_sqlite.database)
    for variable in ("TOKENIZATION_PRIVATE_KEY_FILE", "TOKENIZATION_BEARER_TOKEN_FILE"):
        shutil.copyfile(pattern.environment[variable], on_sqlite.environment[variable])
    return on_sqlite


def refused_unchanged(service: Service) -> str:
    before = service.database.read_bytes()
    reason = service.refused()
    assert service.database.read_bytes() == before
    assert str(service.database) in reason
    return reason


def other_key(service: Service) -> None:
    Path(service.environment["TOKENIZATION_PRIVATE_KEY_FILE"]).write_text(secrets.token_hex(32))


def test_a_wrong_key(vault: Service) -> None:
    other_key(vault)
    assert "another key" in refused_unchanged(vault)


def test_a_wrong_key_on_postgresql(on_postgresql: Service) -> None:
    assert on_postgresql.start().terminate() == 0
    other_key(on_postgresql)
    assert "another key" in on_postgresql.refused()


def test_a_damaged_page(vault: Service) -> None:
    with vault.database.open("r+b") as file:
        file.seek(vault.database.stat().st_size // 4096 // 2 * 4096)
        file.write(secrets.token_bytes(4096))
    assert "damaged" in refused_unchanged(vault)


def test_a_damaged_header(vault: Service) -> None:
    with vault.database.open("r+b") as file:
        file.write(secrets.token_bytes(100))
    assert "not a database" in refused_unchanged(vault)


def test_half_a_file(vault: Service) -> None:
    content = vault.database.read_bytes()
    vault.database.write_bytes(content[: len(content) // 2])
    assert "malformed" in refused_unchanged(vault)


def test_a_database_of_another_program(on_sqlite: Service) -> None:
    with sqlite3.connect(on_sqlite.database) as other:
        other.execute("CREATE TABLE accounts (name TEXT)")
    assert "not a vault" in refused_unchanged(on_sqlite)


def test_text(on_sqlite: Service) -> None:
    on_sqlite.database.write_text("tokens:\n  name: token\n" * 100)
    assert "not a database" in refused_unchanged(on_sqlite)


def test_a_folder(on_sqlite: Service) -> None:
    on_sqlite.database.mkdir()
    assert "unable to open" in on_sqlite.refused()


def test_a_folder_that_is_not_there(on_sqlite: Service) -> None:
    on_sqlite.environment["TOKENIZATION_DATABASE"] = "/nowhere/vault.db"
    assert on_sqlite.refused() == "/nowhere/vault.db: No such file or directory"


def test_an_empty_file(on_sqlite: Service) -> None:
    on_sqlite.database.touch()
    assert "is empty" in refused_unchanged(on_sqlite)


def test_postgresql_that_is_not_there(on_postgresql: Service, postgresql: Postgresql) -> None:
    postgresql.stop()
    assert "PostgreSQL" in on_postgresql.refused()


def test_postgresql_that_does_not_write_to_disk(on_postgresql: Service, postgresql: Postgresql) -> None:
    postgresql.query("ALTER SYSTEM SET fsync = off")
    postgresql.query("SELECT pg_reload_conf()")
    assert "fsync" in on_postgresql.refused()


def test_a_dsn_that_is_none_is_not_quoted(on_postgresql: Service) -> None:
    Path(on_postgresql.environment["TOKENIZATION_DSN_FILE"]).write_text("mysql://user:hunter2@host/database")
    assert "DSN" in on_postgresql.refused()
    assert "hunter2" not in on_postgresql.log.read_text()


@pytest.mark.parametrize("content", [None, "", "short"])
def test_a_metrics_token_that_is_none(on_sqlite: Service, tmp_path: Path, content: str | None) -> None:
    file = tmp_path / "metrics_token"
    if content is not None:
        file.write_text(content)
    on_sqlite.environment["TOKENIZATION_METRICS_TOKEN_FILE"] = str(file)
    assert "TOKENIZATION_METRICS_TOKEN_FILE" in on_sqlite.refused()
    assert not on_sqlite.database.exists()


def test_a_port_that_is_taken(vault: Service, tmp_path: Path) -> None:
    vault.start()
    second = Service(tmp_path / "second", tmp_path / "second.db", None)
    second.environment["TOKENIZATION_PORT"] = vault.environment["TOKENIZATION_PORT"]
    assert "Address already in use" in second.refused()


def test_the_log_is_json_without_secrets(vault: Service) -> None:
    vault.start()
    assert vault.detokenize(name="name-1-1").json() == {"data": "data of name-1-1"}
    assert vault.terminate() == 0
    text = vault.log.read_text()
    assert vault.logged(), "each line is a JSON object"
    key = Path(vault.environment["TOKENIZATION_PRIVATE_KEY_FILE"]).read_text()
    for secret in (key, BEARER_TOKEN, "name-1", "data of"):
        assert secret not in text


def test_a_vault_can_be_read_by_its_owner_alone(pattern: Service) -> None:
    assert pattern.database.stat().st_mode & 0o077 == 0
