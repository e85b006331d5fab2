# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""Disks that are full or read-only, databases that go away: 503, nothing lost, and no restart to get well again."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.integration.tokenization.load import Answers, enough, lost, store
from tests.integration.tokenization.service import BEARER, UID, Postgresql, Service
from tests.waiting import wait_until


async def a_moment(answers: Answers) -> None:
    while sum(answers.codes.values()) < 50:
        await asyncio.sleep(0.01)


async def failing(answers: Answers) -> None:
    goal = answers.codes[503] + 100
    while answers.codes[503] < goal:
        await asyncio.sleep(0.01)


def fails(service: Service, prefix: str) -> Answers:
    """Stores for a moment: nothing but 503, while the process stays well."""
    answers = store(service.url, prefix, a_moment)
    assert set(answers.codes) == {503}
    assert answers.broken == 0
    assert requests.get(f"{service.url}/healthz", timeout=10).status_code == 200
    assert requests.get(f"{service.url}/metrics", timeout=10).status_code == 200
    return answers


def works(service: Service, stored: dict[str, str], prefix: str) -> None:
    """Stores again, by the same process, and has everything that it answered with 200."""
    wait_until("storing works again", lambda: service.tokenize(f"{prefix}-first", "data").status_code == 200)
    answers = store(service.url, prefix, a_moment)
    assert set(answers.codes) == {200}
    assert service.ready() == 200
    assert lost(service.url, BEARER, stored | answers.stored) == {}
    messages = [line["message"] for line in service.logged()]
    assert "storing works again" in messages


class Disk:
    """A small ext4 file system of its own."""

    def __init__(self, folder: Path, megabytes: int) -> None:
        self.image, self.path = folder / "image", folder / "disk"
        self.path.mkdir()
        with self.image.open("wb") as image:
            image.truncate(megabytes * 1024 * 1024)
        self._run("mkfs.ext4", "-q", "-m", "0", str(self.image))
        self.mount()

    def _run(self, *command: str) -> None:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60, check=False)
        assert done.returncode == 0, f"this test mounts a disk image, as root: {done.stdout.decode()}"

    def mount(self) -> None:
        self._run("mount", "-o", "loop", str(self.image), str(self.path))

    def unmount(self) -> None:
        # Lazily: the service still holds its files open.
        self._run("umount", "--lazy", str(self.path))

    def released(self) -> bool:
        """Whether nobody holds a file on it any more. Before that, a mount would give the failed file system again."""
        listing = ["losetup", "--noheadings", "--associated", str(self.image)]
        return subprocess.run(listing, capture_output=True, check=True).stdout == b""

    def fail(self) -> None:
        """What ext4 does on a broken disk: everything on it is read-only from now on."""
        self._run("mount", "-o", "remount,abort", str(self.path))

    def fill(self) -> None:
        with (self.path / "ballast").open("wb", buffering=0) as ballast:
            for size in (1024 * 1024, 4096):
                try:
                    while ballast.write(bytes(size)) == size:
                        pass
                except OSError:
                    continue

    def empty(self) -> None:
        (self.path / "ballast").unlink()


@pytest.fixture
def disk(open_folder: Path) -> Iterator[Disk]:
    disk = Disk(open_folder, 160)
    yield disk
    disk.unmount()


@pytest.fixture
def on_disk(disk: Disk, on_sqlite: Service) -> Service:
    os.chown(disk.path, UID, UID)
    on_sqlite.database = disk.path / "vault.db"
    on_sqlite.environment["TOKENIZATION_DATABASE"] = str(on_sqlite.database)
    return on_sqlite


def test_a_full_disk(disk: Disk, on_disk: Service) -> None:
    service = on_disk.start()

    async def full_in_the_middle(answers: Answers) -> None:
        await enough(answers, 200)
        await asyncio.to_thread(disk.fill)
        await failing(answers)

    answers = store(service.url, "before", full_in_the_middle)
    assert answers.broken == 0
    assert set(answers.codes) == {200, 503}, "stored until the disk was full"
    fails(service, "full")
    assert service.ready() == 503
    assert lost(service.url, BEARER, answers.stored) == {}, "what is there can be read"
    disk.empty()
    works(service, answers.stored, "after")


def test_a_full_disk_that_nobody_writes_to(disk: Disk, on_disk: Service) -> None:
    service = on_disk.start()
    token = service.tokenize("name", "data").json()["token"]
    disk.fill()
    wait_until("the service is not ready", lambda: service.ready() == 503)
    assert service.detokenize(token=token).json() == {"data": "data"}
    disk.empty()
    wait_until("the service is ready", lambda: service.ready() == 200)
    assert service.metric("tokenization_commit_failures_total") == 0, "no request was answered with 503"
    assert service.metric("tokenization_tokens") == 1


