# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""The run's own response-time histograms, as the Locust plugin `histograms.py` gives them, as Prometheus histograms.

Locust counts each response time under a value rounded to two digits (`locust.stats.bucket_response_time`): 0 to 99 by
1 ms, 100 to 990 by 10 ms, and so on. Each bucket here ends where one of those values stops being the nearest: no
request is counted on the wrong side, and what `histogram_quantile()` finds rounds to the value that Locust would show,
over any window and any sum of endpoints. The buckets are the same for every endpoint and never change, as sums and
rates need.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterator
from itertools import accumulate, islice
from typing import Any

from locust_exporter.exposition import Page, label_text, labels, number

LONGEST = 60_000
"""ms; what takes longer is counted in the +Inf bucket."""


def _bounds() -> list[float]:
    """Return the upper ends of the buckets, in ms."""
    bounds = [value + 0.5 for value in range(99)]
    step, value = 10, 100
    bounds.append(99.5)
    while value <= LONGEST:
        bounds.append(value + step / 2)
        value += step
        if value == step * 100:
            step *= 10
    return bounds


BOUNDS = _bounds()
_LE = [f'le="{bound / 1000:.6g}"}}' for bound in BOUNDS] + ['le="+Inf"}']


def write(page: Page, answer: object, max_endpoints: int) -> bool:
    """Write the histograms of the first `max_endpoints` endpoints; tell whether there are more.

    `answer` is `{"histograms": [{"method", "name", "sum": ms, "counts": {ms: requests}}], "left_out": endpoints}`.
    """
    rows: dict[str, dict[str, Any]] = {}
    listed = answer.get("histograms") if isinstance(answer, dict) else None
    for row in listed if isinstance(listed, list) else []:
        if isinstance(row, dict) and isinstance(row.get("counts"), dict) and row["counts"]:
            rows.setdefault(labels(method=label_text(row.get("method")), name=label_text(row.get("name"))), row)
    samples = (sample for pairs, row in islice(rows.items(), max_endpoints) for sample in _samples(pairs, row))
    page.family("histogram", "request_duration_seconds", "Response times of this endpoint.", samples)
    left_out = number(answer.get("left_out")) if isinstance(answer, dict) else None
    return len(rows) > max_endpoints or bool(left_out)


def _samples(pairs: str, row: dict[str, Any]) -> Iterator[tuple[str, float | int | None]]:
    totals = list(accumulate(_counts(row["counts"])))
    start = f"_bucket{{{pairs},"
    yield from ((start + le, total) for le, total in zip(_LE, totals, strict=True))
    seconds = number(row.get("sum"))
    yield f"_sum{{{pairs}}}", None if seconds is None else seconds / 1000
    yield f"_count{{{pairs}}}", totals[-1]


def _counts(given: dict[str, Any]) -> list[int]:
    """Count requests by bucket, the last one being +Inf."""
    counts = [0] * (len(BOUNDS) + 1)
    for key, value in given.items():
        milliseconds, requests = number(key), number(value)
        if milliseconds is not None and not math.isnan(milliseconds) and isinstance(requests, int):
            counts[bisect_left(BOUNDS, milliseconds)] += requests
    return counts
