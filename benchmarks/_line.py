# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""What each further host costs: the straight line, by least squares, through what so many hosts took."""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Line:
    """`each` further host, beginning `at` none; how far above or below it each point lies."""

    each: float
    at: float
    residuals: dict[int, float]

    def text(self, unit: str) -> str:
        off = ", ".join(f"{hosts}: {residual:+.2f}" for hosts, residual in self.residuals.items())
        return f"{self.at:.2f} {unit} and {self.each:.3f} {unit} a host; off this line by {off}"


def straight_line(points: Mapping[int, float]) -> Line:
    each, at = statistics.linear_regression(list(points), list(points.values()))
    return Line(each, at, {hosts: value - (at + each * hosts) for hosts, value in points.items()})
