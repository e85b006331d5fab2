# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.locust_run.real_locust import Locusts, Playbook, Target, serving_target


@pytest.fixture
def target() -> Iterator[Target]:
    with serving_target() as target:
        yield target


@pytest.fixture
def locusts(tmp_path: Path) -> Iterator[Locusts]:
    locusts = Locusts(tmp_path)
    yield locusts
    locusts.end()


@pytest.fixture
def playbook(tmp_path: Path) -> Iterator[Playbook]:
    playbook = Playbook(tmp_path)
    yield playbook
    playbook.end()
