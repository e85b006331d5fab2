# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""A Locust run, seen through the exporter: a panel is a row of PANELS."""

from __future__ import annotations

from tools.dashboards.grafana import (
    GREEN,
    GREY,
    HERE,
    LOAD_RUNS,
    ORANGE,
    RED,
    Column,
    Dashboard,
    Gauge,
    Graph,
    Heading,
    Stat,
    Table,
    shade,
    variable,
)

ENDPOINT = f'{HERE},name=~"$endpoint"'
# The old gauges hold the run's total as a row "Aggregated" without a method.
WORDS = {"endpoint": ENDPOINT, "rows": f'{ENDPOINT},method!=""', "total": f'{HERE},method="",name="Aggregated"'}

RUN = ("locust_running{@here} > bool 0", "run")
METHOD_AND_NAME = "{{method}} {{name}}"


def percentile(level: float) -> str:
    """In each interval where Locust gives its histograms, else of the run so far."""
    return (
        f"histogram_quantile({level},"
        " sum by (method, name, le) (rate(locust_request_duration_seconds_bucket{@endpoint}[@window])))"
        f' or sum by (method, name) (locust_response_time_seconds{{@endpoint,quantile="{level}"}})'
    )


ENDPOINT_COLUMNS = [
    Column("Requests", "none", "sum by (method, name) (locust_requests_num_requests{@rows})"),
    Column("Failures", "none", "sum by (method, name) (locust_requests_num_failures{@rows})"),
    Column("Requests/s", "reqps", "sum by (method, name) (rate(locust_requests_total{@endpoint}[@window]))"),
    Column("Failures/s", "reqps", "sum by (method, name) (rate(locust_request_failures_total{@endpoint}[@window]))"),
    Column("Median", "ms", "sum by (method, name) (locust_requests_median_response_time{@rows})"),
    Column("p95", "s", 'sum by (method, name) (locust_response_time_seconds{@endpoint,quantile="0.95"})'),
    Column("p99", "s", 'sum by (method, name) (locust_response_time_seconds{@endpoint,quantile="0.99"})'),
    Column("Average", "ms", "sum by (method, name) (locust_requests_avg_response_time{@rows})"),
    Column("Min", "ms", "sum by (method, name) (locust_requests_min_response_time{@rows})"),
    Column("Max", "ms", "sum by (method, name) (locust_requests_max_response_time{@rows})"),
    Column("Content", "bytes", "sum by (method, name) (locust_requests_avg_content_length{@rows})"),
]

ERROR_COLUMNS = [
    Column("Occurrences", "none", "sum by (method, name, error) (locust_errors{@endpoint})"),
    # Locust tells these from 2.44 on.
    Column(
        "First seen",
        "dateTimeAsIso",
        "sum by (method, name, error) (locust_error_first_seen_timestamp_seconds{@endpoint}) * 1000",
        160,
    ),
    Column(
        "Last seen",
        "dateTimeAsIso",
        "sum by (method, name, error) (locust_error_last_seen_timestamp_seconds{@endpoint}) * 1000",
        160,
    ),
]

