# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""The vault in a PostgreSQL database."""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import os
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from urllib.parse import parse_qsl, unquote, urlsplit

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from tokenization.keys import VERSION, Keys
from tokenization.storage import Record, StorageError, WrongVaultError, refuse_other_key, refuse_other_version
from tokenization.version_0 import RECORDS, WAIT_SECONDS, Version0

CONNECTIONS = 4
CALL_SECONDS = 3.0
WHERE = "the vault in PostgreSQL"
WITHOUT_TLS = "where the way to the server is safe without TLS, say sslmode=disable in the DSN"

COLUMNS = """
SELECT attname FROM pg_attribute WHERE attrelid = to_regclass('vault_state') AND attnum > 0 AND NOT attisdropped
"""
SCHEMA = """
CREATE TABLE vault (id bytea PRIMARY KEY, nonce bytea NOT NULL, sealed_v1 bytea NOT NULL);
CREATE TABLE vault_state (fingerprint bytea NOT NULL, records bigint NOT NULL, version integer NOT NULL);
"""
# Whoever writes at this moment is waited for. Whoever comes later waits for the end, and then finds other columns.
UPGRADE = f"""
ALTER TABLE vault RENAME COLUMN sealed TO sealed_v1;
ALTER TABLE vault_state RENAME COLUMN public_key TO fingerprint;
ALTER TABLE vault_state RENAME COLUMN tokens TO records;
ALTER TABLE vault_state ADD COLUMN version integer NOT NULL DEFAULT {VERSION};
"""

# xmax is 0 in a row that was inserted, not updated. A commit that adds no row leaves the count, and its lock, alone.
WRITE = """
WITH written AS (
    INSERT INTO vault (id, nonce, sealed_v1) SELECT * FROM unnest($1::bytea[], $2::bytea[], $3::bytea[])
    ON CONFLICT (id) DO UPDATE SET nonce = excluded.nonce, sealed_v1 = excluded.sealed_v1
    RETURNING xmax = 0 AS added
), counted AS (
    SELECT count(*) AS added FROM written WHERE added
), updated AS (
    UPDATE vault_state SET records = records + counted.added FROM counted WHERE counted.added > 0
)
SELECT added FROM counted
"""

log = logging.getLogger(__name__)


def sslmode(dsn: str) -> str:
    """Return libpq's sslmode that a DSN states, and else one that has another host prove who it is.

    libpq's own default would speak to anybody, and without TLS if asked to. Raises StorageError, also where that takes
    an authority and there is none.
    """
    try:
        parts = urlsplit(dsn)
        query = dict(parse_qsl(parts.query))
        hosts = unquote(parts.netloc.rpartition("@")[2]) or query.get("host") or os.environ.get("PGHOST", "")
        is_here = all(_is_here(host) for host in hosts.split(","))
    except ValueError as error:
        raise _no_dsn() from error
    if parts.scheme not in ("postgresql", "postgres"):
        raise _no_dsn()
    mode = query.get("sslmode") or os.environ.get("PGSSLMODE") or ("prefer" if is_here else "verify-full")
    if mode in ("verify-ca", "verify-full"):
        _check_authority(query.get("sslrootcert") or os.environ.get("PGSSLROOTCERT"))
    return mode


def _is_here(host: str) -> bool:
    """Tell whether it is a socket's folder, or leads to this host alone. It may have a port; "" is the default."""
    if not host or host.startswith("/"):
        return True
    name = host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return name == "localhost"


def _check_authority(file: str | None) -> None:
    if not file:
        raise StorageError(
            "PostgreSQL: no authority is named that its certificate is checked by: give sslrootcert=FILE in the DSN, "
            f"or PGSSLROOTCERT; or, {WITHOUT_TLS}"
        )
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(file)
    except OSError as error:
        raise StorageError(
            f"PostgreSQL: sslrootcert ({file}) must be a file with the authority of its certificate, in PEM: "
            f"{error.strerror}"
        ) from error


def _no_dsn() -> StorageError:
    return StorageError(
        "PostgreSQL: the DSN is not of the form postgresql://user:password@host/database?sslmode=verify-full"
    )


