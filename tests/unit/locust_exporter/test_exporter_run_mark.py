# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""The mark of a run as metrics."""

from __future__ import annotations

from typing import Any

import pytest
from locust_exporter import run_mark
from locust_exporter.exposition import Page
from prometheus_client.parser import text_string_to_metric_families

MARK: dict[str, Any] = {
    "run": "20261129T000000Z-1a2b",
    "lab": "shop",
    "started": 1_795_413_102.9,
    "ended": None,
    "verdict": None,
    "thresholds": [
        {"figure": "p95", "comparison": "<", "limit": 200, "name": "", "method": ""},
        {"figure": "p95", "comparison": "<", "limit": 500.5, "name": '/a"b', "method": "POST"},
    ],
}


def written(answer: object) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    page = Page("locust")
    run_mark.write(page, answer)
    found = {}
    for family in text_string_to_metric_families(page.encode().decode()):
        for sample in family.samples:
            key = sample.name, tuple(sample.labels.items())
            assert key not in found, f"{key} is on the page twice"
            found[key] = sample.value
    return found


def test_a_run_that_goes_on() -> None:
    run = ("run", MARK["run"])
    assert written({"mark": MARK}) == {
        ("locust_run_info", (run, ("lab", "shop"), ("verdict", ""))): 1,
        ("locust_run_start_time_seconds", (run,)): 1_795_413_102.9,
        (
            "locust_run_threshold",
            (run, ("figure", "p95"), ("comparison", "<"), ("name", ""), ("method", "")),
        ): 200,
        (
            "locust_run_threshold",
            (run, ("figure", "p95"), ("comparison", "<"), ("name", '/a"b'), ("method", "POST")),
        ): 500.5,
    }


def test_a_run_that_has_ended() -> None:
    found = written({"mark": {**MARK, "ended": 1_795_413_132, "verdict": "failed", "thresholds": []}})
    assert found == {
        ("locust_run_info", (("run", MARK["run"]), ("lab", "shop"), ("verdict", "failed"))): 1,
        ("locust_run_start_time_seconds", (("run", MARK["run"]),)): 1_795_413_102.9,
        ("locust_run_end_time_seconds", (("run", MARK["run"]),)): 1_795_413_132,
    }


def test_a_run_that_tells_where_its_report_is() -> None:
    report = "https://ci.example.org/artifacts/r/lab_report.html"
    found = written({"mark": {**MARK, "verdict": "passed", "report": report, "thresholds": []}})
    labels = (("run", MARK["run"]), ("lab", "shop"), ("verdict", "passed"), ("report", report))
    assert found["locust_run_info", labels] == 1


@pytest.mark.parametrize("answer", [None, [], {}, {"mark": None}, {"mark": "x"}, "x", 5])
def test_without_a_mark_nothing_is_written(answer: object) -> None:
    assert written(answer) == {}


@pytest.mark.parametrize(
    "odd",
    [
        {},
        {"run": 5, "thresholds": "x", "started": "soon", "ended": []},
        {"thresholds": [None, 5, {}, {"limit": "x"}, {"limit": []}]},
        {"thresholds": MARK["thresholds"] * 2},
    ],
)
def test_odd_marks_make_no_odd_page(odd: dict[str, Any]) -> None:
    assert ("locust_run_info", (("run", str(odd.get("run", ""))), ("lab", ""), ("verdict", ""))) in written(
        {"mark": odd}
    )


def test_thresholds_are_bounded() -> None:
    many = [{"figure": f"p{number}", "comparison": "<", "limit": 1, "name": "", "method": ""} for number in range(99)]
    found = written({"mark": {**MARK, "thresholds": many}})
    assert sum(name == "locust_run_threshold" for name, _unused in found) == 50
