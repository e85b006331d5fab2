# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the monitor_lab contributors
"""The time that all parts of a load run keep."""

from __future__ import annotations

from typing import Optional, Protocol

# No answer for this long, to a step or from Locust, ends the run. In seconds, as everything here.
PATIENCE = 10.0
# Workers report to the master every 3 s, so figures from before a reset arrive that much later.
WORKER_REPORT = 3.0
# How long Locust's statistics may still be those from before a start or a reset.
STALE = 2.5


class Clock(Protocol):
    """What is needed of the module C(time)."""

    def time(self) -> float: ...

    def monotonic(self) -> float: ...

    def sleep(self, seconds: float) -> None: ...


def lag(workers: Optional[int]) -> float:
    """Return how much later than they happened Locust may count things, with so many workers."""
    return WORKER_REPORT if workers else 0.0
