# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""The vault in a SQLite file: WAL mode, synchronised at every commit."""

from __future__ import annotations

import asyncio
import fcntl
import logging
import os
import sqlite3
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path
from typing import TypeVar

from tokenization.keys import VERSION, Keys
from tokenization.storage import Record, StorageError, WrongVaultError, refuse_other_key, refuse_other_version
from tokenization.version_0 import RECORDS, WAIT_SECONDS, Version0

T = TypeVar("T")

APPLICATION_ID = 0x544F4B56
BUSY_SECONDS = 2.0
LOCK_SECONDS = 0.1
# After so many records, a thread of its own moves what the log holds into the database. With many names each record
# is on another page; in small portions, commits hardly have to wait for the disk.
MOVE_AFTER_RECORDS = 100
# The writer moves the rest when the log has so many pages, and starts the log anew.
LOG_PAGES = 8192

SCHEMA = f"""
BEGIN IMMEDIATE;
CREATE TABLE vault (id BLOB PRIMARY KEY, nonce BLOB NOT NULL, sealed_v1 BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE vault_state (fingerprint BLOB NOT NULL, records INTEGER NOT NULL);
CREATE TRIGGER vault_counts AFTER INSERT ON vault BEGIN UPDATE vault_state SET records = records + 1; END;
PRAGMA application_id = {APPLICATION_ID};
PRAGMA user_version = {VERSION};
"""
UPGRADE = f"""
ALTER TABLE vault RENAME COLUMN sealed TO sealed_v1;
ALTER TABLE vault_state RENAME COLUMN public_key TO fingerprint;
ALTER TABLE vault_state RENAME COLUMN tokens TO records;
PRAGMA user_version = {VERSION};
"""
# Bytes, whatever another program has put there.
COLUMNS = "id, CAST(nonce AS BLOB), CAST(sealed_v1 AS BLOB)"

log = logging.getLogger(__name__)


class _Connection:
    """One connection with the thread that uses it; opened on first use, and anew after any error."""

    def __init__(self, path: Path, name: str) -> None:
        self._path = path
        self._executor = ThreadPoolExecutor(1, name)
        self._connection: sqlite3.Connection | None = None
        self._files: tuple[tuple[int, int], ...] = ()
        self.fingerprint = b""

    async def call(self, work: Callable[[sqlite3.Connection], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._executor, self._call, work)

    def _call(self, work: Callable[[sqlite3.Connection], T]) -> T:
        try:
            if self._connection is None:
                self._connection = connect(self._path)
                # First, since even that a file is to have a log is written into it.
                found = version(self._connection), owner(self._connection, str(self._path))
                if found != (VERSION, self.fingerprint):
                    raise StorageError(f"{self._path} is not the vault that was opened at the start")
                make_durable(self._connection)
                # The first read opens the log.
                self._connection.execute("SELECT * FROM vault_state").fetchone()
                self._files = self._identity()
            result = work(self._connection)
            # A file that was moved or removed is still written to by whoever holds it open, and then lost.
            if self._identity() != self._files:
                raise StorageError(f"{self._path} was moved, replaced or removed")
        except (sqlite3.Error, OSError, StorageError) as error:
            self._close()
            raise StorageError(str(error)) from error
        return result

    def _identity(self) -> tuple[tuple[int, int], ...]:
        states = [Path(f"{self._path}{suffix}").stat() for suffix in ("", "-wal")]
        return tuple((state.st_dev, state.st_ino) for state in states)

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def let_go(self) -> None:
        """Close its files as soon as its thread is free."""
        self._executor.submit(self._close)

    async def close(self) -> None:
        await asyncio.get_running_loop().run_in_executor(self._executor, self._close)
        self._executor.shutdown()


def connect(path: Path) -> sqlite3.Connection:
    """Open the file, which has to be there. Raises sqlite3.Error."""
    return sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=rw",
        uri=True,
        timeout=BUSY_SECONDS,
        isolation_level=None,
        check_same_thread=False,
    )


