# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""Locust's answer to `/stats/requests`, as metrics.

Locust gives response times in milliseconds. The names that containersol/locust_exporter introduced keep that unit
and its labels; the other names use seconds, as Prometheus asks. Locust's answers differ between versions:

- the percentiles of the last ten seconds: `current_response_time_percentile_50`/`_95` up to 2.15.0, `_1`/`_2` (the
  first and second percentile of its chart, 0.5 and 0.95 unless a locustfile changes them) at least up to 2.20.1,
  `current_response_time_percentiles` since;
- the percentiles of an endpoint: `ninetieth_response_time` and `ninety_ninth_response_time` at least up to 2.26.0,
  `response_time_percentile_<q>` since. In the former versions the texts of errors are escaped for HTML;
- the state `spawning` was called `hatching` before 1.2.
"""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from locust_exporter.exposition import Page, label_text, labels, number

STATES = ("ready", "spawning", "running", "cleanup", "stopping", "stopped", "missing")
ROW_CAP = 500

_STATE_LABELS = {state: "{" + labels(state=state) + "}" for state in STATES}
_CHART_KEYS = {
    "current_response_time_percentile_50": 0.5,
    "current_response_time_percentile_95": 0.95,
    "current_response_time_percentile_1": 0.5,
    "current_response_time_percentile_2": 0.95,
}
_PERCENTILE = "response_time_percentile_"
# What Locust makes of its host's name.
_WORKER_ID = re.compile(r"(.+)_[0-9a-f]{32}", re.DOTALL)

# (the old exporter's name, Locust's key, what it is)
_OLD_ROW_GAUGES = (
    ("num_requests", "num_requests", "Requests of the run so far."),
    ("num_failures", "num_failures", "Failed requests of the run so far."),
    ("avg_response_time", "avg_response_time", "Mean response time of the run so far, in milliseconds."),
    ("min_response_time", "min_response_time", "Shortest response time of the run so far, in milliseconds."),
    ("max_response_time", "max_response_time", "Longest response time of the run so far, in milliseconds."),
    ("median_response_time", "median_response_time", "Median response time of the run so far, in milliseconds."),
    ("current_rps", "current_rps", "Requests per second in Locust's last ten seconds, or before it was stopped."),
    (
        "current_fail_per_sec",
        "current_fail_per_sec",
        "Failures per second in Locust's last ten seconds, or before it was stopped.",
    ),
    ("avg_content_length", "avg_content_length", "Mean length of the answers' content of the run so far, in bytes."),
)


class NotLocustError(ValueError):
    """The answer is JSON, and not what Locust answers."""


class Row:
    """One row of one of Locust's tables: its labels as text for the page, and its figures by Locust's own keys."""

    __slots__ = ("braces", "figures", "labels")

    def __init__(self, labels: str, figures: Mapping[str, Any]) -> None:
        self.labels = labels
        self.braces = "{" + labels + "}" if labels else ""
        self.figures = figures

    def figure(self, key: str) -> float | int | None:
        return number(self.figures.get(key))


def write(page: Page, answer: object) -> dict[str, bool]:
    """Write all that `answer`, Locust's decoded JSON, holds; tell by table whether Locust's cap of rows was reached.

    Raises NotLocustError for what no Locust answers.
    """
    if not (isinstance(answer, dict) and isinstance(answer.get("stats"), list) and "state" in answer):
        raise NotLocustError("the answer has no stats and no state")
    stats = [row for row in answer["stats"] if isinstance(row, dict)]
    errors = [row for row in _list(answer.get("errors")) if isinstance(row, dict)]
    workers = [row for row in _list(answer.get("workers")) if isinstance(row, dict)]
    state = "spawning" if answer["state"] == "hatching" else label_text(answer["state"])

    total = next((row for row in reversed(stats) if _is_total(row)), None)
    endpoints = _unique(Row(_endpoint_labels(row), row) for row in stats if row is not total and _is_used(row))
    escaped = any("ninetieth_response_time" in row for row in stats)

    _write_run(page, answer, state)
    _write_workers(page, answer, workers)
    _write_endpoints(page, endpoints, total)
    _write_errors(page, errors, escaped)
    return {"stats": len(stats) - (total is not None) >= ROW_CAP, "errors": len(errors) >= ROW_CAP}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _is_total(row: Mapping[str, Any]) -> bool:
    return row.get("name") == "Aggregated" and not row.get("method")


def _is_used(row: Mapping[str, Any]) -> bool:
    """After a reset Locust lists the endpoints of before, all at zero, until the next run: those say nothing."""
    return row.get("num_requests") != 0 or row.get("num_failures") != 0


def _endpoint_labels(row: Mapping[str, Any]) -> str:
    return labels(method=label_text(row.get("method")), name=label_text(row.get("name")))


def _unique(rows: Iterable[Row]) -> list[Row]:
    """Prometheus refuses a page that has a series twice."""
    seen: dict[str, Row] = {}
    for row in rows:
        seen.setdefault(row.labels, row)
    return list(seen.values())


def _write_run(page: Page, answer: Mapping[str, Any], state: str) -> None:
    page.family(
        "gauge", "running", "0 stopped, 1 ramping up, 2 running.", [("", {"spawning": 1, "running": 2}.get(state, 0))]
    )
    states = _STATE_LABELS if state in _STATE_LABELS else {**_STATE_LABELS, state: "{" + labels(state=state) + "}"}
    page.family(
        "gauge",
        "state",
        "The state of the run: 1 for the one that it is in.",
        [(pairs, int(name == state)) for name, pairs in states.items()],
    )
    page.family("gauge", "users", "Users that are running.", [("", number(answer.get("user_count")))])
    page.family(
        "gauge",
        "requests_fail_ratio",
        "Share of requests that failed, 0 to 1.",
        [("", number(answer.get("fail_ratio")))],
    )
    current = _current_percentiles(answer)
    for percent, quantile in ((50, 0.5), (95, 0.95)):
        page.family(
            "gauge",
            f"requests_current_response_time_percentile_{percent}",
            f"The {percent}th percentile of the response times of Locust's last ten seconds, in milliseconds.",
            [("", current.get(quantile))],
        )
    page.family(
        "summary",
        "current_response_time_seconds",
        "Percentiles of the response times of Locust's last ten seconds, over all endpoints.",
        [(f'{{quantile="{quantile!r}"}}', value / 1000) for quantile, value in sorted(current.items())],
    )


def _current_percentiles(answer: Mapping[str, Any]) -> dict[float, float | int]:
    found = {quantile: number(answer.get(key)) for key, quantile in _CHART_KEYS.items() if key in answer}
    newer = answer.get("current_response_time_percentiles")
    if isinstance(newer, dict):
        found |= {quantile: number(value) for key, value in newer.items() if (quantile := _quantile(key)) is not None}
    return {quantile: value for quantile, value in found.items() if value is not None}


@lru_cache(maxsize=256)
def _quantile(key: str) -> float | None:
    """0.95 for `response_time_percentile_0.95`; None for a key that names no percentile."""
    if key == "ninetieth_response_time":
        return 0.9
    if key == "ninety_ninth_response_time":
        return 0.99
    value = number(key.removeprefix(_PERCENTILE)) if key.startswith(_PERCENTILE) else None
    return float(value) if value is not None and 0 <= value <= 1 else None


def _write_workers(page: Page, answer: Mapping[str, Any], workers: Sequence[Mapping[str, Any]]) -> None:
    states = ["spawning" if worker.get("state") == "hatching" else worker.get("state") for worker in workers]
    count = number(answer.get("worker_count"))
    if count is None and "workers" in answer:  # Locust up to 2.20 does not give it
        count = sum(state in ("ready", "spawning", "running") for state in states)
    page.family("gauge", "workers_count", "Workers that are connected.", [("", count)])
    for name, state, text in (
        ("workers_running_count", "running", "Workers that are running users."),
        ("workers_hatching_count", "spawning", "Workers that are ramping up."),
        ("workers_missing_count", "missing", "Workers that were connected and have gone silent."),
    ):
        page.family("gauge", name, text, [("", states.count(state))])
    details = _unique(
        Row(labels(id=label_text(worker.get("id")), state=label_text(state)), worker)
        for worker, state in zip(workers, states, strict=True)
    )
    page.family(
        "gauge",
        "worker_detail",
        "Users that this worker is running.",
        [(row.braces, row.figure("user_count")) for row in details],
    )
    # The figures of a missing worker are those of its last sign of life.
    alive = _unique(
        Row(labels(id=label_text(worker.get("id"))), worker)
        for worker, state in zip(workers, states, strict=True)
        if state != "missing"
    )
    page.family(
        "gauge",
        "worker_info",
        "The host of this worker, and the worker's number there, in the order in which they joined.",
        [("{" + pairs + "}", 1) for pairs in _places(row.figures for row in alive)],
    )
    page.family(
        "gauge",
        "worker_cpu_ratio",
        "CPU that this worker uses: 1 is one core.",
        [(row.braces, _divided(row.figure("cpu_usage"), 100)) for row in alive],
    )
    page.family(
        "gauge",
        "worker_memory_bytes",
        "Memory that this worker uses.",
        [(row.braces, row.figure("memory_usage")) for row in alive],
    )


def _places(workers: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Yield the labels id, host and number of each worker."""
    hosts: Counter[str] = Counter()
    for identity in (label_text(worker.get("id")) for worker in workers):
        match = _WORKER_ID.fullmatch(identity)
        host = match.group(1) if match else identity
        hosts[host] += 1
        yield labels(id=identity, host=host, number=str(hosts[host]))


