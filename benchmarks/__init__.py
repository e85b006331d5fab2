# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""What the project claims about its speed. Every claim is a ratio or a bound, both sides measured in one run."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One claim. A bound on a single figure has no reference, and its value is the figure itself.

    Without a target it claims nothing: a figure that is stated, so that one knows what to expect.
    """

    what: str
    measured: str
    reference: str
    value: float
    target: float | None = None
    at_least: bool = False

    @property
    def met(self) -> bool:
        if self.target is None:
            return True
        return self.value >= self.target if self.at_least else self.value <= self.target
