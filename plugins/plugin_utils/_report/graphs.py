# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the monitor_lab contributors
"""What the graphs of a report show.

A run's own samples are nearer to what happened than what Prometheus makes of its scrapes, and there without it. It has
the rest, and all that is not about a run.
"""

from __future__ import annotations

import re
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Optional

from .artifacts import Run
from .prometheus import Prometheus

# A graph is some 300 points wide; more of them are only more to load.
MOST_POINTS = 240
# More lines than these can't be told apart.
MOST_LINES = 6
# Rates are taken over so many scrapes, as Grafana does, and over no less than some reports of Locust's workers, which
# come every 3 s.
SCRAPES = 4
LEAST_WINDOW = 12
MEBIBYTE = 2**20
# Of Locust's exporter: others may be asked more often.
_SCRAPES_A_MINUTE = "max(count_over_time(locust_up[1m])) or max(count_over_time(up[1m]))"

Point = tuple[float, Optional[float]]


@dataclass(frozen=True)
class Line:
    name: str
    points: Sequence[Point]
    """Each a time in seconds since the epoch and a number; none where there is a gap."""
    style: int = 0
    """Which of the colours and dashes it has."""

    @property
    def numbers(self) -> list[float]:
        return [number for _time, number in self.points if number is not None]


@dataclass(frozen=True)
class Graph:
    title: str
    unit: str
    about: str
    lines: Sequence[Line]
    left_out: int = 0
    """How many more lines there are."""
    limits: Sequence[tuple[str, float]] = ()
    """The thresholds of its figures, each with its text."""


@dataclass(frozen=True)
class Spec:
    """A graph: what Prometheus is asked, in which @run stands for the run's own series and @window for a rate's.

    A query's name is that of its line, or with a colon before it the label whose values name its lines.
    """

    title: str
    unit: str
    about: str
    queries: Sequence[tuple[str, str]]
    samples: Sequence[tuple[str, str]] = ()
    """What a run's samples have in place of the query of that name, or where there is none of them: figure and name."""
    figures: Mapping[str, float] = field(default_factory=dict)
    """The figures whose thresholds belong here, each with what its limit is multiplied by."""


def _percentile(level: float) -> str:
    """In each interval where Locust gives its histograms, else of its last ten seconds."""
    return (
        f"1000 * (histogram_quantile({level},"
        " sum by (le) (rate(locust_request_duration_seconds_bucket{@run}[@window])))"
        f' or on () max(locust_current_response_time_seconds{{@run,quantile="{level}"}}))'
    )


LOAD = (
    Spec(
        "Requests",
        "per second",
        "As many as the run was planned for, and none that fail.",
        [
            ("sum(rate(locust_run_requests_total{@run}[@window]))", "requests"),
            ("sum(rate(locust_run_request_failures_total{@run}[@window]))", "failures"),
        ],
        [("rps", "requests"), ("fail_per_sec", "failures")],
        {"rps": 1, "fail_per_sec": 1},
    ),
    Spec(
        "Failed requests",
        "% of all",
        "0 is good.",
        [
            (
                "100 * sum(rate(locust_run_request_failures_total{@run}[@window]))"
                " / (sum(rate(locust_run_requests_total{@run}[@window])) > 0)",
                "failures",
            )
        ],
        [("failed", "failures")],
        {"fail_ratio": 100},
    ),
    Spec(
        "Response times",
        "ms",
        "Flat is good. What climbs while the users don't, is filling up.",
        [(_percentile(0.5), "p50"), (_percentile(0.95), "p95"), (_percentile(0.99), "p99")],
        [("p50", "p50"), ("p95", "p95")],
        {"p50": 1, "p95": 1, "p99": 1},
    ),
    Spec("Users", "", "As planned.", [("sum(locust_users{@run})", "users")], [("users", "users")], {"users": 1}),
    Spec(
        "CPU of the generators",
        "% of a core",
        "Above 90 the generator itself is what is slow, and its response times say little.",
        [("100 * locust_worker_cpu_ratio{@run}", ":id")],
        [("generator_cpu", "busiest")],
        {"generator_cpu": 1},
    ),
    Spec(
        "Memory of the generators",
        "MiB",
        "Flat is good.",
        [(f"locust_worker_memory_bytes{{@run}} / {MEBIBYTE}", ":id")],
    ),
)
SERVICE = (
    Spec(
        "Answers of the service",
        "per second",
        "Ok is good. What is refused nobody should have asked, and what failed is its own fault.",
        [("sum by (outcome) (rate(tokenization_requests_total[@window]))", ":outcome")],
    ),
    Spec(
        "CPU of the service",
        "% of a core",
        "Near what it may use, answers wait for it.",
        [('100 * rate(process_cpu_seconds_total{job="tokenization"}[@window])', ":instance")],
    ),
    Spec(
        "Memory of the service",
        "MiB",
        "Flat, and well below the limit, is good.",
        [
            (f'process_resident_memory_bytes{{job="tokenization"}} / {MEBIBYTE}', ":instance"),
            (
                f'min(container_spec_memory_limit_bytes{{name=~"tokenization-service.*"}} > 0) / {MEBIBYTE}',
                "limit",
            ),
        ],
    ),
)