def test_a_disk_that_turns_read_only(disk: Disk, on_disk: Service) -> None:
    service = on_disk.start()

    # So many that each of its threads has opened the database.
    answers = store(service.url, "before", lambda answers: enough(answers, 300))
    # While nothing is written: at the very moment of an abort, ext4 can confirm an fdatasync whose data it then drops
    # (a plain file shows it too, on Linux 6.18).
    disk.fail()
    fails(service, "read-only")
    disk.unmount()
    fails(service, "gone")
    assert service.ready() == 503
    wait_until("the service lets go of the disk that is gone", disk.released)
    disk.mount()
    works(service, answers.stored, "after")


def test_a_database_file_that_is_moved_away_and_back(on_sqlite: Service, tmp_path: Path) -> None:
    folder, elsewhere = tmp_path / "saves", tmp_path / "elsewhere"
    folder.mkdir()
    on_sqlite.environment["TOKENIZATION_DATABASE"] = str(folder / "vault.db")
    service = on_sqlite.start()

    async def move_in_the_middle(answers: Answers) -> None:
        await enough(answers, 200)
        folder.rename(elsewhere)
        await failing(answers)

    answers = store(service.url, "before", move_in_the_middle)
    assert set(answers.codes) == {200, 503}
    fails(service, "gone")
    assert service.ready() == 503
    folder.mkdir()
    fails(service, "an empty folder")
    assert list(folder.iterdir()) == [], "no new vault takes the place of the one that is missing"
    folder.rmdir()
    elsewhere.rename(folder)
    works(service, answers.stored, "after")


def test_a_file_that_another_vault_replaces(on_sqlite: Service, tmp_path: Path) -> None:
    service = on_sqlite.start()
    token = service.tokenize("name", "data").json()["token"]
    for suffix in ("", "-wal", "-shm"):
        Path(f"{service.database}{suffix}").rename(tmp_path / f"kept{suffix}")
    other = Service(tmp_path / "other", service.database, None)
    other.start()
    other.tokenize("other", "data")
    other.kill()
    fails(service, "replaced")
    for suffix in ("", "-wal", "-shm"):
        (tmp_path / f"kept{suffix}").rename(f"{service.database}{suffix}")
    works(service, {token: "data"}, "after")


def test_a_file_that_another_program_locks(on_sqlite: Service) -> None:
    service = on_sqlite.start()
    with sqlite3.connect(service.database, isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        start = time.monotonic()
        assert service.tokenize("name", "data").status_code == 503
        assert time.monotonic() - start < 10
        other.execute("ROLLBACK")
    works(service, {}, "after")


def test_postgresql_stops_and_starts(on_postgresql: Service, postgresql: Postgresql) -> None:
    service = on_postgresql.start()
    answers = store(service.url, "before", a_moment)
    postgresql.stop("fast")
    fails(service, "gone")
    assert service.ready() == 503
    postgresql.start()
    works(service, answers.stored, "after")


def test_postgresql_hangs(on_postgresql: Service, postgresql: Postgresql) -> None:
    service = on_postgresql.start()
    answers = store(service.url, "before", a_moment)
    with postgresql.hanging():

        async def one_failure(answers: Answers) -> None:
            while not answers.codes[503]:
                await asyncio.sleep(0.01)

        answered = store(service.url, "hanging", one_failure)
        assert answered.broken == 0
        assert set(answered.codes) <= {200, 503}
        assert answered.codes[503]
        assert service.ready() == 503
        assert requests.get(f"{service.url}/healthz", timeout=10).status_code == 200
    works(service, answers.stored | answered.stored, "after")


def test_postgresql_turns_read_only(on_postgresql: Service, postgresql: Postgresql) -> None:
    service = on_postgresql.start()
    answers = store(service.url, "before", a_moment)
    for value in ("on", "off"):
        postgresql.query(f"ALTER SYSTEM SET default_transaction_read_only = {value}")
        postgresql.query("SELECT pg_reload_conf()")
        if value == "on":
            wait_until("the service is not ready", lambda: service.ready() == 503)
            fails(service, "read-only")
            assert lost(service.url, BEARER, answers.stored) == {}
    works(service, answers.stored, "after")


def test_postgresql_on_a_full_disk(disk: Disk, tmp_path: Path) -> None:
    folder = disk.path / "cluster"
    folder.mkdir()
    cluster = Postgresql(folder)
    cluster.start()
    service = Service(tmp_path, Path("/nowhere"), cluster.dsn).start()

    async def full_in_the_middle(answers: Answers) -> None:
        await enough(answers, 200)
        await asyncio.to_thread(disk.fill)
        await failing(answers)

    try:
        answers = store(service.url, "before", full_in_the_middle)
        assert answers.broken == 0
        assert set(answers.codes) == {200, 503}
        # PostgreSQL removes parts of its log when it is short of space, and may then take some more.
        full = store(service.url, "full", a_moment)
        assert full.broken == 0
        assert set(full.codes) <= {200, 503}
        disk.empty()
        # Where it can't write its log, PostgreSQL ends itself.
        if not cluster.running():
            cluster.start()
        works(service, answers.stored | full.stored, "after")
    finally:
        service.kill()
        if cluster.running():
            cluster.stop()
