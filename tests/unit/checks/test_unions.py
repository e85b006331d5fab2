# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
from __future__ import annotations

from pathlib import Path

import pytest

from tests.checks.unions import findings


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("def f(x: int | None) -> str | None: ...", 0),
        ("class A:\n    x: int | None = None", 0),
        ("def f():\n    x: list[int] | None = 1 | 2", 0),
        ("flags = re.A | re.B\nnames = set(a) | b.keys()", 0),
        ("Number = int | float", 1),
        ("Answer = dict[str, int] | None", 1),
        ("isinstance(x, int | str)", 1),
        ("def f():\n    return cast(Row | None, x)", 1),
    ],
)
def test_unions(code: str, expected: int) -> None:
    assert len(findings(Path("plugins/module_utils/run.py"), code)) == expected


def test_only_what_runs_on_hosts() -> None:
    assert findings(Path("tests/unit/test_run.py"), "Number = int | float") == []
