# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""Which ansible-cores are tested is what the collection says of itself, and what a machine lacks is told."""

from __future__ import annotations

import re
from importlib.metadata import version
from pathlib import Path

import pytest

from tests import cores
from tests.checks.tree import CHECKOUT
from tests.cores import CORES, those_here
from tests.role_readme import load


def test_the_oldest_is_the_one_that_is_required() -> None:
    assert load(CHECKOUT / "meta" / "runtime.yml")["requires_ansible"] == f">={CORES[0].version}"


def test_readme_has_each() -> None:
    rows = re.findall(r"^\| (2[\d.]+) \| ([\d.]+)", (CHECKOUT / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert rows == [(core.version, core.package) for core in CORES]


def test_what_is_left_out_is_told(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """On a Debian 12, whose Python is 3.11."""
    monkeypatch.setattr(cores, "find_python", lambda name: Path("/usr/bin/python3.11") if name == "3.11" else None)
    own = version("ansible-core")
    here = [core.version for core in those_here()]
    assert here == [one for one in ("2.17.0", "2.18.19", "2.19.14") if one != own]
    told = capsys.readouterr().out
    assert "left out: ansible-core 2.21.5: no Python 3.13 or 3.12 or 3.14 here\n" in told or own == "2.21.5"
    assert f"left out: ansible-core {own}: the other parts run it\n" in told