@dataclass(frozen=True)
class Asked:
    """Prometheus, and the time that it is asked of."""

    prometheus: Prometheus
    start: float
    end: float
    step: float
    window: float
    """Of rates."""

    def lines(self, query: str, name: str, series: str) -> list[Line]:
        """Return the lines of a query of a `Spec`; `series` are the labels by which a run's own are known."""
        filled = query.replace("@run,", f"{series}," if series else "").replace("@run", series)
        filled = filled.replace("@window", f"{self.window:.0f}s")
        # The first window of a run has some of the run before.
        since = self.start + (self.window if series and "@run" in query and "@window" in query else 0)
        found = [
            (one.labels.get(name[1:], "") if name.startswith(":") else name, points)
            for one in self.prometheus.over(filled, self.start, self.end, self.step)
            if (points := [(time, number) for time, number in one.points if time >= since])
        ]
        names = name_workers([label for label, _points in found])
        return [Line(names[label], self._with_gaps(points)) for label, points in sorted(found)]

    def _with_gaps(self, points: Sequence[tuple[float, float]]) -> list[Point]:
        """Break the line where there are no numbers for longer than a step."""
        broken: list[Point] = []
        for time, number in points:
            if broken and time - broken[-1][0] > 1.5 * self.step:
                broken.append((time, None))
            broken.append((time, number))
        return broken


def asked_of(prometheus: Prometheus, start: float, end: float) -> Optional[Asked]:
    """Return how Prometheus is asked of that time; nothing where it knows nothing of it."""
    length = end - start
    scrapes = [
        number
        for one in prometheus.over(_SCRAPES_A_MINUTE, start, end, max(1.0, min(60.0, length), length / MOST_POINTS))
        for _time, number in one.points
    ]
    if not scrapes:
        return None
    interval = max(1.0, round(60 / max(scrapes)))
    step = max(interval, length / MOST_POINTS)
    return Asked(prometheus, start, end, step, max(SCRAPES * interval, LEAST_WINDOW, step))


def series_of(asked: Asked, run: Run) -> Optional[str]:
    """Return the labels of the exporter that told of this run, by its mark; nothing where Prometheus has none."""
    length = max(1, round(run.ended - run.started))
    name = run.name.replace("\\", "\\\\").replace('"', '\\"')
    found = asked.prometheus.at(f'last_over_time(locust_run_info{{run="{name}"}}[{length}s])', run.ended)
    if not found:
        return None
    labels = found[0]
    return f'job="{labels["job"]}",instance="{labels["instance"]}"'


def graphs(asked: Optional[Asked], series: Optional[str], run: Optional[Run]) -> list[Graph]:
    """Return the graphs of which there is something to show: what a run saw itself, and of the rest what there is."""
    drawn = []
    for spec in (*LOAD, *SERVICE):
        own = {name: line for figure, name in spec.samples for line in (_of_samples(run, figure, name) if run else ())}
        lines: list[Line] = []
        for query, name in spec.queries:
            if name in own:
                lines.append(own[name])
            elif asked is not None and (series is not None or spec in SERVICE):
                lines += asked.lines(query, name, series or "")
        lines = lines or list(own.values())
        if lines:
            limits = _limits(run, spec) if run is not None else []
            shown = sorted(lines, key=lambda line: -max(line.numbers))[:MOST_LINES]
            kept = _styled([line for line in lines if line in shown])
            drawn.append(Graph(spec.title, spec.unit, spec.about, kept, len(lines) - len(kept), limits))
    return drawn


def _styled(lines: Sequence[Line]) -> list[Line]:
    """Return lines that differ in colour and dashes; failures have theirs in each graph."""
    return [replace(line, style=1 if line.name == "failures" else number) for number, line in enumerate(lines)]


def _of_samples(run: Run, figure: str, name: str) -> list[Line]:
    points = [(float(sample["time"]), _number(sample, figure)) for sample in run.samples]
    if all(number is None for _time, number in points):
        return []
    return [Line(name, thinned(points))]


def _number(sample: Mapping[str, Any], figure: str) -> Optional[float]:
    if figure == "failed":
        return 100 * (sample["fail_per_sec"] or 0) / sample["rps"] if sample["rps"] else None
    number: Optional[float] = sample.get(figure)
    return number


def thinned(points: Sequence[Point]) -> list[Point]:
    """Return no more points than a graph has room for, each the mean of those that it stands for."""
    each = -(-len(points) // MOST_POINTS)
    if each < 2:
        return list(points)
    return [_mean(points[first : first + each]) for first in range(0, len(points), each)]


def _mean(points: Sequence[Point]) -> Point:
    numbers = [number for _time, number in points if number is not None]
    return points[len(points) // 2][0], statistics.fmean(numbers) if numbers else None


def _limits(run: Run, spec: Spec) -> list[tuple[str, float]]:
    """Return the thresholds of the whole run that belong to a graph, once each."""
    limits = {}
    for answer in run.summary["thresholds"]:
        figure, _comparison, limit = str(answer["threshold"]).split()[:3]
        if not answer["name"] and figure in spec.figures:
            limits[answer["threshold"]] = float(limit) * spec.figures[figure]
    return list(limits.items())


def name_workers(ids: Sequence[str]) -> dict[str, str]:
    """Return what workers are called: by their host, and a number where it has several. Other names stay."""
    hosts: dict[str, list[str]] = {}
    for each in sorted(set(ids)):
        hosts.setdefault(re.sub("_[0-9a-f]{32}$", "", each), []).append(each)
    return {
        each: f"{host} {number}" if len(members) > 1 else host
        for host, members in hosts.items()
        for number, each in enumerate(members, 1)
    }
