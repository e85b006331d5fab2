# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the monitor_lab contributors
"""Which name somebody meant."""

from __future__ import annotations

from collections.abc import Iterable


def within(one: str, other: str, letters: int) -> bool:
    """Say whether at most so many `letters` changed, added or left out make `one` the `other`."""
    if abs(len(one) - len(other)) > letters:
        return False
    if not one or not other:
        return True
    if one[0] == other[0]:
        return within(one[1:], other[1:], letters)
    return letters > 0 and any(
        within(*rest, letters - 1) for rest in ((one[1:], other[1:]), (one[1:], other), (one, other[1:]))
    )


def near_misses(name: str, candidates: Iterable[str]) -> list[str]:
    """Return those of the candidates that are within two letters of `name`, and are not it."""
    return [candidate for candidate in candidates if candidate != name and within(name, candidate, 2)]
