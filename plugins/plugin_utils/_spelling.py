# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the monitor_lab contributors
"""Which name somebody meant."""

from __future__ import annotations


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