@asynccontextmanager
async def _told() -> AsyncIterator[None]:
    try:
        yield
    except asyncpg.ClientConfigurationError as error:
        raise _no_dsn() from error
    except ssl.SSLCertVerificationError as error:
        raise StorageError(
            f"PostgreSQL: its certificate is not taken ({error.verify_message}): sslrootcert has to be the authority "
            "that signed it, and the DSN's host a name or address that it is for"
        ) from error
    except (
        asyncpg.PostgresError,
        asyncpg.InterfaceError,
        asyncpg.InternalClientError,
        OSError,
        TimeoutError,
    ) as error:
        reason = str(error) or type(error).__name__
        if "rejected SSL upgrade" in reason:
            reason = f"it does not speak TLS: switch that on there (ssl = on); or, {WITHOUT_TLS}"
        raise StorageError(f"PostgreSQL: {reason}") from error
    except ValueError as error:
        # A port that is none.
        raise _no_dsn() from error


async def _prepare(connection: PoolConnectionProxy[asyncpg.Record], keys: Keys) -> None:
    columns = [row["attname"] for row in await connection.fetch(COLUMNS)]
    if not columns:
        await connection.execute(SCHEMA)
        await connection.execute("INSERT INTO vault_state VALUES ($1, 0, $2)", keys.fingerprint, VERSION)
        return
    if "version" not in columns:
        await _upgrade(connection, keys)
    version = await connection.fetchval("SELECT version FROM vault_state")
    if version is None:
        raise WrongVaultError(f"{WHERE} is damaged (vault_state is empty): restore it from a backup")
    refuse_other_version(version, WHERE)
    refuse_other_key(await connection.fetchval("SELECT fingerprint FROM vault_state") == keys.fingerprint, WHERE)


async def _upgrade(connection: PoolConnectionProxy[asyncpg.Record], keys: Keys) -> None:
    version_0 = Version0(keys, WHERE)
    public_key = await connection.fetchval("SELECT public_key FROM vault_state")
    refuse_other_key(public_key == version_0.public_key, WHERE)
    await connection.execute(UPGRADE, timeout=WAIT_SECONDS)
    await connection.execute("UPDATE vault_state SET fingerprint = $1", keys.fingerprint)
    last = b""
    page = f"SELECT id, nonce, sealed_v1 FROM vault WHERE id > $1 ORDER BY id LIMIT {RECORDS}"
    while rows := await connection.fetch(page, last, timeout=WAIT_SECONDS):
        # In a thread: meanwhile the service answers that it is alive.
        resealed = await asyncio.to_thread(version_0.resealed, [Record(*row) for row in rows])
        await connection.executemany("UPDATE vault SET sealed_v1 = $1 WHERE id = $2", resealed, timeout=WAIT_SECONDS)
        last = rows[-1]["id"]
    log.info("the vault was upgraded", extra={"version": VERSION})


class PostgresqlStorage:
    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._pool: asyncpg.Pool[asyncpg.Record] | None = None

    async def open(self, keys: Keys) -> None:
        mode = sslmode(self._dsn)
        async with _told():
            self._pool = await asyncpg.create_pool(
                self._dsn,
                ssl=mode,
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
                # Two services that start at once would both make or upgrade the tables.
                lock = "SELECT pg_advisory_xact_lock(hashtext('tokenization'))"
                await connection.execute(lock, timeout=WAIT_SECONDS)
                await _prepare(connection, keys)

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

    async def touch(self) -> None:
        async with _told():
            await self._connections.execute("UPDATE vault_state SET records = records")

    async def read(self, record_id: bytes) -> Record | None:
        async with _told():
            row = await self._connections.fetchrow("SELECT id, nonce, sealed_v1 FROM vault WHERE id = $1", record_id)
        return None if row is None else Record(*row)

    async def count(self) -> int:
        async with _told():
            records: int = await self._connections.fetchval("SELECT records FROM vault_state")
        return records

    async def close(self) -> None:
        if self._pool is None:
            return
        try:
            await asyncio.wait_for(self._pool.close(), CALL_SECONDS)
        except TimeoutError:
            self._pool.terminate()
