# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
from __future__ import annotations

import pytest

from benchmarks import Row
from benchmarks.__main__ import table


@pytest.mark.parametrize(
    ("value", "target", "at_least", "met"),
    [
        (2.0, 2.0, False, True),
        (2.1, 2.0, False, False),
        (2.0, 2.0, True, True),
        (1.9, 2.0, True, False),
        (9.9, None, False, True),
    ],
)
def test_met(value: float, target: float | None, at_least: bool, met: bool) -> None:
    assert Row("what", "", "", value, target, at_least).met is met


def test_a_figure_without_a_target_is_stated_and_not_judged() -> None:
    claim = Row("a claim", "4 s", "2 s", 2.0, 1.5)
    figure = Row("a figure", "70 MB", "", 70.0)
    _heading, judged, stated = (line.split() for line in table([claim, figure]).splitlines())
    assert judged == ["a", "claim", "4", "s", "2", "s", "2", "<=", "1.5", "MISSED"]
    assert stated == ["a", "figure", "70", "MB", "70"]
