# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""Files that vaults are made in, upgraded or refused. The recording was made by the last service of version 0."""

from __future__ import annotations

import asyncio
import json
import shutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import tokenization
from nacl.public import Box, PrivateKey
from tokenization.keys import Keys
from tokenization.sqlite import SqliteStorage
from tokenization.storage import Record, StorageError, WrongVaultError
from tokenization.vault import Vault
from tokenization.version_0 import Version0

RECORDINGS = Path(__file__).parent / "recordings"
RECORDED = json.loads((RECORDINGS / "version-0.json").read_text("utf-8"))
PRIVATE_KEY = bytes.fromhex(RECORDED["private_key"])
KEYS = Keys(PRIVATE_KEY)
# Ends the process by SIGKILL where it would call what is named.
KILLED = """
import asyncio, os, signal, sys
from pathlib import Path
from tokenization import sqlite
from tokenization.keys import Keys
def die(*arguments, **options):
    os.kill(os.getpid(), signal.SIGKILL)
{what} = die
asyncio.run(sqlite.SqliteStorage(Path(sys.argv[1])).open(Keys(bytes(range(32)))))
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "vault.db"


@pytest.fixture
def version_0(path: Path) -> Path:
    shutil.copyfile(RECORDINGS / "version-0.db", path)
    return path


def query(path: Path, *statements: str) -> list[Any]:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        return [connection.execute(statement).fetchall() for statement in statements][-1]


def opened(path: Path, keys: Keys = KEYS) -> None:
    async def run() -> None:
        storage = SqliteStorage(path)
        await storage.open(keys)
        await storage.close()

    asyncio.run(run())


def refused_unchanged(path: Path, keys: Keys = KEYS) -> str:
    before = path.read_bytes()
    with pytest.raises(WrongVaultError) as refusal:
        opened(path, keys)
    assert path.read_bytes() == before
    assert str(path) in str(refusal.value)
    return str(refusal.value)


def detokenized(path: Path, *tokens: str) -> list[str | None]:
    async def run() -> list[str | None]:
        storage = SqliteStorage(path)
        await storage.open(KEYS)
        vault = Vault(KEYS, storage)
        found = [await vault.detokenize_token(token) for token in tokens]
        await storage.close()
        return found

    return asyncio.run(run())


def killed(path: Path, what: str) -> None:
    folder = str(Path(tokenization.__file__).parent.parent)
    command = [sys.executable, "-c", KILLED.format(what=what), str(path)]
    done = subprocess.run(command, env={"PYTHONPATH": folder}, timeout=60, check=False)
    assert done.returncode == -signal.SIGKILL


def has_all_of_version_0(path: Path) -> None:
    stored = RECORDED["stored"]
    assert detokenized(path, *(each["token"] for each in stored)) == [each["data"] for each in stored]
    assert detokenized(path, *RECORDED["replaced"]) == [None]
    assert query(path, "SELECT records FROM vault_state") == [(len(stored),)]


def test_an_empty_file_is_refused(path: Path) -> None:
    path.touch()
    reason = refused_unchanged(path)
    assert "is empty: restore it from a backup, or remove it to begin a new vault" in reason


def test_an_empty_file_that_turns_up_is_left_as_it_is(path: Path) -> None:
    async def run() -> None:
        storage = SqliteStorage(path)
        await storage.open(KEYS)
        path.unlink()
        path.touch()
        with pytest.raises(StorageError):
            await storage.write([Record(bytes(16), bytes(16), b"sealed")])
        await storage.close()

    asyncio.run(run())
    assert path.stat().st_size == 0


def test_a_log_without_its_vault_is_refused(path: Path) -> None:
    log = Path(f"{path}-wal")
    log.write_bytes(b"records that are nowhere else")
    with pytest.raises(WrongVaultError, match="is gone"):
        opened(path)
    assert [left.name for left in path.parent.iterdir()] == [log.name]


@pytest.mark.parametrize("what", ["sqlite.connect", "sqlite.os.link", "sqlite.Path.unlink", "sqlite.os.fsync"])
def test_who_is_killed_while_making_a_vault_starts_again(path: Path, what: str) -> None:
    killed(path, what)
    opened(path)
    assert query(path, "SELECT records FROM vault_state") == [(0,)]


def test_services_that_start_at_once_share_a_vault(path: Path) -> None:
    async def run() -> None:
        storages = [SqliteStorage(path) for _unused in range(5)]
        await asyncio.gather(*(storage.open(KEYS) for storage in storages))
        vaults = [Vault(KEYS, storage) for storage in storages]
        tokens = await asyncio.gather(*(vault.tokenize(f"name-{at}", f"{at}") for at, vault in enumerate(vaults)))
        for vault in vaults:
            assert [await vault.detokenize_token(token) for token in tokens] == ["0", "1", "2", "3", "4"]
        for storage in storages:
            await storage.close()

    asyncio.run(run())
    assert not list(path.parent.glob("*.new"))


def test_a_vault_of_version_0_is_upgraded(version_0: Path) -> None:
    before = query(version_0, "SELECT id, nonce, sealed FROM vault")
    has_all_of_version_0(version_0)
    after = query(version_0, "SELECT id, nonce, sealed_v1 FROM vault")
    assert [row[:2] for row in after] == [row[:2] for row in before]
    assert query(version_0, "PRAGMA user_version") == [(1,)]
    made = version_0.with_name("made.db")
    opened(made)
    layout = "SELECT type, name, tbl_name FROM sqlite_schema ORDER BY name"
    assert query(version_0, layout) == query(made, layout)
    for table in ("vault", "vault_state"):
        columns = f"SELECT name, type, pk FROM pragma_table_info('{table}')"
        assert query(version_0, columns) == query(made, columns)
    opened(version_0)
    assert query(version_0, "SELECT id, nonce, sealed_v1 FROM vault") == after, "once"


def test_more_records_than_are_read_at_once(version_0: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tokenization.sqlite.RECORDS", 2)
    has_all_of_version_0(version_0)


@pytest.mark.parametrize("what", ["sqlite.make_durable", "sqlite.Version0.resealed", "sqlite.log.info"])
def test_who_is_killed_while_upgrading_starts_again(version_0: Path, what: str) -> None:
    killed(version_0, what)
    has_all_of_version_0(version_0)


def test_an_upgrade_that_fails_changes_nothing(version_0: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_unused: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    before = query(version_0, "SELECT * FROM vault", "SELECT * FROM vault_state")
    with monkeypatch.context() as patch:
        patch.setattr(Version0, "resealed", fail)
        with pytest.raises(StorageError, match="disk is full"):
            opened(version_0)
    assert query(version_0, "SELECT sealed FROM vault", "SELECT * FROM vault_state") == before
    has_all_of_version_0(version_0)


def test_services_that_start_at_once_upgrade_it_once(version_0: Path) -> None:
    async def run() -> None:
        storages = [SqliteStorage(version_0) for _unused in range(3)]
        await asyncio.gather(*(storage.open(KEYS) for storage in storages))
        for storage in storages:
            await storage.close()

    asyncio.run(run())
    has_all_of_version_0(version_0)


@pytest.mark.parametrize("sealed", ["zeroblob(100)", "substr(sealed, 1, 60)", "substr(sealed, 1, 40)", "x''", "5"])
def test_a_damaged_record_is_damaged_after_the_upgrade_too(version_0: Path, sealed: str) -> None:
    ((damaged,),) = query(version_0, "SELECT max(id) FROM vault")
    with closing(sqlite3.connect(version_0, isolation_level=None)) as other:
        other.execute(f"UPDATE vault SET sealed = {sealed} WHERE id = ?", (damaged,))
    opened(version_0)
    whole = [each for each in RECORDED["stored"] if KEYS.read_token(each["token"])[0] != damaged]
    assert len(whole) == len(RECORDED["stored"]) - 1
    assert detokenized(version_0, *(each["token"] for each in whole)) == [each["data"] for each in whole]


def test_a_service_of_version_0_that_still_runs_reads_and_writes_no_more(version_0: Path) -> None:
    statements = (
        "INSERT INTO vault VALUES (x'00', x'00', x'00') "
        "ON CONFLICT (id) DO UPDATE SET nonce = excluded.nonce, sealed = excluded.sealed",
        "SELECT id, nonce, sealed FROM vault WHERE id = x'00'",
        "SELECT tokens FROM vault_state",
        "SELECT public_key FROM vault_state",
    )
    with closing(sqlite3.connect(version_0, isolation_level=None)) as service:
        for statement in statements:
            service.execute(statement)
        opened(version_0)
        for statement in statements:
            with pytest.raises(sqlite3.OperationalError, match="no such column"):
                service.execute(statement)


def test_a_vault_that_is_set_back_to_slip_in_a_box_is_refused(version_0: Path) -> None:
    opened(version_0)
    sender, owner = PrivateKey.generate(), PrivateKey(PRIVATE_KEY).public_key
    box = bytes(sender.public_key) + Box(sender, owner).encrypt(b"forged")
    with closing(sqlite3.connect(version_0, isolation_level=None)) as other:
        other.execute("UPDATE vault SET sealed_v1 = ? WHERE id = (SELECT max(id) FROM vault)", (box,))
        other.execute("ALTER TABLE vault RENAME COLUMN sealed_v1 TO sealed")
        other.execute("ALTER TABLE vault_state RENAME COLUMN fingerprint TO public_key")
        other.execute("ALTER TABLE vault_state RENAME COLUMN records TO tokens")
        other.execute("UPDATE vault_state SET public_key = ?", (bytes(owner),))
        other.execute("PRAGMA user_version = 0")
    assert "was upgraded before" in refused_unchanged(version_0)


def test_another_key_does_not_upgrade_it(version_0: Path) -> None:
    assert "another key" in refused_unchanged(version_0, Keys(bytes(32)))


def test_a_vault_of_a_later_version_is_refused(path: Path) -> None:
    opened(path)
    query(path, "PRAGMA user_version = 2")
    assert "is of version 2, and this service knows versions up to 1" in refused_unchanged(path)


def test_a_vault_without_a_state_is_refused(path: Path) -> None:
    opened(path)
    query(path, "DELETE FROM vault_state")
    assert "damaged" in refused_unchanged(path)
