# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""Writes locust.json and tokenization.json beside itself. Change this file, run it, commit all three.

The dashboards are written in schema 27, that of Grafana 7.5; a later Grafana migrates them when it opens them.
Everything is drawn by panels that exist from 7.5 on without Angular, but for the heatmap, which in 7.5 still is an
Angular panel and since 9.1 no longer is one.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

JSON = dict[str, Any]

SCHEMA = 27
WIDTH = 24
DATA_SOURCE = "${datasource}"
# Grafana rounds even an instant query's time down to its step, which grows with the time range and shrinks with the
# number of points: with these, a day's "now" is 8 s old, and not 10 minutes.
POINTS_FOR_NOW = 11000
# $__rate_interval is four scrapes or more, so that a rate has samples to work on at any zoom.
WINDOW = "[$__rate_interval]"

GREEN, BLUE, ORANGE, RED, GREY = "green", "blue", "orange", "red", "rgb(128, 128, 128)"


class Grid:
    """Places panels from left to right, row by row, and numbers them: Grafana 7.5 opens none without ids."""

    def __init__(self) -> None:
        self.panels: list[JSON] = []
        self._x = self._y = self._height = 0

    def add(self, width: int, height: int, panel: JSON) -> None:
        if self._x + width > WIDTH:
            self._new_line()
        place = {"x": self._x, "y": self._y, "w": width, "h": height}
        self.panels.append({"id": len(self.panels) + 1, "gridPos": place, **panel})
        self._x += width
        self._height = max(self._height, height)

    def row(self, title: str) -> None:
        self._new_line()
        self.add(WIDTH, 1, {"type": "row", "title": title, "collapsed": False, "panels": []})
        self._new_line()

    def _new_line(self) -> None:
        self._x, self._y, self._height = 0, self._y + self._height, 0


def query(expr: str, legend: str = "", **more: Any) -> JSON:
    return {"expr": expr, "legendFormat": legend, **more}


def instant(expr: str, legend: str = "") -> JSON:
    """The value at the end of the time range, not a mean over it."""
    return query(expr, legend, instant=True, range=False)


def lettered(queries: list[JSON]) -> list[JSON]:
    return [{"refId": chr(ord("A") + place), **one} for place, one in enumerate(queries)]


def steps(*colours: tuple[float | None, str]) -> JSON:
    return {"mode": "absolute", "steps": [{"value": value, "color": colour} for value, colour in colours]}


def texts(words: dict[str, str]) -> list[JSON]:
    """Value mappings in the form of 7.5; later versions migrate it."""
    return [
        {"id": number, "type": 1, "value": value, "text": text}
        for number, (value, text) in enumerate(words.items(), start=1)
    ]


def panel(
    kind: str, title: str, queries: list[JSON], defaults: JSON, options: JSON, description: str, **more: Any
) -> JSON:
    if any(one.get("instant") for one in queries):
        more["maxDataPoints"] = POINTS_FOR_NOW
    return {
        "type": kind,
        "title": title,
        "description": description,
        "datasource": DATA_SOURCE,
        "targets": lettered(queries),
        "fieldConfig": {"defaults": defaults, "overrides": more.pop("overrides", [])},
        "options": options,
        **more,
    }


def stat(
    title: str,
    expr: str,
    unit: str = "short",
    *,
    description: str = "",
    mappings: dict[str, str] | None = None,
    thresholds: JSON | None = None,
    legend: str = "",
    text: str = "value",
    colour: str = "value",
    decimals: int | None = None,
) -> JSON:
    defaults: JSON = {
        "unit": unit,
        "mappings": texts(mappings or {}),
        "thresholds": thresholds or steps((None, BLUE)),
    }
    if decimals is not None:
        defaults["decimals"] = decimals
    options = {
        "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
        "colorMode": colour,
        "graphMode": "none",
        "textMode": text,
        "justifyMode": "auto",
        "orientation": "auto",
    }
    return panel("stat", title, [instant(expr, legend)], defaults, options, description)


def gauge(title: str, expr: str, thresholds: JSON, description: str = "", legend: str = "") -> JSON:
    defaults = {"unit": "percentunit", "min": 0, "max": 1, "mappings": [], "thresholds": thresholds}
    options = {
        "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
        "showThresholdLabels": False,
        "showThresholdMarkers": True,
    }
    return panel("gauge", title, [instant(expr, legend)], defaults, options, description)