def _divided(value: float | int | None, divisor: int) -> float | None:
    return None if value is None else value / divisor


def _write_endpoints(page: Page, endpoints: list[Row], total: Mapping[str, Any] | None) -> None:
    run = [] if total is None else [Row("", total)]
    with_total = endpoints if total is None else [*endpoints, Row(labels(method="", name="Aggregated"), total)]
    for name, key, text in _OLD_ROW_GAUGES:
        old = [(row.braces, row.figure(key)) for row in with_total]
        page.family("gauge", f"requests_{name}", text, old)
    for prefix, what, rows in (("", "of this endpoint", endpoints), ("run_", "of the whole run", run)):
        for name, key, text in (
            ("requests_total", "num_requests", f"Requests {what}."),
            ("request_failures_total", "num_failures", f"Failed requests {what}."),
        ):
            page.family("counter", prefix + name, text, [(row.braces, row.figure(key)) for row in rows])
        page.family(
            "summary",
            prefix + "response_time_seconds",
            f"Response times {what} so far: percentiles as Locust rounds them, to two digits; sum and count.",
            _summary(rows),
        )


def _summary(rows: list[Row]) -> Iterator[tuple[str, float | int | None]]:
    for row in rows:
        count, mean = row.figure("num_requests"), row.figure("avg_response_time")
        comma = "," if row.labels else ""
        if count != 0:
            percentiles = {quantile: key for key in row.figures if (quantile := _quantile(key)) is not None}
            percentiles.setdefault(0.5, "median_response_time")
            for quantile, key in sorted(percentiles.items()):
                yield f'{{{row.labels}{comma}quantile="{quantile!r}"}}', _divided(row.figure(key), 1000)
        if count is not None and mean is not None:
            # To a microsecond: what a product's last bit loses would look like a counter that was reset.
            yield f"_sum{row.braces}", round(mean * count / 1000, 6)
        yield f"_count{row.braces}", count


def _write_errors(page: Page, errors: Sequence[Mapping[str, Any]], escaped: bool) -> None:
    def text_of(value: object) -> str:
        return label_text(html.unescape(value) if escaped and isinstance(value, str) else value)

    rows = _unique(
        Row(
            labels(
                method=label_text(error.get("method")),
                name=text_of(error.get("name")),
                error=text_of(error.get("error")),
            ),
            error,
        )
        for error in errors
    )
    for kind, name, key, text in (
        ("gauge", "errors", "occurrences", "Times that this error occurred in the run so far."),
        ("counter", "errors_total", "occurrences", "Times that this error occurred."),
        ("gauge", "error_first_seen_timestamp_seconds", "first_seen", "When this error was first seen, in Unix time."),
        ("gauge", "error_last_seen_timestamp_seconds", "last_seen", "When this error was last seen, in Unix time."),
    ):
        page.family(kind, name, text, [(row.braces, row.figure(key)) for row in rows])
