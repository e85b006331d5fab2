# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""The vault in a SQLite file: WAL mode, synchronised at every commit."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from tokenization.storage import Record, StorageError, WrongVaultError

T = TypeVar("T")

APPLICATION_ID = 0x544F4B56
BUSY_SECONDS = 2.0
# After so many records, a thread of its own moves what the log holds into the database. With many names each record
# is on another page; in small portions, commits hardly have to wait for the disk.
MOVE_AFTER_RECORDS = 100
# The writer moves the rest when the log has so many pages, and starts the log anew.
LOG_PAGES = 8192

SCHEMA = f"""
BEGIN IMMEDIATE;
CREATE TABLE vault (id BLOB PRIMARY KEY, nonce BLOB NOT NULL, sealed BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE vault_state (public_key BLOB NOT NULL, tokens INTEGER NOT NULL);
CREATE TRIGGER vault_counts AFTER INSERT ON vault BEGIN UPDATE vault_state SET tokens = tokens + 1; END;
PRAGMA application_id = {APPLICATION_ID};
"""


class _Connection:
    """One connection with the thread that uses it; opened on first use, and anew after any error."""

    def __init__(self, path: Path, name: str) -> None:
        self._path = path
        self._executor = ThreadPoolExecutor(1, name)
        self._connection: sqlite3.Connection | None = None
        self._files: tuple[tuple[int, int], ...] = ()
        self.public_key = b""

    async def call(self, work: Callable[[sqlite3.Connection], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._executor, self._call, work)

    def _call(self, work: Callable[[sqlite3.Connection], T]) -> T:
        try:
            if self._connection is None:
                self._connection = connect(self._path, "rw")
                make_durable(self._connection)
                if owner(self._connection) != self.public_key:
                    raise StorageError(f"{self._path} is not the vault that was opened at the start")
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


def connect(path: Path, mode: str) -> sqlite3.Connection:
    """Open the file; `mode` is rw, or rwc to make it where there is none. Raises sqlite3.Error."""
    return sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}",
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


def owner(connection: sqlite3.Connection) -> bytes:
    """Return the public key that the vault was made for. Raises sqlite3.Error where there is no vault."""
    key: bytes = connection.execute("SELECT public_key FROM vault_state").fetchone()[0]
    return key


class SqliteStorage:
    def __init__(self, path: Path) -> None:
        self._path = path
        self._writer = _Connection(path, "writer")
        self._reader = _Connection(path, "reader")
        self._mover = _Connection(path, "mover")
        self._connections = (self._writer, self._reader, self._mover)
        self._records_to_move = 0
        self._move: asyncio.Task[None] | None = None

    async def open(self, public_key: bytes) -> None:
        await asyncio.to_thread(self._prepare, public_key)
        for connection in self._connections:
            connection.public_key = public_key

    def _prepare(self, public_key: bytes) -> None:
        try:
            connection = connect(self._path, "rwc")
        except sqlite3.Error as error:
            raise StorageError(f"{self._path}: {error}") from error
        try:
            if connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0] == 0:
                make_durable(connection)
                connection.executescript(SCHEMA)
                connection.execute("INSERT INTO vault_state VALUES (?, 0)", (public_key,))
                connection.execute("COMMIT")
                return
            if connection.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
                raise WrongVaultError(f"{self._path} is a SQLite database, but not a vault of this service")
            damage = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
            if damage != "ok":
                raise WrongVaultError(f"{self._path} is damaged ({damage}): restore it from a backup")
            if owner(connection) != public_key:
                raise WrongVaultError(f"{self._path} was sealed for another key: give the private key it was made with")
        except sqlite3.Error as error:
            raise StorageError(f"{self._path}: {error}") from error
        finally:
            connection.close()

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
            f"INSERT INTO vault VALUES {rows} "
            "ON CONFLICT (id) DO UPDATE SET nonce = excluded.nonce, sealed = excluded.sealed"
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

    async def read(self, record_id: bytes) -> Record | None:
        query = "SELECT id, nonce, sealed FROM vault WHERE id = ?"
        row = await self._call(self._reader, lambda connection: connection.execute(query, (record_id,)).fetchone())
        return None if row is None else Record(*row)

    async def count(self) -> int:
        query = "SELECT tokens FROM vault_state"
        row = await self._call(self._reader, lambda connection: connection.execute(query).fetchone())
        tokens: int = row[0]
        return tokens

    async def close(self) -> None:
        if self._move:
            await self._move
        await self._mover.close()
        await self._reader.close()
        await self._writer.close()
