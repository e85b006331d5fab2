# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""Lets the tests import the service from its folder, and serves it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "files" / "tokenization"))

from tests.unit.tokenization.served import Service, serving


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with serving(tmp_path_factory.mktemp("service") / "vault.db", False) as service:
        yield service


@pytest.fixture
def guarded_service(tmp_path: Path) -> Iterator[Service]:
    with serving(tmp_path / "vault.db", True) as service:
        yield service
