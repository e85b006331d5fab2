# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""The tokenization service under load: a panel is a row of PANELS."""

from __future__ import annotations

from tools.dashboards.grafana import (
    DATA_SOURCE,
    GREEN,
    HERE,
    LOAD_RUNS,
    ORANGE,
    RED,
    Dashboard,
    Graph,
    Heading,
    Heatmap,
    Stat,
    on_the_right,
    textbox,
    variable,
)

WORDS = {"routes": f'{HERE},route=~"$route"'}

SECONDS = "tokenization_request_duration_seconds_bucket{@routes}"

PANELS = [
    Stat(
        4,
        4,
        "Service",
        "up{@here} or on() vector(-1)",
        description="Whether Prometheus reaches the service.",
        mappings={"-1": "not found", "0": "down", "1": "up"},
        thresholds=[(None, RED), (1, GREEN)],
        colour="background",
    ),
    Stat(4, 4, "Requests/s", "sum(rate(tokenization_requests_total{@routes}[@window]))", "reqps"),
    Stat(
        4,
        4,
        "Answered with 5xx",
        '(sum(rate(tokenization_requests_total{@routes,status=~"5.."}[@window])) or on() vector(0))'
        " / sum(rate(tokenization_requests_total{@routes}[@window]))",
        "percentunit",
        thresholds=[(None, GREEN), (0.001, ORANGE), (0.01, RED)],
        description="The part of all answers.",
    ),
    Stat(
        4,
        4,
        "p95",
        f"histogram_quantile(0.95, sum by (le) (rate({SECONDS}[@window])))",
        "s",
        description="Of the routes selected.",
    ),
    Stat(4, 4, "Tokens in the vault", "tokenization_tokens{@here}", "none"),
    Stat(
        4,
        4,
        "Restarts",
        "changes(process_start_time_seconds{@here}[$__range])",
        "none",
        thresholds=[(None, GREEN), (1, RED)],
        description="In the time range.",
    ),
    Heading("Rate, errors, duration"),
    Graph(
        12,
        8,
        "Requests per second",
        "reqps",
        [("sum by (route) (rate(tokenization_requests_total{@routes}[@window]))", "{{route}}")],
    ),
    Graph(
        12,
        8,
        "Refusals and errors per second",
        "reqps",
        [
            (
                'sum by (route, status) (rate(tokenization_requests_total{@routes,status=~"[45].."}[@window]))',
                "{{route}} {{status}}",
            )
        ],
        "Answers with a status of 400 or more.",
    ),
    Graph(
        12,
        8,
        "Durations",
        "s",
        [
            (
                f"histogram_quantile({level}, sum by (le, route) (rate({SECONDS}[@window])))",
                f"{{{{route}}}} p{level}",
            )
            for level in (0.5, 0.95, 0.99)
        ],
    ),
    Heatmap(
        12,
        8,
        "Durations, all requests",
        f"sum by (le) (increase({SECONDS}[@window]))",
        "s",
        "How many requests took how long.",
    ),
    Heading("Vault"),
    Graph(8, 7, "Tokens", "short", [("tokenization_tokens{@here}", "tokens")]),
    Graph(
        8,
        7,
        "Records in a commit",
        "short",
        [
            (
                "rate(tokenization_commit_records_sum{@here}[@window])"
                " / rate(tokenization_commit_records_count{@here}[@window])",
                "mean",
            )
        ],
        "How many writes share a commit.",
    ),
    Graph(
        8,
        7,
        "Duration of a commit",
        "s",
        [
            (
                f"histogram_quantile({level},"
                " sum by (le) (rate(tokenization_commit_duration_seconds_bucket{@here}[@window])))",
                f"p{level}",
            )
            for level in (0.5, 0.99)
        ]
        + [("rate(tokenization_commit_failures_total{@here}[@window])", "failures/s")],
        overrides=[on_the_right("failures/s", "cps")],
    ),
    Heading("Saturation"),
    Graph(
        6,
        7,
        "CPU",
        "percentunit",
        [("rate(process_cpu_seconds_total{@here}[@window])", "cores")],
        "100 % is one core.",
    ),
    Graph(
        6,
        7,
        "Memory",
        "bytes",
        [("process_resident_memory_bytes{@here}", "resident"), ("vector($memory_limit)", "limit")],
        "Against the limit that the variable names.",
    ),
    Graph(
        6,
        7,
        "Open files",
        "short",
        [("process_open_fds{@here}", "open"), ("process_max_fds{@here}", "limit")],
        # A logarithmic scale has no 0.
        lowest=1,
        custom={"scaleDistribution": {"type": "log", "log": 10}},
    ),
    Graph(6, 7, "Requests in progress", "short", [("tokenization_requests_in_progress{@here}", "in progress")]),
]

RESTARTS = {
    "name": "Restarts",
    "datasource": DATA_SOURCE,
    "enable": True,
    "hide": False,
    "iconColor": "rgba(242, 73, 92, 1)",
    "expr": f"changes(process_start_time_seconds{{{HERE}}}[30s]) > bool 0",
    "step": "5s",
    "titleFormat": "Restart",
    "textFormat": "The service was started again",
    "tagKeys": "instance",
}

DASHBOARD = Dashboard(
    uid="monitor-lab-tokenization",
    title="Tokenization service",
    description="The service under load: what it answers, how fast, and what it needs.",
    tags=["tokenization", "monitor-lab"],
    words=WORDS,
    variables=[
        variable("job", "Job", "label_values(tokenization_tokens, job)"),
        variable("instance", "Instance", 'label_values(tokenization_tokens{job="$job"}, instance)'),
        variable("route", "Route", f"label_values(tokenization_requests_total{{{HERE}}}, route)", many=True),
        textbox("memory_limit", "Memory limit (bytes)", str(256 * 1024 * 1024)),
    ],
    annotations=[RESTARTS, LOAD_RUNS],
    panels=PANELS,
)
