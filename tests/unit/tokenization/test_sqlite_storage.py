# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
from __future__ import annotations

import asyncio
import contextlib
import os
import sqlite3
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from tokenization.keys import Keys
from tokenization.sqlite import MOVE_AFTER_RECORDS, SqliteStorage
from tokenization.storage import Record, StorageError

KEYS = Keys(bytes(range(32)))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "with space, ? and #" / "vault.db"


def run(path: Path, test: Callable[[SqliteStorage], Awaitable[None]]) -> None:
    async def opened() -> None:
        path.parent.mkdir(exist_ok=True)
        storage = SqliteStorage(path)
        await storage.open(KEYS)
        try:
            await test(storage)
        finally:
            await storage.close()

    asyncio.run(opened())


def record(number: int, sealed: bytes = b"sealed") -> Record:
    return Record(number.to_bytes(16), os.urandom(16), sealed)


def test_new_records_are_counted_and_old_ones_replaced(path: Path) -> None:
    async def test(storage: SqliteStorage) -> None:
        assert await storage.write([record(1), record(2), record(3)]) == 3
        assert await storage.write([record(3, b"new"), record(4)]) == 1
        assert await storage.write([record(3, b"newer")]) == 0
        assert await storage.count() == 4
        found = await storage.read(record(3).id)
        assert found is not None
        assert found.sealed == b"newer"
        assert await storage.read(record(5).id) is None

    run(path, test)
    assert path.exists()


def test_it_is_all_there_after_a_restart(path: Path) -> None:
    kept = record(1)

    async def fill(storage: SqliteStorage) -> None:
        await storage.write([kept])

    async def look(storage: SqliteStorage) -> None:
        assert await storage.read(kept.id) == kept
        assert await storage.count() == 1

    run(path, fill)
    run(path, look)


def test_each_commit_is_synchronised(path: Path) -> None:
    async def test(storage: SqliteStorage) -> None:
        await storage.write([record(1)])

        def settings(connection: sqlite3.Connection) -> list[object]:
            return [connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous")]

        assert await storage._writer.call(settings) == ["wal", 2], "2 is FULL"

    run(path, test)


def test_a_write_is_whole_or_not_at_all(path: Path) -> None:
    async def test(storage: SqliteStorage) -> None:
        with pytest.raises(StorageError):
            await storage.write([record(1), Record(b"id", None, b"sealed")])  # type: ignore[arg-type]  # that is the test
        assert await storage.count() == 0
        assert await storage.write([record(1)]) == 1

    run(path, test)


def test_the_log_does_not_grow_for_ever(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tokenization.sqlite.LOG_PAGES", 200)

    async def test(storage: SqliteStorage) -> None:
        for number in range(0, 10_000, 1000):
            await storage.write([record(number * 7919 + extra * 104_729) for extra in range(1000)])
        pages = Path(f"{path}-wal").stat().st_size // 4096
        assert pages < 3 * 200
        assert path.stat().st_size > 10_000 * 40, "what was in the log is in the database"

    run(path, test)


def test_a_touch_reaches_the_disk_and_changes_nothing(path: Path) -> None:
    async def test(storage: SqliteStorage) -> None:
        await storage.write([record(1)])
        log = Path(f"{path}-wal")
        for _unused in range(3):
            before = log.stat().st_size
            await storage.touch()
            assert log.stat().st_size > before
        assert await storage.count() == 1

    run(path, test)


@pytest.mark.parametrize("suffix", ["", "-wal"])
def test_a_file_that_is_removed_is_not_written_to_unseen(path: Path, suffix: str) -> None:
    async def test(storage: SqliteStorage) -> None:
        await storage.write([record(1)])
        Path(f"{path}{suffix}").unlink()
        with pytest.raises(StorageError):
            await storage.write([record(2)])

    run(path, test)


def test_a_missing_file_is_not_made_anew(path: Path) -> None:
    async def test(storage: SqliteStorage) -> None:
        await storage.write([record(1)])
        for left in path.parent.iterdir():
            left.unlink()
        for _unused in range(2):
            with pytest.raises(StorageError):
                await storage.write([record(2)])
        assert list(path.parent.iterdir()) == []

    run(path, test)


def test_a_file_that_is_gone_is_not_held_open_by_anyone(path: Path) -> None:
    def held() -> list[str]:
        targets = []
        for link in Path("/proc/self/fd").iterdir():
            # Another thread may close it meanwhile.
            with contextlib.suppress(FileNotFoundError):
                targets.append(str(link.readlink()))
        return [target for target in targets if target.startswith(str(path))]

    async def test(storage: SqliteStorage) -> None:
        await storage.write([record(number) for number in range(MOVE_AFTER_RECORDS)])
        await storage.count()
        assert held()
        path.unlink()
        with pytest.raises(StorageError):
            await storage.write([record(1)])
        for _unused in range(100):
            if held():
                await asyncio.sleep(0.05)
        assert held() == []

    run(path, test)


def test_one_that_is_to_be_alone_waits_for_the_one_before(path: Path) -> None:
    """A cluster starts a pod's successor while the pod is still on its way out."""

    async def both() -> None:
        path.parent.mkdir()
        before, after, never = (SqliteStorage(path, alone=True) for _unused in range(3))
        await before.open(KEYS)
        opening, waiting = (asyncio.create_task(one.open(KEYS)) for one in (after, never))
        await asyncio.sleep(0.3)
        assert not opening.done()
        assert await before.write([record(1)]) == 1
        # Who is told to stop meanwhile does.
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        await never.close()
        await before.close()
        await asyncio.wait_for(opening, 10)
        assert await after.count() == 1
        await after.close()

    asyncio.run(both())


def test_a_folder_that_is_not_there_is_told(path: Path) -> None:
    storage = SqliteStorage(path, alone=True)
    with pytest.raises(StorageError, match="No such file or directory"):
        asyncio.run(storage.open(KEYS))