def make_durable(connection: sqlite3.Connection) -> None:
    """Make every transaction reach the disk. Raises sqlite3.Error."""
    if connection.execute("PRAGMA journal_mode = WAL").fetchone() != ("wal",):
        raise sqlite3.OperationalError("the file system can not hold a database in WAL mode")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute(f"PRAGMA wal_autocheckpoint = {LOG_PAGES}")


def version(connection: sqlite3.Connection) -> int:
    """Return what the database states; 0 where it states none."""
    number: int = connection.execute("PRAGMA user_version").fetchone()[0]
    return number


def owner(connection: sqlite3.Connection, where: str, column: str = "fingerprint") -> bytes:
    """Return what the vault's state says of its key. Raises WrongVaultError; sqlite3.Error where there is no vault."""
    row = connection.execute(f"SELECT {column} FROM vault_state").fetchone()
    if row is None:
        raise WrongVaultError(f"{where} is damaged (vault_state is empty): restore it from a backup")
    key: bytes = row[0]
    return key


def make(path: Path, keys: Keys) -> None:
    """Make a vault, all at once: a service that is killed meanwhile leaves no part of one under that name.

    Where another service was quicker, its vault stays. Raises OSError, sqlite3.Error.
    """
    descriptor, name = tempfile.mkstemp(".new", f"{path.name}.", path.parent)
    os.close(descriptor)
    try:
        with closing(connect(Path(name))) as connection:
            connection.execute("PRAGMA journal_mode = OFF")
            connection.executescript(SCHEMA)
            connection.execute("INSERT INTO vault_state VALUES (?, 0)", (keys.fingerprint,))
            connection.execute("COMMIT")
            make_durable(connection)
        with suppress(FileExistsError):
            os.link(name, path)
    finally:
        Path(name).unlink()
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def upgrade(connection: sqlite3.Connection, keys: Keys, where: str) -> None:
    """Bring a vault of version 0 to this one, in one transaction. Raises WrongVaultError, sqlite3.Error."""
    version_0 = Version0(keys, where)
    connection.execute(f"PRAGMA busy_timeout = {WAIT_SECONDS * 1000}")
    make_durable(connection)
    connection.execute("BEGIN IMMEDIATE")
    if version(connection) == VERSION:
        connection.execute("ROLLBACK")
        return
    refuse_other_key(owner(connection, where, "public_key") == version_0.public_key, where)
    for statement in UPGRADE.strip().splitlines():
        connection.execute(statement)
    connection.execute("UPDATE vault_state SET fingerprint = ?", (keys.fingerprint,))
    last = b""
    page = f"SELECT {COLUMNS} FROM vault WHERE id > ? ORDER BY id LIMIT {RECORDS}"
    while rows := connection.execute(page, (last,)).fetchall():
        resealed = version_0.resealed(Record(*row) for row in rows)
        connection.executemany("UPDATE vault SET sealed_v1 = ? WHERE id = ?", resealed)
        last = rows[-1][0]
    connection.execute("COMMIT")
    log.info("the vault was upgraded", extra={"version": VERSION})


