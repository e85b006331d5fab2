# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""What a report makes of Prometheus's answers: lines with their gaps, the run's own series, the alerts that fired."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._report.alerts import Alert, alerts
from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._report.graphs import Asked, asked_of, series_of
from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._report.page import page_of_run, page_of_time
from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._report.prometheus import (
    Prometheus,
    PrometheusError,
)

from tests.small_server import reply, server
from tests.unit.report.made_run import NAME, STARTED, made_run

MARK = {"job": "locust", "instance": "127.0.0.1:9646", "run": NAME}
RULES = [
    {"name": "NobodyAnswers", "annotations": {"runbook_url": "https://lab/runbook#down"}},
    {"name": "Slow", "annotations": {}},
]


def series(*points: tuple[float, float], **labels: str) -> dict[str, Any]:
    return {"metric": labels, "values": [[time, str(number)] for time, number in points]}


@contextmanager
def prometheus(**answers: list[dict[str, Any]]) -> Iterator[tuple[Prometheus, list[str]]]:
    """Answer each query in which a word is with the series of that word, and others with none; tells the queries."""
    queries: list[str] = []

    def act(request: BaseHTTPRequestHandler) -> None:
        path = urlsplit(request.path)
        if path.path.endswith("/rules"):
            reply(200, json.dumps({"data": {"groups": [{"rules": RULES}]}}))(request)
            return
        (query,) = parse_qs(path.query)["query"]
        queries.append(query)
        found = next((answer for word, answer in answers.items() if word in query), [])
        reply(200, json.dumps({"data": {"result": found}}))(request)

    with server(act) as served:
        yield Prometheus(served.url), queries


def test_a_step_is_no_shorter_than_the_time_between_scrapes() -> None:
    with prometheus(count_over_time=[series((STARTED, 4), (STARTED + 60, 6))]) as (asked, _queries):
        short = asked_of(asked, STARTED, STARTED + 120)
        long = asked_of(asked, STARTED, STARTED + 24000)
    assert short is not None
    assert long is not None
    assert (short.step, short.window) == (10, 40)
    assert (long.step, long.window) == (100, 100)


def test_of_a_time_without_scrapes_nothing_is_asked() -> None:
    with prometheus() as (asked, _queries):
        assert asked_of(asked, STARTED, STARTED + 120) is None


def test_a_line_breaks_where_there_are_no_numbers() -> None:
    points = [(STARTED, 1), (STARTED + 10, 2), (STARTED + 30, 3)]
    with prometheus(up=[series(*points, id="b"), series((STARTED, 7), id="a")]) as (asked, _queries):
        lines = Asked(asked, STARTED, STARTED + 60, 10, 40).lines("up", ":id", "")
    assert [(line.name, list(line.points)) for line in lines] == [
        ("a", [(STARTED, 7)]),
        ("b", [(STARTED, 1), (STARTED + 10, 2), (STARTED + 30, None), (STARTED + 30, 3)]),
    ]


@pytest.mark.parametrize(
    ("query", "asked_for", "since"),
    [
        ("sum(rate(x{@run}[@window]))", 'sum(rate(x{job="j"}[40s]))', STARTED + 40),
        ("sum(x{@run})", 'sum(x{job="j"})', STARTED),
        ('max(x{@run,quantile="0.5"})', 'max(x{job="j",quantile="0.5"})', STARTED),
        ("sum(rate(x[@window]))", "sum(rate(x[40s]))", STARTED),
    ],
)
def test_a_runs_rates_begin_where_none_of_the_run_before_is_in_them(query: str, asked_for: str, since: float) -> None:
    points = [(STARTED + 10 * number, 1) for number in range(6)]
    with prometheus(x=[series(*points)]) as (asked, queries):
        (line,) = Asked(asked, STARTED, STARTED + 60, 10, 40).lines(query, "requests", 'job="j"')
    assert queries == [asked_for]
    assert line.points[0][0] == since


def test_a_run_is_known_by_its_mark(tmp_path: Path) -> None:
    run = made_run(tmp_path, length=120)
    with prometheus(locust_run_info=[{"metric": MARK}]) as (asked, queries):
        assert series_of(Asked(asked, STARTED, STARTED + 120, 10, 40), run) == 'job="locust",instance="127.0.0.1:9646"'
    assert queries == [f'last_over_time(locust_run_info{{run="{NAME}"}}[120s])']


def test_alerts_are_told_with_where_they_are_explained_and_the_first_one_first() -> None:
    firing = [
        series((STARTED + 20, 1), (STARTED + 40, 1), alertname="Slow", severity="warning", instance="b"),
        series(
            (STARTED + 10, 1),
            alertname="NobodyAnswers",
            alertstate="firing",
            **{"severity": "page", "class": "symptom"},
        ),
        series(alertname="Never"),
    ]
    with prometheus(ALERTS=firing) as (asked, _queries):
        found = alerts(Asked(asked, STARTED, STARTED + 60, 10, 40))
    assert found == [
        Alert("NobodyAnswers", "page", "symptom", {}, STARTED + 10, STARTED + 10, "https://lab/runbook#down"),
        Alert("Slow", "warning", "", {"instance": "b"}, STARTED + 20, STARTED + 40, ""),
    ]


SCRAPES = {"count_over_time": [series((STARTED, 6))]}
NO_MARK = "has no mark of this run: of the load there is what it saw itself."


@pytest.mark.parametrize(
    ("answers", "said", "unsaid"),
    [
        ({}, ["has nothing of this time: there are only the graphs of what the run itself saw"], [NO_MARK]),
        (SCRAPES, [NO_MARK, "Requests, per second"], ["Memory of the generators"]),
        (
            {
                **SCRAPES,
                "locust_run_info": [{"metric": MARK}],
                "locust_worker_memory_bytes": [series((STARTED + 60, 96), id="one_" + 32 * "0")],
                "ALERTS": [series((STARTED + 10, 1), alertname="NobodyAnswers", severity="page")],
            },
            ["Memory of the generators, MiB", "Requests, per second", "NobodyAnswers"],
            [NO_MARK],
        ),
    ],
)
def test_a_runs_page_has_what_prometheus_knows(
    answers: dict[str, Any], said: list[str], unsaid: list[str], tmp_path: Path
) -> None:
    with prometheus(**answers) as (asked, _queries):
        page = page_of_run(made_run(tmp_path), None, asked)
    assert [words for words in said if words not in page] == []
    assert [words for words in unsaid if words in page] == []


def test_a_page_of_a_time_has_the_services_graphs() -> None:
    answers = {**SCRAPES, "tokenization_requests_total": [series((STARTED + 60, 5), outcome="ok")]}
    with prometheus(**answers) as (asked, _queries):
        page = page_of_time(STARTED, STARTED + 120, [], prometheus=asked)
    assert "Answers of the service, per second" in page
    assert NO_MARK not in page


def test_rules_that_are_none_are_told() -> None:
    answer = reply(200, '{"data": {"groups": [{"rules": [{"name": "NobodyAnswers"}]}]}}')
    with server(answer) as served, pytest.raises(PrometheusError, match="is no Prometheus"):
        Prometheus(served.url).runbooks()
