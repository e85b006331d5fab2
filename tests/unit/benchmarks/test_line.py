# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
from __future__ import annotations

import pytest

from benchmarks._line import straight_line


def test_points_on_a_line_are_not_off_it() -> None:
    line = straight_line({1: 5.0, 2: 7.0, 4: 11.0, 8: 19.0})
    assert (line.each, line.at) == (pytest.approx(2), pytest.approx(3))
    assert line.residuals == {hosts: pytest.approx(0, abs=1e-9) for hosts in (1, 2, 4, 8)}


def test_least_squares() -> None:
    # y = x and 1 more in the middle of three points: the line moves up by a third, and does not turn.
    line = straight_line({0: 0.0, 10: 11.0, 20: 20.0})
    assert (line.each, line.at) == (pytest.approx(1), pytest.approx(1 / 3))
    assert line.residuals == {0: pytest.approx(-1 / 3), 10: pytest.approx(2 / 3), 20: pytest.approx(-1 / 3)}


def test_the_line_is_told_with_what_is_off_it() -> None:
    told = straight_line({0: 0.0, 10: 11.0, 20: 20.0}).text("s")
    assert told == "0.33 s and 1.000 s a host; off this line by 0: -0.33, 10: +0.67, 20: -0.33"
