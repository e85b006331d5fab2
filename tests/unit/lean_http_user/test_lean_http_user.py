# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""What LeanHttpUser is made of, without a server."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.lean_users import run_inside


def test_its_parts() -> None:
    run_inside(sys.executable, *sorted(Path(__file__).parent.glob("inside_*.py")))
