# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""A vault in PostgreSQL as the last service of version 0 left it, recorded by pg_dump; and one in a file."""

from __future__ import annotations

import asyncio
import contextlib
import json
import shutil
import sqlite3
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

import asyncpg
import pytest
import requests
from nacl.public import Box, PrivateKey

from tests.integration.tokenization.load import lost
from tests.integration.tokenization.service import BEARER, Postgresql, Service
from tests.waiting import wait_until

RECORDINGS = Path(__file__).parent / "recordings"
SQLITE_RECORDINGS = Path(__file__).parents[2] / "unit" / "tokenization" / "recordings"
RECORDED = json.loads((RECORDINGS / "version-0.json").read_text("utf-8"))
STORED = {each["token"]: each["data"] for each in RECORDED["stored"]}
# Of the service of version 0, word for word.
READ_0 = "SELECT id, nonce, sealed FROM vault WHERE id = $1"
WRITE_0 = """
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


@pytest.fixture
def cluster(postgresql: Postgresql, open_folder: Path) -> Postgresql:
    dump = open_folder / "version-0.sql"
    shutil.copyfile(RECORDINGS / "version-0.sql", dump)
    dump.chmod(0o644)
    postgresql.run("psql", "-h", str(open_folder), "-U", "vault", "-d", "postgres", "-q", "-f", str(dump))
    return postgresql


@pytest.fixture
def service(cluster: Postgresql, on_postgresql: Service) -> Service:
    return with_the_key(on_postgresql)


def with_the_key(service: Service) -> Service:
    Path(service.environment["TOKENIZATION_PRIVATE_KEY_FILE"]).write_text(RECORDED["private_key"])
    return service


def on_a_connection(cluster: Postgresql, work: Callable[[asyncpg.Connection], Awaitable[None]]) -> None:
    async def run() -> None:
        connection = await asyncpg.connect(cluster.dsn)
        try:
            await work(connection)
        finally:
            await connection.close()

    asyncio.run(run())


def upgrades(service: Service) -> int:
    return sum(line["message"] == "the vault was upgraded" for line in service.logged())


def test_its_records_are_sealed_anew(service: Service, cluster: Postgresql) -> None:
    rows = "SELECT encode(id, 'hex'), encode(nonce, 'hex') FROM vault ORDER BY id"
    before = cluster.query(rows)
    service.start()
    assert lost(service.url, BEARER, STORED) == {}
    assert service.detokenize(token=RECORDED["replaced"][0]).status_code == 404
    assert service.metric("tokenization_tokens") == len(STORED)
    assert cluster.query(rows) == before
    assert service.tokenize("card", "anew").status_code == 200
    assert service.detokenize(name="card").json() == {"data": "anew"}
    assert service.terminate() == 0
    service.start()
    assert service.detokenize(name="card").json() == {"data": "anew"}
    assert upgrades(service) == 1


def is_ready(service: Service) -> bool:
    return service.ready() == 200


def test_two_services_that_start_at_once(service: Service, cluster: Postgresql, tmp_path: Path) -> None:
    other = with_the_key(Service(tmp_path / "other", Path("/nowhere/vault.db"), cluster.dsn))
    try:
        for each in (service, other):
            each.launch()
        for each in (service, other):
            wait_until("it is ready", partial(is_ready, each))
            assert lost(each.url, BEARER, STORED) == {}
        assert upgrades(service) + upgrades(other) == 1
    finally:
        other.kill()


def test_a_service_that_is_killed_while_upgrading(service: Service, cluster: Postgresql) -> None:
    async def kill_it(connection: asyncpg.Connection) -> None:
        # At it the upgrade waits, in the middle.
        async with connection.transaction():
            await connection.execute("LOCK TABLE vault_state IN SHARE MODE")
            service.launch()
            waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'vault_state'::regclass"
            while not await connection.fetchval(waiting):
                await asyncio.sleep(0.05)
            service.kill()

    on_a_connection(cluster, kill_it)
    service.start()
    assert lost(service.url, BEARER, STORED) == {}


def see_that_it_lives_and_serves_nothing(service: Service) -> None:
    """What a startup probe asks, which would else have the upgrade begin again and again, and what clients ask."""
    wait_until("it is alive", lambda: requests.get(f"{service.url}/healthz", timeout=5).status_code == 200)
    answers = [
        requests.get(f"{service.url}/readyz", timeout=5),
        service.tokenize("card", "anew"),
        service.detokenize(name="card"),
    ]
    for answer in answers:
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
        assert "upgraded" in answer.json()["error"]
    assert requests.get(f"{service.url}/metrics", timeout=5).status_code == 200


def test_an_upgrade_that_takes_long(service: Service, cluster: Postgresql) -> None:
    """One that fails, one that is stopped, and one that comes to its end."""

    async def fail(connection: asyncpg.Connection) -> None:
        await connection.execute("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE NOT granted")
        assert service.process
        assert await asyncio.to_thread(service.process.wait, 20) == 1
        assert service.logged()[-1]["message"] == "not started"

    async def stop(_unused: asyncpg.Connection) -> None:
        assert await asyncio.to_thread(service.terminate) == 0

    async def end_well(_unused: asyncpg.Connection) -> None:
        assert upgrades(service) == 0

    async def wait(connection: asyncpg.Connection) -> None:
        for happens in (fail, stop, end_well):
            async with connection.transaction():
                # At it the upgrade waits, in the middle.
                await connection.execute("LOCK TABLE vault_state IN SHARE MODE")
                service.launch()
                await asyncio.to_thread(see_that_it_lives_and_serves_nothing, service)
                await happens(connection)

    on_a_connection(cluster, wait)
    wait_until("it is ready", partial(is_ready, service))
    assert lost(service.url, BEARER, STORED) == {}
    assert upgrades(service) == 1


def test_an_upgrade_of_a_file_that_takes_long(on_sqlite: Service) -> None:
    shutil.copyfile(SQLITE_RECORDINGS / "version-0.db", on_sqlite.database)
    recorded = json.loads((SQLITE_RECORDINGS / "version-0.json").read_text("utf-8"))
    Path(on_sqlite.environment["TOKENIZATION_PRIVATE_KEY_FILE"]).write_text(recorded["private_key"])
    with contextlib.closing(sqlite3.connect(on_sqlite.database, isolation_level=None)) as other:
        other.execute("PRAGMA journal_mode = WAL")
        other.execute("BEGIN IMMEDIATE")
        on_sqlite.launch()
        see_that_it_lives_and_serves_nothing(on_sqlite)
        other.execute("ROLLBACK")
    wait_until("it is ready", partial(is_ready, on_sqlite))
    assert upgrades(on_sqlite) == 1
    assert lost(on_sqlite.url, BEARER, {each["token"]: each["data"] for each in recorded["stored"]}) == {}


def test_a_service_of_version_0_that_still_runs(service: Service, cluster: Postgresql) -> None:
    record = (bytes(16), bytes(16), b"sealed")

    async def go_on(connection: asyncpg.Connection) -> None:
        read, write = await connection.prepare(READ_0), await connection.prepare(WRITE_0)
        assert await write.fetchval(*([part] for part in record)) == 1
        assert tuple(await read.fetchrow(record[0])) == record
        await asyncio.to_thread(service.start)
        for attempt in (read.fetchrow(record[0]), write.fetchval(*([part] for part in record))):
            with pytest.raises(asyncpg.UndefinedColumnError):
                await attempt
        # What it asks for /readyz, and when it starts.
        for column in ("tokens", "public_key"):
            with pytest.raises(asyncpg.UndefinedColumnError):
                await connection.fetchval(f"SELECT {column} FROM vault_state")

    on_a_connection(cluster, go_on)
    assert lost(service.url, BEARER, STORED) == {}


def test_another_key_changes_nothing(on_postgresql: Service, cluster: Postgresql) -> None:
    before = cluster.query("SELECT * FROM vault ORDER BY id")
    assert "another key" in on_postgresql.refused()
    assert cluster.query("SELECT * FROM vault ORDER BY id") == before
    assert cluster.query("SELECT tokens FROM vault_state WHERE public_key IS NOT NULL") == str(len(STORED))


def test_a_later_version_is_refused(service: Service, cluster: Postgresql) -> None:
    assert service.start().terminate() == 0
    cluster.query("UPDATE vault_state SET version = 2")
    before = cluster.query("SELECT * FROM vault ORDER BY id")
    assert "is of version 2, and this service knows versions up to 1" in service.refused()
    assert cluster.query("SELECT * FROM vault ORDER BY id") == before


def test_a_vault_without_a_state_is_refused(service: Service, cluster: Postgresql) -> None:
    assert service.start().terminate() == 0
    cluster.query("DELETE FROM vault_state")
    assert "damaged" in service.refused()


def test_records_that_are_not_the_services_own(service: Service, cluster: Postgresql) -> None:
    service.start()
    sender, owner = PrivateKey.generate(), PrivateKey(bytes.fromhex(RECORDED["private_key"])).public_key
    box = bytes(sender.public_key) + Box(sender, owner).encrypt(b"forged")
    one, two = cluster.query("SELECT encode(id, 'hex') FROM vault ORDER BY id LIMIT 2").splitlines()
    cluster.query(
        "UPDATE vault SET (nonce, sealed_v1) = (SELECT nonce, sealed_v1 FROM vault AS old WHERE old.id = "
        f"CASE WHEN vault.id = '\\x{one}' THEN '\\x{two}'::bytea ELSE '\\x{one}' END) "
        f"WHERE id IN ('\\x{one}', '\\x{two}')"
    )
    answers = [service.detokenize(token=token) for token in STORED]
    assert sorted(answer.status_code for answer in answers) == [200] * (len(STORED) - 2) + [503] * 2
    cluster.query(f"UPDATE vault SET sealed_v1 = '\\x{box.hex()}'")
    for token in STORED:
        answer = service.detokenize(token=token)
        assert answer.status_code == 503
        assert "damaged" in answer.json()["error"]
