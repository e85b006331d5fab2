# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""The vault: seals, stores and finds. Writes that arrive together share a commit."""

from __future__ import annotations

import asyncio
import hmac
import logging
import time

from tokenization.keys import Keys
from tokenization.metrics import COMMIT_FAILURES, COMMIT_RECORDS, COMMIT_SECONDS, TOKENS
from tokenization.storage import Record, Storage, StorageError

COMMIT_LIMIT = 128
# For so long a commit tells whether the next one would succeed.
PROBE_AFTER_SECONDS = 5.0

log = logging.getLogger(__name__)


class Vault:
    def __init__(self, keys: Keys, storage: Storage) -> None:
        self._storage = storage
        self._keys = keys
        # None: somebody asks whether storing works.
        self._waiting: list[tuple[Record | None, asyncio.Future[None]]] = []
        self._writer: asyncio.Task[None] | None = None
        self._failing = False
        self._tried_at = float("-inf")

    async def tokenize(self, name: str, data: str) -> str:
        """Return a token of 64 hex digits; the data is on disk when this returns. Raises StorageError."""
        record_id, nonce = self._keys.record_id(name), self._keys.new_nonce()
        await self._commit_of(Record(record_id, nonce, self._keys.seal(record_id, nonce, data.encode())))
        return self._keys.token(record_id, nonce)

    async def check(self) -> None:
        """Ask whether the database answers. Raises StorageError."""
        TOKENS.set(await self._storage.count())

    async def check_writing(self) -> None:
        """Ask whether the database stores: the last commit tells, or one that changes nothing. Raises StorageError."""
        if time.monotonic() - self._tried_at > PROBE_AFTER_SECONDS:
            await self._commit_of(None)
        elif self._failing:
            raise StorageError("the last commit failed")

    async def detokenize_name(self, name: str) -> str | None:
        """Return the data, or None for an unknown name. Raises StorageError, or CryptoError for a damaged record."""
        record = await self._storage.read(self._keys.record_id(name))
        return None if record is None else self._keys.open(*record).decode()

    async def detokenize_token(self, token: str) -> str | None:
        """Do as detokenize_name; a token that a newer one of the same name replaced is not known any more."""
        record_id, nonce = self._keys.read_token(token)
        record = await self._storage.read(record_id)
        if record is None:
            return None
        # Opened first: whether a nonce is the record's, a damaged one can't tell.
        data = self._keys.open(*record).decode()
        return data if hmac.compare_digest(record.nonce, nonce) else None

    async def _commit_of(self, record: Record | None) -> None:
        stored = asyncio.get_running_loop().create_future()
        self._waiting.append((record, stored))
        if self._writer is None:
            self._writer = asyncio.create_task(self._write())
        await stored

    async def _write(self) -> None:
        try:
            while self._waiting:
                batch, self._waiting = self._waiting[:COMMIT_LIMIT], self._waiting[COMMIT_LIMIT:]
                await self._commit(batch)
        finally:
            self._writer = None

    async def _commit(self, batch: list[tuple[Record | None, asyncio.Future[None]]]) -> None:
        # Of one name only the last is kept. In the order of their ids, so that two services never deadlock.
        records = sorted({record.id: record for record, _unused in batch if record}.values())
        failure: StorageError | None = StorageError("the commit was interrupted")
        start = time.perf_counter()
        try:
            if records:
                TOKENS.inc(await self._storage.write(records))
                COMMIT_SECONDS.observe(time.perf_counter() - start)
                COMMIT_RECORDS.observe(len(records))
            else:
                await self._storage.touch()
            failure = None
        except StorageError as error:
            failure = error
            if records:
                COMMIT_FAILURES.inc()
        finally:
            self._tried_at = time.monotonic()
            # Whatever happened: nobody waits for ever.
            self._tell(failure)
            for _unused, stored in batch:
                if stored.done():
                    continue
                if failure:
                    stored.set_exception(failure)
                else:
                    stored.set_result(None)

    def _tell(self, error: StorageError | None) -> None:
        if error and not self._failing:
            log.error("storing fails: requests are answered with 503", extra={"reason": str(error)})
        if self._failing and not error:
            log.info("storing works again")
        self._failing = error is not None
