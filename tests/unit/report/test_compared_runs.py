# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""What is said of two runs: what became slower, by how much, and whether that is more than noise."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._report.artifacts import Run
from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._report.comparison import (
    WHOLE,
    compare,
    windows_of,
    windows_of_endpoints,
)
from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._report.graphs import Asked
from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._report.prometheus import Prometheus, Series
from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._report.texts import shown

from tests.unit.report.made_run import EARLIER, NAME, made_run, row


def noisy(seed: int, p95: float = 18.0) -> Callable[[float], dict[str, Any]]:
    chance = random.Random(seed)
    return lambda elapsed: {
        "p50": round(13 + chance.gauss(0, 1)),
        "p95": round(p95 + chance.gauss(0, 1)),
        "rps": 40 + chance.gauss(0, 1),
        "fail_per_sec": 0.4 + chance.gauss(0, 0.1),
    }


def overall(**figures: Any) -> dict[str, Any]:
    return row("Aggregated", "", **figures)


@pytest.fixture
def before(tmp_path: Path) -> Run:
    return made_run(tmp_path, EARLIER, noisy(1))


def test_windows_do_not_overlap_and_begin_when_all_users_run(tmp_path: Path) -> None:
    windows = windows_of(made_run(tmp_path, figures=lambda elapsed: {"p95": elapsed}))
    assert windows["p95"] == [14, 26, 38, 50, 62, 74, 86, 98, 110]
    assert windows["fail_ratio"] == [1.0] * 9


def test_what_became_slower_is_said_in_words(before: Run, tmp_path: Path) -> None:
    after = made_run(tmp_path, NAME, noisy(2, p95=30), overall=overall(p95=30.0))
    told = compare(before, after, None)
    assert told.headline == (
        f"Against {EARLIER}, by more than the noise of the two runs: p95 became slower: 18 → 30 ms (+66.7 %)."
    )
    p50, p95, p99 = (each.in_words for each in told.figures[:3])
    assert p50.startswith("p50: 13 → 13 ms (+0.0 %); that is no more than noise (their windows differ by ")
    assert p95.startswith(
        "p95 became slower: 18 → 30 ms (+66.7 %); that is more than noise (their windows differ by 11"
    )
    assert p99 == "p99: 21 → 21 ms (+0.0 %); how much of that is noise is not known."


def test_the_same_twice_is_noise(before: Run, tmp_path: Path) -> None:
    told = compare(before, made_run(tmp_path, NAME, noisy(2)), None)
    assert told.headline == f"Against {EARLIER}, nothing became slower or worse by more than the noise of the two runs."
    assert told.others == []


def test_what_became_faster_is_no_warning(before: Run, tmp_path: Path) -> None:
    told = compare(made_run(tmp_path, NAME, noisy(2, p95=30), overall=overall(p95=30.0)), before, None)
    assert told.headline.startswith(f"Against {NAME}, nothing became slower or worse")
    assert told.headline.endswith("Better, by more than that: p95 became faster: 30 → 18 ms (-40.0 %).")


def test_fewer_requests_and_more_failures_are_worse(before: Run, tmp_path: Path) -> None:
    def figures(elapsed: float) -> dict[str, Any]:
        return {**noisy(2)(elapsed), "rps": 20.0 + elapsed % 3, "fail_per_sec": 10.0 + elapsed % 2}

    after = made_run(tmp_path, NAME, figures, overall=overall(rps=21.0, fail_ratio=0.5))
    worse = [each.told for each in compare(before, after, None).figures if each.is_worse]
    assert worse == [
        "Requests per second became fewer: 43.94 → 21 (-52.2 %)",
        "Failed requests became more: 0.57 → 50 % (+8650.0 %)",
    ]


@pytest.mark.parametrize("p95", [17.0, 18.0])
def test_what_the_whole_run_does_not_say_is_not_told(p95: float, before: Run, tmp_path: Path) -> None:
    """In its windows it was slower, in the whole run with its beginning it was not."""
    after = made_run(tmp_path, NAME, noisy(2, p95=30), overall=overall(p95=p95))
    assert not [each for each in compare(before, after, None).figures if each.is_worse or each.is_better]


def test_runs_that_are_too_short_say_so(before: Run, tmp_path: Path) -> None:
    told = compare(before, made_run(tmp_path, NAME, noisy(2, p95=30), length=36), None)
    assert told.headline.startswith(f"Whether anything differs from {EARLIER} by more than noise can't be told")
    assert "these have 9 and 2" in told.headline
    assert not [each for each in told.figures if each.noise]


