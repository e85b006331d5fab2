# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""Sharing commits, on a real SQLite file whose commits the test holds back or breaks."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import pytest
from tokenization.keys import Keys
from tokenization.sqlite import SqliteStorage
from tokenization.storage import Record, StorageError
from tokenization.vault import COMMIT_LIMIT, Vault

KEYS = Keys(bytes(range(32)))


class HeldBack(SqliteStorage):
    """Each commit waits until the test opens the gate, and raises what the test wants."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.gate = asyncio.Event()
        self.commits: list[int] = []
        self.errors: list[Exception] = []

    async def touch(self) -> None:
        self.commits.append(0)
        for error in self.errors:
            raise error
        await super().touch()

    async def write(self, records: Sequence[Record]) -> int:
        self.commits.append(len(records))
        await self.gate.wait()
        for error in self.errors:
            raise error
        return await super().write(records)


@pytest.fixture
def run(tmp_path: Path) -> Callable[[Callable[[Vault, HeldBack], Awaitable[None]]], None]:
    def run(test: Callable[[Vault, HeldBack], Awaitable[None]]) -> None:
        async def opened() -> None:
            storage = HeldBack(tmp_path / "vault.db")
            await storage.open(KEYS)
            try:
                await asyncio.wait_for(test(Vault(KEYS, storage), storage), 10)
            finally:
                await storage.close()

        asyncio.run(opened())

    return run


Run = Callable[[Callable[[Vault, HeldBack], Awaitable[None]]], None]


async def ask(vault: Vault, *names: str) -> list[asyncio.Task[str]]:
    tasks = [asyncio.create_task(vault.tokenize(name, f"data of {name}")) for name in names]
    await asyncio.sleep(0.01)
    return tasks


def test_what_arrives_during_a_commit_shares_the_next(run: Run) -> None:
    async def test(vault: Vault, storage: HeldBack) -> None:
        first = await ask(vault, "first")
        others = await ask(vault, *(f"name-{number}" for number in range(50)))
        assert not any(task.done() for task in first + others), "nobody is answered before the commit"
        storage.gate.set()
        tokens = await asyncio.gather(*first, *others)
        assert storage.commits == [1, 50]
        assert len(set(tokens)) == 51
        assert await vault.detokenize_token(tokens[7]) == "data of name-6"
        assert await storage.count() == 51

    run(test)


def test_a_commit_has_a_limit(run: Run) -> None:
    async def test(vault: Vault, storage: HeldBack) -> None:
        await ask(vault, "first")
        tasks = await ask(vault, *(f"name-{number}" for number in range(COMMIT_LIMIT + 10)))
        storage.gate.set()
        await asyncio.gather(*tasks)
        assert storage.commits == [1, COMMIT_LIMIT, 10]

    run(test)


def test_of_one_name_in_one_commit_the_last_stays(run: Run) -> None:
    async def test(vault: Vault, storage: HeldBack) -> None:
        await ask(vault, "first")
        same = [asyncio.create_task(vault.tokenize("same", data)) for data in ("old", "new")]
        await asyncio.sleep(0.01)
        storage.gate.set()
        old, new = await asyncio.gather(*same)
        assert storage.commits == [1, 1]
        assert await vault.detokenize_token(old) is None
        assert await vault.detokenize_token(new) == "new"
        assert await vault.detokenize_name("same") == "new"

    run(test)


def test_a_failed_commit_is_told_to_all_of_it_and_to_nobody_else(run: Run) -> None:
    async def test(vault: Vault, storage: HeldBack) -> None:
        storage.errors = [StorageError("disk full")]
        failed = await ask(vault, "first")
        storage.gate.set()
        for outcome in await asyncio.gather(*failed, return_exceptions=True):
            assert isinstance(outcome, StorageError)
        storage.errors = []
        (token,) = await asyncio.gather(*await ask(vault, "second"))
        assert await vault.detokenize_token(token) == "data of second"
        assert await vault.detokenize_name("first") is None

    run(test)


def test_an_error_that_nobody_thought_of_leaves_nobody_waiting(run: Run) -> None:
    async def test(vault: Vault, storage: HeldBack) -> None:
        told: list[object] = []
        asyncio.get_running_loop().set_exception_handler(lambda _unused, context: told.append(context["exception"]))
        storage.errors = [ZeroDivisionError()]
        failed = await ask(vault, "first")
        storage.gate.set()
        for outcome in await asyncio.gather(*failed, return_exceptions=True):
            assert isinstance(outcome, StorageError)
        storage.errors = []
        (token,) = await asyncio.gather(*await ask(vault, "second"))
        assert await vault.detokenize_token(token) == "data of second"

    run(test)


def test_who_goes_away_takes_nobody_along(run: Run) -> None:
    async def test(vault: Vault, storage: HeldBack) -> None:
        gone, stays = await ask(vault, "gone", "stays")
        gone.cancel()
        await asyncio.sleep(0)
        storage.gate.set()
        assert await vault.detokenize_token(await stays) == "data of stays"

    run(test)


def test_writing_is_tried_where_no_commit_tells(run: Run) -> None:
    async def test(vault: Vault, storage: HeldBack) -> None:
        storage.gate.set()
        await asyncio.gather(vault.check_writing(), vault.check_writing())
        await vault.check_writing()
        assert storage.commits == [0], "once for all who ask, and not again so soon"
        assert await storage.count() == 0

    run(test)


def test_a_commit_tells_whether_writing_works(run: Run) -> None:
    async def test(vault: Vault, storage: HeldBack) -> None:
        storage.gate.set()
        await asyncio.gather(*await ask(vault, "name"))
        await vault.check_writing()
        storage.errors = [StorageError("disk full")]
        await asyncio.gather(*await ask(vault, "name"), return_exceptions=True)
        with pytest.raises(StorageError):
            await vault.check_writing()
        assert storage.commits == [1, 1]

    run(test)


def test_who_can_not_write_is_told_until_it_works_again(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tokenization.vault.PROBE_AFTER_SECONDS", -1.0)

    async def test(vault: Vault, storage: HeldBack) -> None:
        storage.errors = [StorageError("disk full")]
        for _unused in range(2):
            with pytest.raises(StorageError):
                await vault.check_writing()
        storage.errors = []
        await vault.check_writing()
        assert storage.commits == [0, 0, 0]

    run(test)
