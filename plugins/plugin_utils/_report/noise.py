# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the monitor_lab contributors
"""Whether two runs differ by more than what each of them differs from itself.

Each run is cut into windows of time that do not overlap, and a figure of each window is one value: answers that follow
one another are alike, and single ones would make a run look surer of itself than it is ("batch means", A. M. Law,
Simulation Modeling and Analysis, chapter 9). The means of the two runs' windows are compared by Welch's interval, which
takes no equal noise for granted (B. L. Welch, Biometrika 34 (1947), 28-35;
https://www.itl.nist.gov/div898/handbook/eda/section3/eda353.htm). Where several figures are compared, the intervals are
made wider, so that all of them together are right in 95 of 100 pairs of runs that differ by chance alone (Bonferroni,
https://www.itl.nist.gov/div898/handbook/prc/section4/prc473.htm).

What differs between runs of the same thing, such as a cold cache or another machine, is in no window of either.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

CONFIDENCE = 0.95
# Of fewer windows a run's own noise is hardly known.
FEWEST_WINDOWS = 3
_PRECISE = 1e-10


@dataclass(frozen=True)
class Difference:
    """By how much the second run's windows differ from the first's, and how much of that may be chance."""

    by: float
    margin: float

    @property
    def is_more_than_noise(self) -> bool:
        return abs(self.by) > self.margin


def difference(before: Sequence[float], after: Sequence[float], comparisons: int = 1, coarse: float = 0) -> Difference:
    """Compare two runs' windows, at least two each, as one of so many comparisons.

    `coarse` is the step that the values were rounded to. All of a run's may be rounded the same way, so that no number
    of windows makes up for it.
    """
    variances = [statistics.variance(values) / len(values) for values in (before, after)]
    by = statistics.fmean(after) - statistics.fmean(before)
    error = sum(variances)
    if not error:
        return Difference(by, coarse)
    # Welch and Satterthwaite's.
    shares = [variance / error for variance in variances]
    freedom = 1 / sum(share**2 / (len(values) - 1) for share, values in zip(shares, (before, after)))
    level = 1 - (1 - CONFIDENCE) / (2 * comparisons)
    return Difference(by, student_quantile(level, freedom) * math.sqrt(error) + coarse)


def student_quantile(level: float, freedom: float) -> float:
    """Return the value that Student's t with so many degrees of freedom is below with this probability, 0.5 to 1."""
    low, high = 0.0, 1.0
    while _student(high, freedom) < level:
        low, high = high, 2 * high
    while high - low > _PRECISE * high:
        middle = (low + high) / 2
        if middle in (low, high):
            break
        low, high = (middle, high) if _student(middle, freedom) < level else (low, middle)
    return high


def _student(value: float, freedom: float) -> float:
    """Return the probability that Student's t is below a value of 0 or more: https://dlmf.nist.gov/8.17."""
    return 1 - _incomplete_beta(freedom / (freedom + value * value), freedom / 2, 0.5) / 2


def _incomplete_beta(x: float, a: float, b: float) -> float:
    """Return the regularized incomplete beta function, by the continued fraction 8.17.22 there."""
    if x > (a + 1) / (a + b + 2):
        # Where it comes to an end slowly, its mirror image does so fast.
        return 1 - _incomplete_beta(1 - x, b, a)
    if x <= 0:
        return 0.0
    factor = math.exp(math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x))
    # Lentz's way to work one out from its beginning.
    fraction, upper, lower = 1.0, 1.0, 0.0
    for number in range(1, 1000):
        half = number // 2
        if number % 2:
            term = -(a + half) * (a + b + half) * x / ((a + 2 * half) * (a + 2 * half + 1))
        else:
            term = half * (b - half) * x / ((a + 2 * half - 1) * (a + 2 * half))
        lower = 1 / (1 + term * lower)
        upper = 1 + term / upper
        fraction *= upper * lower
        if abs(upper * lower - 1) < _PRECISE:
            break
    return factor / (a * fraction)
