# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""Welch's interval against published numbers, and how often it is wrong."""

from __future__ import annotations

import random

import pytest
from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._report.noise import difference, student_quantile
from hypothesis import example, given
from hypothesis import strategies as st

# https://www.itl.nist.gov/div898/handbook/eda/section3/eda3672.htm: degrees of freedom, and the value that the
# probability in the heading is below.
NIST = {
    0.9: {1: 3.078, 2: 1.886, 5: 1.476, 10: 1.372, 30: 1.310, 100: 1.290},
    0.975: {1: 12.706, 2: 4.303, 5: 2.571, 10: 2.228, 30: 2.042, 100: 1.984},
    0.995: {1: 63.657, 2: 9.925, 5: 4.032, 10: 3.169, 30: 2.750, 100: 2.626},
}
# Student's own data, Biometrika 6 (1908), and what R's t.test(extra ~ group, data = sleep) says of it: a difference of
# -1.58 between -3.3654832 and 0.2054832, with 95 % confidence and 17.776 degrees of freedom.
SLEEP = (
    [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0],
    [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4],
)
VALUES = st.lists(st.floats(0, 1e6), min_size=2, max_size=20)


@pytest.mark.parametrize(
    ("level", "freedom", "value"),
    [(level, freedom, value) for level, values in NIST.items() for freedom, value in values.items()],
)
def test_quantiles_are_those_of_the_table(level: float, freedom: int, value: float) -> None:
    assert round(student_quantile(level, freedom), 3) == value


def test_the_interval_is_that_of_r() -> None:
    found = difference(SLEEP[1], SLEEP[0])
    assert (found.by - found.margin, found.by + found.margin) == pytest.approx((-3.3654832, 0.2054832), abs=5e-8)
    assert not found.is_more_than_noise


def wrong(comparisons: int, pairs: int, seed: int) -> float:
    """Return the share of pairs of which at least one of so many figures is called different, by chance alone."""
    chance = random.Random(seed)

    def is_called_different() -> bool:
        before, after = ([chance.gauss(100, noise) for _number in range(size)] for noise, size in ((1, 4), (5, 7)))
        return difference(before, after, comparisons).is_more_than_noise

    return sum(any(is_called_different() for _figure in range(comparisons)) for _pair in range(pairs)) / pairs


@pytest.mark.parametrize(("comparisons", "pairs"), [(1, 1000), (10, 200)])
def test_what_differs_by_chance_alone_is_called_different_once_in_twenty(comparisons: int, pairs: int) -> None:
    assert wrong(comparisons, pairs, seed=4) < 0.07


def test_what_differs_is_called_so() -> None:
    chance = random.Random(4)
    before, after = ([chance.gauss(mean, 2) for _number in range(6)] for mean in (100, 115))
    found = difference(before, after, comparisons=5)
    assert found.is_more_than_noise
    assert found.by == pytest.approx(15, abs=3)


def test_many_comparisons_make_the_interval_wider() -> None:
    margins = [difference(*SLEEP, comparisons).margin for comparisons in (1, 2, 10, 100)]
    assert margins == sorted(margins) and margins[0] < margins[-1]


def test_a_step_of_rounding_is_no_difference() -> None:
    """All windows of either run are the same, since Locust rounds them so."""
    assert not difference([13, 13, 13], [14, 14, 14], coarse=1).is_more_than_noise
    assert difference([13, 13, 13], [15, 15, 15], coarse=1).is_more_than_noise


# Of such small numbers the square of a variance is none.
@example([0.0, 1e-120], [0.0, 0.0])
@given(VALUES, VALUES)
def test_whichever_is_first_the_difference_is_as_large(before: list[float], after: list[float]) -> None:
    there, back = difference(before, after), difference(after, before)
    assert (there.by, there.margin) == pytest.approx((-back.by, back.margin))
    assert difference(before, before).by == 0