PANELS = [
    Stat(
        4,
        4,
        "Exporter",
        # 0: Prometheus can't reach the exporter; 1: the exporter can't reach Locust; 2: both answer.
        "up{@here} + (locust_up{@here} or 0 * up{@here}) or on() vector(-1)",
        description="Whether Prometheus reaches the exporter, and the exporter Locust.",
        mappings={"-1": "not found", "0": "exporter down", "1": "no Locust", "2": "up"},
        thresholds=[(None, RED), (2, GREEN)],
        colour="background",
    ),
    Stat(
        4,
        4,
        "State",
        "locust_running{@here}",
        description="The state of the load run.",
        mappings={"0": "stopped", "1": "ramping up", "2": "running"},
        thresholds=[(None, GREY), (1, ORANGE), (2, GREEN)],
        colour="background",
    ),
    Stat(2, 4, "Users", "locust_users{@here}"),
    Stat(2, 4, "Workers", "locust_workers_count{@here}", description="0 where Locust runs without workers."),
    Stat(
        3,
        4,
        "Requests/s",
        "sum(rate(locust_run_requests_total{@here}[@window]))",
        "reqps",
        description="Counted from the run's total.",
    ),
    Stat(3, 4, "Requests", "locust_run_requests_total{@here}", "none", description="In this run so far."),
    Stat(
        3,
        4,
        "Failures",
        "locust_run_request_failures_total{@here}",
        "none",
        description="In this run so far.",
        thresholds=[(None, GREEN), (1, RED)],
    ),
    Gauge(
        3,
        4,
        "Failed",
        "locust_requests_fail_ratio{@here}",
        [(None, GREEN), (0.01, ORANGE), (0.05, RED)],
        "The part of this run's requests that failed.",
    ),
    Graph(
        12,
        8,
        "Requests and failures per second",
        "reqps",
        [
            ("sum(rate(locust_run_requests_total{@here}[@window]))", "requests"),
            ("sum(rate(locust_run_request_failures_total{@here}[@window]))", "failures"),
            RUN,
        ],
        overrides=[shade("run")],
    ),
    Graph(
        12,
        8,
        "Response times, last ten seconds",
        "s",
        [("locust_current_response_time_seconds{@here}", "p{{quantile}}"), RUN],
        "Percentiles over all endpoints, of Locust's last ten seconds.",
        overrides=[shade("run")],
    ),
    Graph(
        12,
        7,
        "Users and workers",
        "short",
        [("locust_users{@here}", "users"), ("locust_workers_count{@here}", "workers")],
    ),
    Graph(
        12,
        7,
        "Response times, whole run",
        "s",
        [
            ("locust_requests_min_response_time{@total} / 1000", "min"),
            ("locust_requests_median_response_time{@total} / 1000", "median"),
            ("locust_requests_avg_response_time{@total} / 1000", "avg"),
            ("locust_requests_max_response_time{@total} / 1000", "max"),
        ],
        "Over all endpoints, of the run so far.",
    ),
    Heading("Endpoints"),
    Table(
        24,
        8,
        "Endpoints",
        ["method", "name"],
        ENDPOINT_COLUMNS,
        "Of the run so far; the rates of the last seconds.",
    ),
    Graph(
        12,
        8,
        "Requests per second by endpoint",
        "reqps",
        [("sum by (method, name) (rate(locust_requests_total{@endpoint}[@window]))", METHOD_AND_NAME)],
    ),
    Graph(
        12,
        8,
        "Failures per second by endpoint",
        "reqps",
        [("sum by (method, name) (rate(locust_request_failures_total{@endpoint}[@window]))", METHOD_AND_NAME)],
    ),
    Graph(
        12,
        8,
        "Response times by endpoint, percentiles",
        "s",
        [(percentile(level), f"{METHOD_AND_NAME} p{level}") for level in (0.5, 0.95, 0.99)],
        "Of each interval where Locust runs with the exporter's histogram plugin, else of the run so far.",
    ),
    Graph(
        12,
        8,
        "Response times by endpoint, mean",
        "s",
        [
            (
                "sum by (method, name) (rate(locust_response_time_seconds_sum{@endpoint}[@window]))"
                " / sum by (method, name) (rate(locust_response_time_seconds_count{@endpoint}[@window]))",
                METHOD_AND_NAME,
            )
        ],
        "Of the requests in each interval.",
    ),
    Heading("Errors and workers"),
    Table(24, 6, "Errors", ["method", "name", "error"], ERROR_COLUMNS, "Of the run so far."),
    Graph(
        12,
        7,
        "CPU of the workers",
        "percentunit",
        [("locust_worker_cpu_ratio{@here}", "{{id}}")],
        "100 % is one core; a worker near it measures itself.",
    ),
    Graph(12, 7, "Memory of the workers", "bytes", [("locust_worker_memory_bytes{@here}", "{{id}}")]),
]

DASHBOARD = Dashboard(
    uid="monitor-lab-locust",
    title="Locust",
    description="A Locust run, seen through the exporter.",
    tags=["locust", "monitor-lab"],
    words=WORDS,
    variables=[
        variable("job", "Job", "label_values(locust_up, job)"),
        variable("instance", "Exporter", 'label_values(locust_up{job="$job"}, instance)'),
        variable("endpoint", "Endpoint", f"label_values(locust_requests_total{{{HERE}}}, name)", many=True),
    ],
    annotations=[LOAD_RUNS],
    panels=PANELS,
)
