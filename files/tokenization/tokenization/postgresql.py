# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""The vault in a PostgreSQL database."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import asyncpg

from tokenization.storage import Record, StorageError, WrongVaultError

CONNECTIONS = 4
CALL_SECONDS = 3.0

SCHEMA = """
CREATE TABLE IF NOT EXISTS vault (id bytea PRIMARY KEY, nonce bytea NOT NULL, sealed bytea NOT NULL);
CREATE TABLE IF NOT EXISTS vault_state (public_key bytea NOT NULL, tokens bigint NOT NULL);
"""

# xmax is 0 in a row that was inserted, not updated. A commit that adds no row leaves the count, and its lock, alone.
WRITE = """
WITH written AS (
    INSERT INTO vault SELECT * FROM unnest($1::bytea[], $2::bytea[], $3::bytea[])
    ON CONFLICT (id) DO UPDATE SET nonce = excluded.nonce, sealed = excluded.sealed
    RETURNING xmax = 0 AS added
), counted AS (
    SELECT count(*) AS added FROM written WHERE added
), updated AS (
    UPDATE vault_state SET tokens = tokens + counted.added FROM counted WHERE counted.added > 0
)
SELECT added FROM counted
"""


@asynccontextmanager
async def _told() -> AsyncIterator[None]:
    try:
        yield
    except asyncpg.ClientConfigurationError as error:
        raise StorageError("PostgreSQL: the DSN is not of the form postgresql://user:password@host/database") from error
    except (
        asyncpg.PostgresError,
        asyncpg.InterfaceError,
        asyncpg.InternalClientError,
        OSError,
        TimeoutError,
    ) as error:
        raise StorageError(f"PostgreSQL: {str(error) or type(error).__name__}") from error


class PostgresqlStorage:
    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._pool: asyncpg.Pool[asyncpg.Record] | None = None

    async def open(self, public_key: bytes) -> None:
        async with _told():
            self._pool = await asyncpg.create_pool(
                self._dsn,
                min_size=1,
                max_size=CONNECTIONS,
                timeout=CALL_SECONDS,
                command_timeout=CALL_SECONDS,
                # Whatever the server's default: a commit waits until it is on disk.
                server_settings={"application_name": "tokenization", "synchronous_commit": "on"},
            )
            async with self._pool.acquire() as connection, connection.transaction():
                if await connection.fetchval("SHOW fsync") == "off":
                    raise WrongVaultError("PostgreSQL runs with fsync = off: what it commits is not on disk")
                # Two services that start at once would both make the tables.
                await connection.execute("SELECT pg_advisory_xact_lock(hashtext('tokenization'))")
                await connection.execute(SCHEMA)
                owner = await connection.fetchval("SELECT public_key FROM vault_state")
                if owner is None:
                    await connection.execute("INSERT INTO vault_state VALUES ($1, 0)", public_key)
                elif owner != public_key:
                    raise WrongVaultError(
                        "the vault in PostgreSQL was sealed for another key: give the private key it was made with"
                    )

    @property
    def _connections(self) -> asyncpg.Pool[asyncpg.Record]:
        if self._pool is None:
            raise StorageError("PostgreSQL: not opened")
        return self._pool

    async def write(self, records: Sequence[Record]) -> int:
        ids, nonces, sealed = zip(*records, strict=True)
        async with _told():
            added: int = await self._connections.fetchval(WRITE, ids, nonces, sealed)
        return added

    async def read(self, record_id: bytes) -> Record | None:
        async with _told():
            row = await self._connections.fetchrow("SELECT id, nonce, sealed FROM vault WHERE id = $1", record_id)
        return None if row is None else Record(*row)

    async def count(self) -> int:
        async with _told():
            tokens: int = await self._connections.fetchval("SELECT tokens FROM vault_state")
        return tokens

    async def close(self) -> None:
        if self._pool is None:
            return
        try:
            await asyncio.wait_for(self._pool.close(), CALL_SECONDS)
        except TimeoutError:
            self._pool.terminate()