def test_endpoints_are_judged_by_their_own_windows(before: Run, tmp_path: Path) -> None:
    names = [f"/{number}" for number in range(40)]
    chance = random.Random(3)

    def windows(slow: float) -> dict[tuple[str, str], list[float]]:
        return {
            ("GET", name): [chance.gauss(slow if name == "/7" else 10, 0.5) for _window in range(6)] for name in names
        }

    runs = [
        made_run(tmp_path / str(mean), endpoints=[row(name, avg=mean if name == "/7" else 10.0) for name in names])
        for mean in (10.0, 15.0)
    ]
    told = compare(runs[0], runs[1], (windows(10), windows(15)))
    assert [each.told for each in told.endpoints if each.is_worse] == ["GET /7 became slower: 10 → 15 ms (+50.0 %)"]
    assert "GET /7 became slower" in told.headline


def test_an_endpoint_without_windows_is_not_judged(before: Run, tmp_path: Path) -> None:
    after = made_run(tmp_path, endpoints=[row(avg=20.0), row("/new")])
    told = compare(before, after, ({("GET", "/a"): [10.0, 11.0, 12.0]}, {}))
    assert [each.in_words for each in told.endpoints] == [
        "GET /a: 13.42 → 20 ms (+49.1 %); how much of that is noise is not known."
    ]
    assert told.others == [f"only in {NAME}: GET /new"]


class Asking(Prometheus):
    """Answers with one series, and remembers what it was asked."""

    def __init__(self) -> None:
        super().__init__("http://127.0.0.1:9")
        self.asked: list[tuple[str, float, float, float]] = []

    def over(self, query: str, start: float, end: float, step: float) -> list[Series]:
        self.asked.append((query, start, end, step))
        labels = {"method": "GET", "name": "/a"} if "by (method, name)" in query else {}
        return [Series(labels, [(start, 13.0), (start + step, 14.0)])]


def test_windows_in_prometheus_do_not_overlap_either(before: Run) -> None:
    prometheus = Asking()
    asked = Asked(prometheus, before.started, before.ended, step=5, window=20)
    windows = windows_of_endpoints(asked, 'job="locust_exporter"', before)
    assert windows == {("GET", "/a"): [13.0, 14.0], WHOLE: [13.0, 14.0]}
    for query, start, end, step in prometheus.asked:
        assert query.count('{job="locust_exporter"}[20s]') == 2
        # The first look at all users running covers the 12 s before it, of which this is the first window.
        assert (start, end, step) == (before.started + 14 - 12 + 20, before.ended, 20)


def test_the_mean_is_judged_by_what_prometheus_knows(before: Run, tmp_path: Path) -> None:
    after = made_run(tmp_path, NAME, noisy(2), overall=overall(avg=20.0))
    windows = {WHOLE: [13.0, 13.5, 14.0]}, {WHOLE: [20.0, 20.5, 19.5]}
    mean = compare(before, after, windows).figures[3]
    assert mean.told == "Mean response time became slower: 13.42 → 20 ms (+49.1 %)"
    assert compare(before, after, None).figures[3].noise is None


def test_a_mean_is_not_rounded(tmp_path: Path) -> None:
    runs = [made_run(tmp_path / str(mean), overall=overall(avg=mean)) for mean in (1.0, 1.5)]
    told = compare(runs[0], runs[1], ({WHOLE: [1.0, 1.01, 1.02]}, {WHOLE: [1.5, 1.51, 1.52]}))
    assert told.figures[3].is_worse


def test_what_was_asked_for_otherwise_is_named(before: Run, tmp_path: Path) -> None:
    after = made_run(tmp_path, options={"users": 50, "tags": ["slow"]}, version="2.46.3", workers=None)
    assert compare(before, after, None).others == [
        "users: 5 → 50",
        "tags: none → ['slow']",
        "Locust: 2.47.0 → 2.46.3",
        "workers: 2 → none",
    ]


def test_a_run_without_figures_is_compared_with_nothing(before: Run, tmp_path: Path) -> None:
    told = compare(before, made_run(tmp_path, overall={}, endpoints=[], samples=[]), None)
    assert told.figures[0].in_words == "p50: not both runs have it."


@pytest.mark.parametrize(
    ("value", "text"),
    [(50000, "50,000"), (18.0, "18"), (13.416525887618523, "13.42"), (0.004, "0.004"), (None, "-"), ("x", "-")],
)
def test_numbers_as_they_are_read(value: Any, text: str) -> None:
    assert shown(value) == text
