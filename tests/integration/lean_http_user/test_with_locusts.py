# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""LeanHttpUser on real sockets, against servers that do all that can be wrong, and beside FastHttpUser."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.lean_users import run_inside
from tests.locusts import locust_executable

INSIDE = sorted(Path(__file__).parent.glob("inside_*.py"))
# Each with the geventhttpclient of its time, whose parsers differ.
PUBLISHED = [("2.20.1", "2.0.11"), ("2.31.8", "2.3.1"), ("2.46.3", "2.3.9")]


def test_with_the_newest_locust() -> None:
    run_inside(sys.executable, *INSIDE)


@pytest.mark.release
@pytest.mark.parametrize("version, geventhttpclient", PUBLISHED)
def test_with_a_published_locust(version: str, geventhttpclient: str) -> None:
    run_inside(locust_executable(version, geventhttpclient).with_name("python"), *INSIDE)