def graph(title: str, queries: list[JSON], unit: str, description: str = "", **custom: Any) -> JSON:
    overrides = custom.pop("overrides", [])
    defaults = {
        "unit": unit,
        "min": custom.pop("lowest", 0),
        "color": {"mode": "palette-classic"},
        "custom": {
            "drawStyle": "line",
            "lineInterpolation": "linear",
            "lineWidth": 1,
            "fillOpacity": 10,
            "showPoints": "never",
            "spanNulls": False,
            "axisPlacement": "auto",
            **custom,
        },
    }
    options = {
        "graph": {},
        "legend": {"displayMode": "list", "placement": "bottom", "calcs": []},
        "tooltip": {"mode": "multi"},
        "tooltipOptions": {"mode": "multi"},
    }
    return panel("timeseries", title, queries, defaults, options, description, overrides=overrides)


def shade(legend: str) -> JSON:
    """Draws a series of 0 and 1 as a band behind the others: 7.5 draws no annotations in this kind of panel."""
    properties: list[JSON] = [
        {"id": "unit", "value": "bool_yes_no"},
        {"id": "max", "value": 1},
        {"id": "color", "value": {"mode": "fixed", "fixedColor": GREY}},
        {"id": "custom.axisPlacement", "value": "hidden"},
        {"id": "custom.lineInterpolation", "value": "stepAfter"},
        {"id": "custom.lineWidth", "value": 0},
        {"id": "custom.fillOpacity", "value": 15},
    ]
    return {"matcher": {"id": "byName", "options": legend}, "properties": properties}


def on_the_right(pattern: str, unit: str) -> JSON:
    properties = [{"id": "custom.axisPlacement", "value": "right"}, {"id": "unit", "value": unit}]
    return {"matcher": {"id": "byRegexp", "options": pattern}, "properties": properties}


class Column(NamedTuple):
    heading: str
    unit: str
    expr: str
    width: int = 95


def table(title: str, labels: list[str], columns: list[Column], sort: str, description: str) -> JSON:
    """One row for each set of `labels`.

    The queries' answers are merged by their labels, so that every column is in the one table.
    """
    queries = [{**instant(column.expr), "format": "table"} for column in columns]
    headings = {f"Value #{one['refId']}": one["heading"] for one in lettered([column._asdict() for column in columns])}
    organise = {
        "excludeByName": {"Time": True},
        "indexByName": {name: place for place, name in enumerate(["Time", *labels, *headings])},
        "renameByName": headings,
    }
    overrides = [
        {
            "matcher": {"id": "byName", "options": column.heading},
            "properties": [{"id": "unit", "value": column.unit}, {"id": "custom.width", "value": column.width}],
        }
        for column in columns
    ]
    return panel(
        "table",
        title,
        queries,
        {"custom": {"align": None, "filterable": False}},
        {"showHeader": True, "sortBy": [{"displayName": sort, "desc": True}]},
        description,
        overrides=overrides,
        transformations=[{"id": "merge", "options": {}}, {"id": "organize", "options": organise}],
    )


def variable(name: str, label: str, definition: str, *, many: bool = False) -> JSON:
    everything = {"selected": True, "text": ["All"] if many else "All", "value": ["$__all"] if many else "$__all"}
    return {
        "name": name,
        "label": label,
        "type": "query",
        "datasource": DATA_SOURCE,
        "definition": definition,
        "query": {"query": definition, "refId": f"variable-{name}"},
        # Asked again when the time range changes: what ran then is what there is to choose from.
        "refresh": 2,
        "regex": "",
        "sort": 1,
        "hide": 0,
        "multi": many,
        "includeAll": many,
        "allValue": ".*" if many else None,
        "current": everything if many else {},
        "options": [],
        "skipUrlSync": False,
    }


def data_source_variable() -> JSON:
    return {
        "name": "datasource",
        "label": "Data source",
        "type": "datasource",
        "query": "prometheus",
        "refresh": 1,
        "regex": "",
        "hide": 0,
        "multi": False,
        "includeAll": False,
        "current": {},
        "options": [],
        "skipUrlSync": False,
    }


