# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""Locust's answers as metrics, read back with Prometheus's own parser for Python."""

from __future__ import annotations

import json
from typing import Any

import pytest
from locust_exporter import metrics
from locust_exporter.exposition import Page
from prometheus_client.parser import text_string_to_metric_families

Labels = tuple[tuple[str, str], ...]


def samples(answer: object) -> dict[tuple[str, Labels], float]:
    page = Page("locust")
    metrics.write(page, answer)
    found: dict[tuple[str, Labels], float] = {}
    for family in text_string_to_metric_families(page.encode().decode("utf-8")):
        for sample in family.samples:
            key = sample.name, tuple(sorted(sample.labels.items()))
            assert key not in found, f"{key} is on the page twice"
            found[key] = sample.value
    return found


def answer(**changes: Any) -> dict[str, Any]:
    return {"stats": [], "errors": [], "state": "running", "user_count": 1, "fail_ratio": 0.0, **changes}


@pytest.mark.parametrize(
    ("state", "running"),
    [
        ("ready", 0),
        ("hatching", 1),
        ("spawning", 1),
        ("running", 2),
        ("cleanup", 0),
        ("stopping", 0),
        ("stopped", 0),
        ("missing", 0),
    ],
)
def test_the_ramp_up_is_not_shown_as_stopped(state: str, running: int) -> None:
    found = samples(answer(state=state))
    assert found["locust_running", ()] == running
    ones = {labels for (name, labels), value in found.items() if name == "locust_state" and value == 1}
    assert ones == {(("state", "spawning" if state == "hatching" else state),)}


@pytest.mark.parametrize(
    "name",
    ['"', "\\", "\n", '\\"\n\\n', "\r\n\t", "\0", "\u2028", "🦗" * 100, "x" * 10_000, "{}", "\ud800", "ÿ", "", "a,b=c"],
)
def test_hostile_names_stay_whole(name: str) -> None:
    found = samples(answer(stats=[{"method": name, "name": name, "num_requests": 3}]))
    expected = name.replace("\0", "\N{REPLACEMENT CHARACTER}").replace("\ud800", "?")
    assert found["locust_requests_num_requests", (("method", expected), ("name", expected))] == 3


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("12.5", 12.5),
        (-3, -3.0),
        (True, 1.0),
        (10**400, None),
        (2**60, float(2**60)),
        (None, None),
        ("twelve", None),
        ([], None),
        ({}, None),
        (float("inf"), float("inf")),
        (-float("inf"), -float("inf")),
    ],
)
def test_hostile_figures_are_figures_or_nothing(given: object, expected: float | None) -> None:
    found = samples(answer(stats=[{"method": "GET", "name": "/", "num_requests": 1, "avg_response_time": given}]))
    assert found.get(("locust_requests_avg_response_time", (("method", "GET"), ("name", "/")))) == expected


@pytest.mark.parametrize(
    "given", [None, 1, "text", [], {}, {"stats": []}, {"state": "running"}, {"stats": 1, "state": 1}]
)
def test_other_json_is_not_taken_for_locust(given: object) -> None:
    with pytest.raises(metrics.NotLocust):
        metrics.write(Page("locust"), json.loads(json.dumps(given)))
