# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""A vault of each kind for each test."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.tokenization.service import Postgresql, Service


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that other users can look into, other than pytest's own; with a short name, for sockets."""
    folder = Path(tempfile.mkdtemp(prefix="tokenization-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def postgresql(open_folder: Path) -> Iterator[Postgresql]:
    cluster = Postgresql(open_folder)
    cluster.start()
    yield cluster
    if cluster.running():
        cluster.stop()


@pytest.fixture
def on_sqlite(tmp_path: Path) -> Iterator[Service]:
    service = Service(tmp_path, tmp_path / "vault.db", None)
    yield service
    service.kill()


@pytest.fixture
def on_postgresql(tmp_path: Path, postgresql: Postgresql) -> Iterator[Service]:
    service = Service(tmp_path, Path("/nowhere/vault.db"), postgresql.dsn)
    yield service
    service.kill()


@pytest.fixture(params=["sqlite", "postgresql"])
def service(request: pytest.FixtureRequest) -> Service:
    on: Service = request.getfixturevalue(f"on_{request.param}")
    return on