# Made by locust_run, over the time of the run, with its verdict. Drawn from Grafana 8 on.
LOAD_RUNS: JSON = {
    "name": "Load runs",
    "datasource": "-- Grafana --",
    "enable": True,
    "hide": False,
    "iconColor": "rgba(87, 148, 242, 1)",
    "type": "tags",
    "tags": ["locust_run"],
    "matchAny": False,
    "limit": 100,
}


def dashboard(
    uid: str, title: str, description: str, tags: list[str], variables: list[JSON], annotations: list[JSON], grid: Grid
) -> JSON:
    built_in = {
        "builtIn": 1,
        "datasource": "-- Grafana --",
        "enable": True,
        "hide": True,
        "iconColor": "rgba(0, 211, 255, 1)",
        "name": "Annotations & Alerts",
        "type": "dashboard",
    }
    return {
        "uid": uid,
        "title": title,
        "description": description,
        "tags": tags,
        "schemaVersion": SCHEMA,
        "editable": True,
        "graphTooltip": 1,
        "time": {"from": "now-15m", "to": "now"},
        "refresh": "10s",
        "timezone": "",
        "annotations": {"list": [built_in, *annotations]},
        "templating": {"list": [data_source_variable(), *variables]},
        "links": [],
        "panels": grid.panels,
    }