class SqliteStorage:
    """With `alone`, its folder is no other service's as long as it is open, where all are told so."""

    def __init__(self, path: Path, alone: bool = False) -> None:
        self._path = path
        self._alone = alone
        self._folder: int | None = None
        self._writer = _Connection(path, "writer")
        self._reader = _Connection(path, "reader")
        self._mover = _Connection(path, "mover")
        self._connections = (self._writer, self._reader, self._mover)
        self._records_to_move = 0
        self._move: asyncio.Task[None] | None = None

    async def open(self, keys: Keys) -> None:
        if self._alone:
            await self._have_the_folder()
        await asyncio.to_thread(self._prepare, keys)
        for connection in self._connections:
            connection.fingerprint = keys.fingerprint

    async def _have_the_folder(self) -> None:
        """Wait until no other service has it. The system takes it from one that is killed."""
        try:
            self._folder = os.open(self._path.parent, os.O_RDONLY | os.O_DIRECTORY)
            while True:
                try:
                    fcntl.flock(self._folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    return
                except BlockingIOError:
                    await asyncio.sleep(LOCK_SECONDS)
        except OSError as error:
            raise StorageError(f"{self._path.parent}: {error.strerror}") from error

    def _prepare(self, keys: Keys) -> None:
        where = str(self._path)
        try:
            if not self._path.exists():
                self._refuse_a_log_alone()
                make(self._path, keys)
            # SQLite would take it for a new database.
            if self._path.is_file() and self._path.stat().st_size == 0:
                raise WrongVaultError(f"{where} is empty: restore it from a backup, or remove it to begin a new vault")
            with closing(connect(self._path)) as connection:
                if connection.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
                    raise WrongVaultError(f"{where} is a SQLite database, but not a vault of this service")
                damage = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
                if damage != "ok":
                    raise WrongVaultError(f"{where} is damaged ({damage}): restore it from a backup")
                if version(connection) == 0:
                    upgrade(connection, keys, where)
                refuse_other_version(version(connection), where)
                refuse_other_key(owner(connection, where) == keys.fingerprint, where)
        except sqlite3.Error as error:
            raise StorageError(f"{where}: {error}") from error
        except OSError as error:
            raise StorageError(f"{where}: {error.strerror}") from error

    def _refuse_a_log_alone(self) -> None:
        # SQLite would move what it holds into a new vault. Another service may just have made one.
        left = Path(f"{self._path}-wal")
        if left.exists() and not self._path.exists():
            raise WrongVaultError(
                f"{self._path} is gone, and its log {left} is there: restore both from a backup, or remove the log"
            )

    async def _call(self, connection: _Connection, work: Callable[[sqlite3.Connection], T]) -> T:
        try:
            return await connection.call(work)
        except StorageError:
            # One that is not used now would keep a file system that was unmounted; a mount would give that one again.
            for one in self._connections:
                one.let_go()
            raise

    async def write(self, records: Sequence[Record]) -> int:
        # One statement for all: stepping through it gives other threads the interpreter once, not once a row.
        rows = ",".join(["(?,?,?)"] * len(records))
        statement = (
            f"INSERT INTO vault (id, nonce, sealed_v1) VALUES {rows} "
            "ON CONFLICT (id) DO UPDATE SET nonce = excluded.nonce, sealed_v1 = excluded.sealed_v1"
        )
        values = [value for record in records for value in record]

        def insert(connection: sqlite3.Connection) -> int:
            before = connection.total_changes
            connection.execute(statement, values)
            # Each record is one change; the trigger's, for a new one, is another.
            return connection.total_changes - before - len(records)

        added = await self._call(self._writer, insert)
        self._records_to_move += len(records)
        if self._records_to_move >= MOVE_AFTER_RECORDS and self._move is None:
            self._records_to_move = 0
            self._move = asyncio.create_task(self._move_log())
        return added

    async def _move_log(self) -> None:
        # Nothing depends on its success: what is wrong with the disk, the next commit tells.
        with suppress(StorageError):
            await self._call(
                self._mover, lambda connection: connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
            )
        self._move = None

    async def touch(self) -> None:
        # An UPDATE that changes nothing writes nothing; this always writes a page.
        await self._call(
            self._writer, lambda connection: connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        )

    async def read(self, record_id: bytes) -> Record | None:
        query = f"SELECT {COLUMNS} FROM vault WHERE id = ?"
        row = await self._call(self._reader, lambda connection: connection.execute(query, (record_id,)).fetchone())
        return None if row is None else Record(*row)

    async def count(self) -> int:
        query = "SELECT records FROM vault_state"
        row = await self._call(self._reader, lambda connection: connection.execute(query).fetchone())
        records: int = row[0]
        return records

    async def close(self) -> None:
        if self._move:
            await self._move
        await self._mover.close()
        await self._reader.close()
        await self._writer.close()
        if self._folder is not None:
            os.close(self._folder)
