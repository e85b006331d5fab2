# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""LeanHttpUser on real sockets, against servers that do all that can be wrong, and beside FastHttpUser."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.lean_users import run_inside
from tests.locusts import VERSIONS, locust_executable

INSIDE = sorted(Path(__file__).parent.glob("inside_*.py"))


def test_with_the_newest_locust() -> None:
    run_inside(sys.executable, *INSIDE)


@pytest.mark.release
@pytest.mark.parametrize("version", VERSIONS)
def test_with_every_locust(version: str) -> None:
    run_inside(locust_executable(version).with_name("python"), *INSIDE)