def locust() -> JSON:
    here = 'job="$job",instance="$instance"'
    endpoint = f'{here},name=~"$endpoint"'
    by, by_error = "sum by (method, name)", "sum by (method, name, error)"
    # The old gauges hold the run's total as a row "Aggregated" without a method.
    rows = f'{endpoint},method!=""'
    run = query(f"locust_running{{{here}}} > bool 0", "run")

    def quantile(level: float) -> str:
        """In each interval where Locust gives its histograms, else of the run so far."""
        buckets = f"locust_request_duration_seconds_bucket{{{endpoint}}}"
        return (
            f"histogram_quantile({level}, sum by (method, name, le) (rate({buckets}{WINDOW})))"
            f' or {by} (locust_response_time_seconds{{{endpoint},quantile="{level}"}})'
        )

    grid = Grid()
    grid.add(
        4,
        4,
        stat(
            "Exporter",
            # 0: Prometheus can't reach the exporter; 1: the exporter can't reach Locust; 2: both answer.
            f"up{{{here}}} + (locust_up{{{here}}} or 0 * up{{{here}}}) or on() vector(-1)",
            description="Whether Prometheus reaches the exporter, and the exporter Locust.",
            mappings={"-1": "not found", "0": "exporter down", "1": "no Locust", "2": "up"},
            thresholds=steps((None, RED), (2, GREEN)),
            colour="background",
        ),
    )
    grid.add(
        4,
        4,
        stat(
            "State",
            f"locust_running{{{here}}}",
            description="The state of the load run.",
            mappings={"0": "stopped", "1": "ramping up", "2": "running"},
            thresholds=steps((None, GREY), (1, ORANGE), (2, GREEN)),
            colour="background",
        ),
    )
    grid.add(2, 4, stat("Users", f"locust_users{{{here}}}"))
    grid.add(
        2, 4, stat("Workers", f"locust_workers_count{{{here}}}", description="0 where Locust runs without workers.")
    )
    grid.add(
        3,
        4,
        stat(
            "Requests/s",
            f"sum(rate(locust_run_requests_total{{{here}}}{WINDOW}))",
            "reqps",
            description="Counted from the run's total.",
        ),
    )
    grid.add(3, 4, stat("Requests", f"locust_run_requests_total{{{here}}}", "none", description="In this run so far."))
    grid.add(
        3,
        4,
        stat(
            "Failures",
            f"locust_run_request_failures_total{{{here}}}",
            "none",
            description="In this run so far.",
            thresholds=steps((None, GREEN), (1, RED)),
        ),
    )
    grid.add(
        3,
        4,
        gauge(
            "Failed",
            f"locust_requests_fail_ratio{{{here}}}",
            steps((None, GREEN), (0.01, ORANGE), (0.05, RED)),
            "The part of this run's requests that failed.",
        ),
    )

    grid.add(
        12,
        8,
        graph(
            "Requests and failures per second",
            [
                query(f"sum(rate(locust_run_requests_total{{{here}}}{WINDOW}))", "requests"),
                query(f"sum(rate(locust_run_request_failures_total{{{here}}}{WINDOW}))", "failures"),
                run,
            ],
            "reqps",
            overrides=[shade("run")],
        ),
    )
    grid.add(
        12,
        8,
        graph(
            "Response times, last ten seconds",
            [query(f"locust_current_response_time_seconds{{{here}}}", "p{{quantile}}"), run],
            "s",
            "Percentiles over all endpoints, of Locust's last ten seconds.",
            overrides=[shade("run")],
        ),
    )
    grid.add(
        12,
        7,
        graph(
            "Users and workers",
            [
                query(f"locust_users{{{here}}}", "users"),
                query(f"locust_workers_count{{{here}}}", "workers"),
            ],
            "short",
        ),
    )
    grid.add(
        12,
        7,
        graph(
            "Response times, whole run",
            [
                query(f'locust_requests_{name}_response_time{{{here},method="",name="Aggregated"}} / 1000', name)
                for name in ("min", "median", "avg", "max")
            ],
            "s",
            "Over all endpoints, of the run so far.",
        ),
    )

    grid.row("Endpoints")
    grid.add(
        24,
        8,
        table(
            "Endpoints",
            ["method", "name"],
            [
                Column("Requests", "none", f"{by} (locust_requests_num_requests{{{rows}}})"),
                Column("Failures", "none", f"{by} (locust_requests_num_failures{{{rows}}})"),
                Column("Requests/s", "reqps", f"{by} (rate(locust_requests_total{{{endpoint}}}{WINDOW}))"),
                Column("Failures/s", "reqps", f"{by} (rate(locust_request_failures_total{{{endpoint}}}{WINDOW}))"),
                Column("Median", "ms", f"{by} (locust_requests_median_response_time{{{rows}}})"),
                Column("p95", "s", f'{by} (locust_response_time_seconds{{{endpoint},quantile="0.95"}})'),
                Column("p99", "s", f'{by} (locust_response_time_seconds{{{endpoint},quantile="0.99"}})'),
                Column("Average", "ms", f"{by} (locust_requests_avg_response_time{{{rows}}})"),
                Column("Min", "ms", f"{by} (locust_requests_min_response_time{{{rows}}})"),
                Column("Max", "ms", f"{by} (locust_requests_max_response_time{{{rows}}})"),
                Column("Content", "bytes", f"{by} (locust_requests_avg_content_length{{{rows}}})"),
            ],
            sort="Requests",
            description="Of the run so far; the rates of the last seconds.",
        ),
    )
    grid.add(
        12,
        8,
        graph(
            "Requests per second by endpoint",
            [query(f"{by} (rate(locust_requests_total{{{endpoint}}}{WINDOW}))", "{{method}} {{name}}")],
            "reqps",
        ),
    )
    grid.add(
        12,
        8,
        graph(
            "Failures per second by endpoint",
            [query(f"{by} (rate(locust_request_failures_total{{{endpoint}}}{WINDOW}))", "{{method}} {{name}}")],
            "reqps",
        ),
    )
    grid.add(
        12,
        8,
        graph(
            "Response times by endpoint, percentiles",
            [query(quantile(level), f"{{{{method}}}} {{{{name}}}} p{level}") for level in (0.5, 0.95, 0.99)],
            "s",
            "Of each interval where Locust runs with the exporter's histogram plugin, else of the run so far.",
        ),
    )
    grid.add(
        12,
        8,
        graph(
            "Response times by endpoint, mean",
            [
                query(
                    f"{by} (rate(locust_response_time_seconds_sum{{{endpoint}}}{WINDOW}))"
                    f" / {by} (rate(locust_response_time_seconds_count{{{endpoint}}}{WINDOW}))",
                    "{{method}} {{name}}",
                )
            ],
            "s",
            "Of the requests in each interval.",
        ),
    )

    grid.row("Errors and workers")
    grid.add(
        24,
        6,
        table(
            "Errors",
            ["method", "name", "error"],
            [
                Column("Occurrences", "none", f"{by_error} (locust_errors{{{endpoint}}})"),
                # Locust tells these from 2.44 on.
                *(
                    Column(f"{which} seen", "dateTimeAsIso", f"{by_error} ({when}{{{endpoint}}}) * 1000", 160)
                    for which, when in (
                        ("First", "locust_error_first_seen_timestamp_seconds"),
                        ("Last", "locust_error_last_seen_timestamp_seconds"),
                    )
                ),
            ],
            sort="Occurrences",
            description="Of the run so far.",
        ),
    )
    grid.add(
        12,
        7,
        graph(
            "CPU of the workers",
            [query(f"locust_worker_cpu_ratio{{{here}}}", "{{id}}")],
            "percentunit",
            "100 % is one core; a worker near it measures itself.",
        ),
    )
    grid.add(12, 7, graph("Memory of the workers", [query(f"locust_worker_memory_bytes{{{here}}}", "{{id}}")], "bytes"))

    return dashboard(
        "monitor-lab-locust",
        "Locust",
        "A Locust run, seen through the exporter.",
        ["locust", "monitor-lab"],
        [
            variable("job", "Job", "label_values(locust_up, job)"),
            variable("instance", "Exporter", 'label_values(locust_up{job="$job"}, instance)'),
            variable("endpoint", "Endpoint", f"label_values(locust_requests_total{{{here}}}, name)", many=True),
        ],
        [LOAD_RUNS],
        grid,
    )


