# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""The plugin's counts as Prometheus histograms."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from locust_exporter import histograms
from locust_exporter.exposition import Page
from prometheus_client.parser import text_string_to_metric_families


def two_digits(milliseconds: float) -> int:
    """As Locust rounds a response time before it counts it (locust.stats.bucket_response_time)."""
    digits = 0 if milliseconds < 100 else -1 if milliseconds < 1000 else -2 if milliseconds < 10_000 else -3
    return int(round(milliseconds, digits))


def page(answer: object, limit: int = 50) -> tuple[dict[str, dict[str, float]], bool]:
    """By name: the buckets by their upper end, and sum and count."""
    page = Page("locust")
    more = histograms.write(page, answer, limit)
    found: dict[str, dict[str, float]] = {}
    for family in text_string_to_metric_families(page.encode().decode()):
        assert family.type == "histogram"
        for sample in family.samples:
            key = sample.labels.get("le", sample.name.rpartition("_")[2])
            found.setdefault(sample.labels["name"], {})[key] = sample.value
    return found, more


def row(name: str, counts: dict[str, Any], total: float = 0) -> dict[str, Any]:
    return {"method": "GET", "name": name, "sum": total, "counts": counts}


@settings(max_examples=50)
@given(st.floats(0, 60_000))
def test_every_value_of_locusts_has_a_bucket_of_its_own(milliseconds: float) -> None:
    value = two_digits(milliseconds)
    found = next(iter(page({"histograms": [row("/", {str(value): 1})]})[0].values()))
    bounds = [0.0, *(float(end) * 1000 for end in found if end not in ("sum", "count"))]
    ends = [end for end in found if end not in ("sum", "count")]
    first = next(index for index, end in enumerate(ends) if found[end] == 1)
    assert bounds[first] <= value <= bounds[first + 1]
    # The bucket holds what Locust rounds to this value, and nothing else that it would round.
    middle = (bounds[first] + bounds[first + 1]) / 2
    assert two_digits(middle) == value
    assert bounds[first] <= milliseconds <= bounds[first + 1]


def test_buckets_add_up_and_the_longest_is_open() -> None:
    found, _unused = page({"histograms": [row("/", {"5": 2, "150": 3, "61000": 4, "900000": 1}, 12_345.0)]})
    buckets = next(iter(found.values()))
    ends = [end for end in buckets if end not in ("sum", "count")]
    assert ends == sorted(ends, key=float)
    assert (buckets["0.0045"], buckets["0.0055"], buckets["0.145"], buckets["0.155"]) == (0, 2, 2, 5)
    assert (buckets["60.5"], buckets["+Inf"], buckets["count"]) == (5, 10, 10)
    assert buckets["sum"] == pytest.approx(12.345)
    assert len(ends) == 332


def test_only_so_many_endpoints() -> None:
    answer = {"histograms": [row(f"/{number}", {"1": 1}) for number in range(7)]}
    assert len(page(answer, 5)[0]) == 5
    assert page(answer, 5)[1]
    assert not page(answer, 7)[1]


def test_what_locust_left_out_already_is_told() -> None:
    assert page({"histograms": [row("/", {"1": 1})], "left_out": 3})[1]
    assert not page({"histograms": [row("/", {"1": 1})], "left_out": 0})[1]


def test_an_endpoint_without_requests_has_none() -> None:
    assert page({"histograms": [row("/", {})]})[0] == {}


@pytest.mark.parametrize(
    "answer",
    [
        None,
        [],
        {},
        {"histograms": None},
        {"histograms": [None, {}, {"counts": []}, {"name": "/", "counts": {"x": 1, "1": "y", "NaN": 1, "": None}}]},
        {"histograms": [row('"\n\\', {"-5": 1, "1e400": 2, "3": True, "4": 1.5}), row('"\n\\', {"1": 1})]},
    ],
)
def test_hostile_counts_give_a_valid_page(answer: object) -> None:
    page(answer)
