# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the monitor_lab contributors
"""Which name somebody meant."""

from __future__ import annotations

from collections.abc import Iterable


def distance(one: str, other: str) -> int:
    """Return how many letters have to be put in, left out or replaced to make one text of the other (Levenshtein)."""
    before = list(range(len(other) + 1))
    for row, letter in enumerate(one, start=1):
        now = [row]
        for column, wanted in enumerate(other, start=1):
            now.append(min(before[column] + 1, now[-1] + 1, before[column - 1] + (letter != wanted)))
        before = now
    return before[-1]


def near_misses(name: str, candidates: Iterable[str]) -> list[str]:
    """Return those of the candidates that are within two letters of `name`, and are not it."""
    return [candidate for candidate in candidates if 0 < distance(name, candidate) <= 2]
