# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the monitor_lab contributors
"""The figures of a load run that thresholds and baselines are about, each declared once."""

from __future__ import annotations

from dataclasses import dataclass

_PERCENTILES = ("p50", "p66", "p75", "p80", "p90", "p95", "p98", "p99", "p99.9", "p99.99")


@dataclass(frozen=True)
class Figure:
    """What is measured, in words that the documentation of C(locust_run) repeats, and how it can be used."""

    meaning: str
    unit: str = ""
    current: bool = False
    """Locust gives it for the last seconds, too, and only over all endpoints together."""
    of_the_whole_run: bool = False
    """It is not counted for an endpoint."""
    sampled: bool = False
    """It is the most that was seen during the run; Locust's statistics do not have it."""
    higher_is_better: bool = False


FIGURES: dict[str, Figure] = {
    **{name: Figure("percentile of the response times", "ms", current=name in ("p50", "p95")) for name in _PERCENTILES},
    "avg": Figure("mean response time", "ms"),
    "min": Figure("shortest response time", "ms"),
    "max": Figure("longest response time", "ms"),
    "median": Figure("median response time", "ms"),
    "rps": Figure("requests", "per second", current=True, higher_is_better=True),
    "fail_per_sec": Figure("failed requests", "per second"),
    "fail_ratio": Figure("failed requests", "as a share of all from 0 to 1", current=True),
    "num_requests": Figure("requests", higher_is_better=True),
    "num_failures": Figure("failed requests"),
    "num_exceptions": Figure("exceptions that tasks raised", of_the_whole_run=True),
    "users": Figure(
        "most users seen at once", current=True, of_the_whole_run=True, sampled=True, higher_is_better=True
    ),
}
CURRENT = tuple(name for name, figure in FIGURES.items() if figure.current)
# What a run's statistics have, and those of an earlier run.
COMPARABLE = tuple(name for name, figure in FIGURES.items() if not figure.sampled)
