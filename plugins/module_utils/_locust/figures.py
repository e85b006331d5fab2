# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the monitor_lab contributors
"""The figures of a load run that thresholds and baselines are about, each declared once."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Optional

_PERCENTILES = ("p50", "p66", "p75", "p80", "p90", "p95", "p98", "p99", "p99.9", "p99.99")


@dataclass(frozen=True)
class Figure:
    """What is measured, in words that the documentation of C(locust_run) repeats, and how it can be used."""

    meaning: str
    unit: str = ""
    current: bool = False
    """Locust gives it for the last seconds, too, over all endpoints together."""
    current_of_endpoints: bool = False
    """Locust gives it for the last seconds of each endpoint."""
    of_the_whole_run: bool = False
    """It is not counted for an endpoint."""
    sampled: bool = False
    """It is the most that was seen during the run; Locust's statistics do not have it."""
    higher_is_better: bool = False
    """Of those that can be compared with an earlier run's."""


FIGURES: dict[str, Figure] = {
    **{name: Figure("percentile of the response times", "ms", current=name in ("p50", "p95")) for name in _PERCENTILES},
    "avg": Figure("mean response time", "ms"),
    "min": Figure("shortest response time", "ms"),
    "max": Figure("longest response time", "ms"),
    "median": Figure("median response time", "ms"),
    "rps": Figure("requests", "per second", current=True, current_of_endpoints=True, higher_is_better=True),
    "fail_per_sec": Figure("failed requests", "per second", current=True, current_of_endpoints=True),
    "fail_ratio": Figure("failed requests", "as a share of all from 0 to 1", current=True, current_of_endpoints=True),
    "num_requests": Figure("requests", higher_is_better=True),
    "num_failures": Figure("failed requests"),
    "num_exceptions": Figure("exceptions that tasks raised", of_the_whole_run=True),
    "users": Figure("most users seen at once", current=True, of_the_whole_run=True, sampled=True),
    "generator_cpu": Figure(
        "most that a generator was seen to use of a processor core",
        "percent",
        current=True,
        of_the_whole_run=True,
        sampled=True,
    ),
}
CURRENT = tuple(name for name, figure in FIGURES.items() if figure.current)
CURRENT_OF_ENDPOINTS = tuple(name for name, figure in FIGURES.items() if figure.current_of_endpoints)
# Those that are no more than the most of what was seen.
SAMPLED = tuple(name for name, figure in FIGURES.items() if figure.sampled)
# What a run's statistics have, and those of an earlier run.
COMPARABLE = tuple(name for name, figure in FIGURES.items() if not figure.sampled)


def find(name: str) -> Optional[tuple[str, Figure]]:
    """Return a figure and its name as Locust's statistics have it; None where there is none of that name.

    A locustfile can have Locust give other percentiles than those of the table.
    """
    if name in FIGURES:
        return name, FIGURES[name]
    match = re.fullmatch(r"p([0-9]+(?:\.[0-9]+)?)", name, re.ASCII)
    if not match or not 0 < float(match.group(1)) < 100:
        return None
    plain = f"p{float(match.group(1)):.10g}"
    return plain, FIGURES.get(plain, Figure(FIGURES["p50"].meaning, "ms"))
