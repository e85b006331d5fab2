# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""Lets the tests import the exporter from its folder, and gives them recorded answers and a server that misbehaves."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.locust_exporter.misbehaving import Server

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "files" / "locust_exporter"))

RECORDINGS = {
    path.stem: json.loads(path.read_text(encoding="utf-8"))
    for path in sorted((Path(__file__).parent / "recordings").glob("*.json"))
}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "recorded" in metafunc.fixturenames:
        pages = {f"{version}-{state}": page for version, states in RECORDINGS.items() for state, page in states.items()}
        metafunc.parametrize("recorded", list(pages.values()), ids=list(pages))


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.close()