def tokenization() -> JSON:
    here = 'job="$job",instance="$instance"'
    routes = f'{here},route=~"$route"'
    requests = f"tokenization_requests_total{{{routes}}}"
    seconds = f"tokenization_request_duration_seconds_bucket{{{routes}}}"
    commit_seconds = f"tokenization_commit_duration_seconds_bucket{{{here}}}"
    commit_records = "tokenization_commit_records"

    def quantile(level: float, by: str) -> str:
        return f"histogram_quantile({level}, sum by (le{by}) (rate({seconds}{WINDOW})))"

    def failed(statuses: str) -> str:
        return f'rate(tokenization_requests_total{{{routes},status=~"{statuses}"}}{WINDOW})'

    grid = Grid()
    grid.add(
        4,
        4,
        stat(
            "Service",
            f"up{{{here}}} or on() vector(-1)",
            description="Whether Prometheus reaches the service.",
            mappings={"-1": "not found", "0": "down", "1": "up"},
            thresholds=steps((None, RED), (1, GREEN)),
            colour="background",
        ),
    )
    grid.add(4, 4, stat("Requests/s", f"sum(rate({requests}{WINDOW}))", "reqps"))
    grid.add(
        4,
        4,
        stat(
            "Answered with 5xx",
            f"(sum({failed('5..')}) or on() vector(0)) / sum(rate({requests}{WINDOW}))",
            "percentunit",
            thresholds=steps((None, GREEN), (0.001, ORANGE), (0.01, RED)),
            description="The part of all answers.",
        ),
    )
    grid.add(4, 4, stat("p95", quantile(0.95, ""), "s", description="Of the routes selected."))
    grid.add(4, 4, stat("Tokens in the vault", f"tokenization_tokens{{{here}}}", "none"))
    grid.add(
        4,
        4,
        stat(
            "Restarts",
            f"changes(process_start_time_seconds{{{here}}}[$__range])",
            "none",
            thresholds=steps((None, GREEN), (1, RED)),
            description="In the time range.",
        ),
    )

    grid.row("Rate, errors, duration")
    grid.add(
        12, 8, graph("Requests per second", [query(f"sum by (route) (rate({requests}{WINDOW}))", "{{route}}")], "reqps")
    )
    grid.add(
        12,
        8,
        graph(
            "Refusals and errors per second",
            [query(f"sum by (route, status) ({failed('[45]..')})", "{{route}} {{status}}")],
            "reqps",
            "Answers with a status of 400 or more.",
        ),
    )
    grid.add(
        12,
        8,
        graph(
            "Durations",
            [query(quantile(level, ", route"), f"{{{{route}}}} p{level}") for level in (0.5, 0.95, 0.99)],
            "s",
        ),
    )
    grid.add(
        12,
        8,
        panel(
            "heatmap",
            "Durations, all requests",
            [query(f"sum by (le) (increase({seconds}{WINDOW}))", "{{le}}", format="heatmap")],
            {},
            {},
            "How many requests took how long.",
            dataFormat="tsbuckets",
            color={"mode": "spectrum", "colorScheme": "interpolateOranges", "exponent": 0.5, "cardColor": "#b4ff00"},
            yAxis={"format": "s", "show": True, "logBase": 1},
            xAxis={"show": True},
            tooltip={"show": True, "showHistogram": False},
            legend={"show": True},
            cards={"cardPadding": None, "cardRound": None},
            heatmap={},
            highlightCards=True,
            hideZeroBuckets=True,
            yBucketBound="upper",
            reverseYBuckets=False,
        ),
    )

    grid.row("Vault")
    grid.add(8, 7, graph("Tokens", [query(f"tokenization_tokens{{{here}}}", "tokens")], "short"))
    grid.add(
        8,
        7,
        graph(
            "Records in a commit",
            [
                query(
                    f"rate({commit_records}_sum{{{here}}}{WINDOW}) / rate({commit_records}_count{{{here}}}{WINDOW})",
                    "mean",
                )
            ],
            "short",
            "How many writes share a commit.",
        ),
    )
    grid.add(
        8,
        7,
        graph(
            "Duration of a commit",
            [
                query(
                    f"histogram_quantile({level}, sum by (le) (rate({commit_seconds}{WINDOW})))",
                    f"p{level}",
                )
                for level in (0.5, 0.99)
            ]
            + [query(f"rate(tokenization_commit_failures_total{{{here}}}{WINDOW})", "failures/s")],
            "s",
            overrides=[on_the_right("failures/s", "cps")],
        ),
    )

    grid.row("Saturation")
    grid.add(
        6,
        7,
        graph(
            "CPU",
            [query(f"rate(process_cpu_seconds_total{{{here}}}{WINDOW})", "cores")],
            "percentunit",
            "100 % is one core.",
        ),
    )
    grid.add(
        6,
        7,
        graph(
            "Memory",
            [
                query(f"process_resident_memory_bytes{{{here}}}", "resident"),
                query("vector($memory_limit)", "limit"),
            ],
            "bytes",
            "Against the limit that the variable names.",
        ),
    )
    grid.add(
        6,
        7,
        graph(
            "Open files",
            [
                query(f"process_open_fds{{{here}}}", "open"),
                query(f"process_max_fds{{{here}}}", "limit"),
            ],
            "short",
            # A logarithmic scale has no 0.
            lowest=1,
            scaleDistribution={"type": "log", "log": 10},
        ),
    )
    grid.add(
        6,
        7,
        graph(
            "Requests in progress",
            [query(f"tokenization_requests_in_progress{{{here}}}", "in progress")],
            "short",
        ),
    )

    memory_limit = {
        "name": "memory_limit",
        "label": "Memory limit (bytes)",
        "type": "textbox",
        "query": str(256 * 1024 * 1024),
        "current": {"selected": True, "text": str(256 * 1024 * 1024), "value": str(256 * 1024 * 1024)},
        "options": [],
        "hide": 0,
        "skipUrlSync": False,
    }
    return dashboard(
        "monitor-lab-tokenization",
        "Tokenization service",
        "The service under load: what it answers, how fast, and what it needs.",
        ["tokenization", "monitor-lab"],
        [
            variable("job", "Job", "label_values(tokenization_tokens, job)"),
            variable("instance", "Instance", 'label_values(tokenization_tokens{job="$job"}, instance)'),
            variable("route", "Route", f"label_values(tokenization_requests_total{{{here}}}, route)", many=True),
            memory_limit,
        ],
        [
            {
                "name": "Restarts",
                "datasource": DATA_SOURCE,
                "enable": True,
                "hide": False,
                "iconColor": "rgba(242, 73, 92, 1)",
                "expr": f"changes(process_start_time_seconds{{{here}}}[30s]) > bool 0",
                "step": "5s",
                "titleFormat": "Restart",
                "textFormat": "The service was started again",
                "tagKeys": "instance",
            },
            LOAD_RUNS,
        ],
        grid,
    )


def rendered() -> dict[str, str]:
    """File name → content."""
    made = {"locust.json": locust(), "tokenization.json": tokenization()}
    return {name: json.dumps(content, indent=2) + "\n" for name, content in made.items()}


if __name__ == "__main__":
    for name, content in rendered().items():
        Path(__file__).with_name(name).write_text(content, encoding="utf-8")
