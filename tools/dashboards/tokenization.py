# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""The tokenization service under load: a panel is a row of PANELS."""

from __future__ import annotations

from tools.dashboards.grafana import (
    BLUE,
    DASHED,
    DATA_SOURCE,
    GREEN,
    GREY,
    ORANGE,
    PURPLE,
    RED,
    SKY,
    STEPPED,
    THICK,
    WHOLE,
    Dashboard,
    Graph,
    Heading,
    Heatmap,
    Line,
    Note,
    Stat,
    colour,
    on_the,
    variable,
)

HERE = 'job="$service_job",instance="$service"'
# Who asks for its health or its metrics is no load.
LOAD = f'{HERE},route!~"/metrics|/healthz|/readyz"'
WORDS = {
    "here": HERE,
    "runs": 'lab=~"$lab|exercise"',
    "routes": f'{LOAD},route=~"$route"',
    "container": 'name="$container"',
}
VARIABLES = [
    variable("service_job", "Job", "label_values(tokenization_tokens, job)"),
    variable("service", "Instance", 'label_values(tokenization_tokens{job="$service_job"}, instance)'),
]

RATE = "sum(rate(tokenization_requests_total{@routes}[@window]))"
# That its container may use.
CORES = "max by (name) (container_spec_cpu_quota{@container}) / max by (name) (container_spec_cpu_period{@container})"
PERIODS = "sum by (name) (rate(container_cpu_cfs_periods_total{@container}[@window]))"
SECONDS = "tokenization_request_duration_seconds_bucket{@routes}"


def answered(status: str) -> str:
    """Give the rate of these answers, which is 0 where there is none, and not nothing."""
    found = f'sum(rate(tokenization_requests_total{{@routes,status=~"{status}"}}[@window]))'
    return f"{found} or 0 * {RATE}"


def percentile(level: float, by: str = "le") -> str:
    return f"histogram_quantile({level}, sum by ({by}) (rate({SECONDS}[@window])))"


PANELS = [
    Stat(
        4,
        3,
        "Service",
        Note("Whether Prometheus reaches the service.", "up.", "down, or none: nothing below is of now."),
        "up{@here} or on () vector(-1)",
        mappings={"-1": "none", "0": "down", "1": "up"},
        thresholds=[(None, RED), (1, GREEN)],
        colour="background",
    ),
    Stat(
        4,
        3,
        "Rate",
        Note(
            "Requests per second now, without probes and scrapes.",
            "what the load makes.",
            "less than the load makes: requests wait, or do not arrive.",
        ),
        RATE,
        "reqps",
    ),
    Stat(
        4,
        3,
        "5xx",
        Note(
            "The part of all answers that are errors of the service's own.",
            "0 %.",
            "any: the log of the service says why. From 1 % on it is red.",
        ),
        f"({answered('5..')}) / ({RATE} > 0) or 0 * {RATE}",
        "percentunit",
        thresholds=[(None, GREY), (0, GREEN), (0.001, ORANGE), (0.01, RED)],
    ),
    Stat(
        4,
        3,
        "p95",
        Note(
            "Of 20 requests to the chosen routes, 19 were answered within this time.",
            "a few milliseconds.",
            "more than 500 ms, at which the alert LatencyHigh begins to mind.",
        ),
        f"{percentile(0.95)} >= 0",
        "s",
        nothing="no load",
    ),
    Stat(
        4,
        3,
        "In the vault",
        Note(
            "Names that the vault has data for.", "it grows with new names, and never falls.", "it falls: data is lost."
        ),
        "tokenization_tokens{@here}",
    ),
    Stat(
        4,
        3,
        "Restarts",
        Note(
            "Starts of the process in the time range.",
            "0, but for those that a deployment makes.",
            "any other: the service was killed, or ended by itself.",
        ),
        "changes(process_start_time_seconds{@here}[$__range])",
        thresholds=[(None, GREY), (0, GREEN), (1, RED)],
    ),
    Heading("Rate, errors, duration"),
    Graph(
        12,
        10,
        "Rate by route",
        Note(
            "Requests per second, without probes and scrapes. A band is the time of a load run: green passed, red"
            " failed, grey neither.",
            "they come in the runs of this lab.",
            "load outside a band: somebody else uses the service.",
        ),
        "reqps",
        [Line("sum by (route) (rate(tokenization_requests_total{@routes}[@window]))", "{{route}}")],
    ),
    Graph(
        12,
        10,
        "Refusals and errors",
        Note(
            "Answers per second that are not the one that was asked for: 4xx is refused, 5xx is an error of the"
            " service's own, abandoned is a client that went before. The dashboard Security tells what is refused.",
            "all lines at 0.",
            "5xx at all; 4xx in a run whose requests are all right.",
        ),
        "reqps",
        [
            Line(answered("4.."), "4xx", [colour(ORANGE)]),
            Line(answered("5.."), "5xx", [colour(RED), THICK]),
            Line(
                f'sum(rate(tokenization_requests_total{{@routes,outcome="abandoned"}}[@window])) or 0 * {RATE}',
                "abandoned",
                [colour(GREY)],
            ),
        ],
    ),
    Graph(
        12,
        10,
        "Durations",
        Note(
            "Of the chosen routes, from the first byte of a request to the end of its answer.",
            "flat lines, close to each other.",
            "they climb while the rate stays: that is as much as the service gives.",
        ),
        "s",
        [
            Line(percentile(0.5), "p50", [colour(SKY)]),
            Line(percentile(0.95), "p95", [colour(ORANGE), THICK]),
            Line(percentile(0.99), "p99", [colour(PURPLE)]),
        ],
    ),
    Graph(
        12,
        10,
        "p95 by route",
        Note(
            "Of 20 requests to a route, 19 were answered within this time.",
            "all routes alike.",
            "one far above the others: what it alone does is slow.",
        ),
        "s",
        [Line(percentile(0.95, "le, route"), "{{route}}")],
    ),
    Heatmap(
        24,
        8,
        "Durations, all requests",
        Note(
            "How many requests took how long.",
            "one dark stripe at the bottom.",
            "a second stripe above it: part of the requests wait for something.",
        ),
        f"sum by (le) (increase({SECONDS}[@window]))",
        "s",
    ),
    Heading("Vault"),
    Graph(
        8,
        9,
        "Tokens",
        Note(
            "Names that the vault has data for.", "it grows with new names, and never falls.", "it falls: data is lost."
        ),
        "none",
        [Line("tokenization_tokens{@here}", "tokens", [colour(BLUE), WHOLE])],
    ),
    Graph(
        8,
        9,
        "Records in a commit",
        Note(
            "How many writes share a commit.",
            "more of them under more load.",
            "1 under load: each write waits for the disk by itself.",
        ),
        "none",
        [
            Line(
                "rate(tokenization_commit_records_sum{@here}[@window])"
                " / (rate(tokenization_commit_records_count{@here}[@window]) > 0)",
                "mean",
                [colour(BLUE)],
            )
        ],
    ),
    Graph(
        8,
        9,
        "Commits",
        Note(
            "How long a commit takes until it is on disk, and on the right those that failed, per second.",
            "a few milliseconds, and none failed.",
            "longer and longer: the disk is busy. Failed ones: it is full, or read-only.",
        ),
        "s",
        [
            *(
                Line(
                    f"histogram_quantile({level},"
                    " sum by (le) (rate(tokenization_commit_duration_seconds_bucket{@here}[@window])))",
                    legend,
                    [colour(name)],
                )
                for level, legend, name in ((0.5, "p50", SKY), (0.99, "p99", PURPLE))
            ),
            Line(
                "rate(tokenization_commit_failures_total{@here}[@window])",
                "failed",
                [*on_the("right", "cps"), colour(RED), THICK],
            ),
        ],
    ),
    Heading("Saturation"),
    Graph(
        12,
        10,
        "Saturation",
        Note(
            "What the service uses of what it may use: processor time and memory by its container's limits, files by"
            " its process's, connections by the 2,000 that it takes (1,000 with TLS). What has no limit is left out.",
            "all below 80 %.",
            "any near 100 %: memory there is killed, processor time has to wait, files and connections are refused.",
        ),
        "percentunit",
        [
            Line(
                f"sum by (name) (rate(container_cpu_usage_seconds_total{{@container}}[@window])) / ({CORES})",
                "processor time",
                [colour(BLUE)],
            ),
            Line(
                "max by (name) (container_memory_working_set_bytes{@container})"
                " / (max by (name) (container_spec_memory_limit_bytes{@container}) > 0)",
                "memory",
                [colour(PURPLE), THICK],
            ),
            Line("process_open_fds{@here} / process_max_fds{@here}", "open files", [colour(SKY)]),
            Line("sum(tokenization_connections{@here}) / 2000", "connections", [colour(ORANGE)]),
            Line("1 + 0 * up{@here}", "limit", [colour(RED), DASHED]),
        ],
    ),
    Graph(
        12,
        10,
        "Waiting for processor time",
        Note(
            "The part of its container's periods in which the service had to wait, since its quota was used up.",
            "0 %.",
            "more: durations hold this wait. Give it more processor time, or less load.",
        ),
        "percentunit",
        [
            Line(
                "sum by (name) (rate(container_cpu_cfs_throttled_periods_total{@container}[@window]))"
                f" / ({PERIODS} > 0) or 0 * {PERIODS}",
                "waiting",
                [colour(RED)],
            )
        ],
    ),
    Graph(
        8,
        9,
        "Processor time",
        Note("Of one core; its container's limit is dashed.", "well below the limit.", "at the limit."),
        "percentunit",
        [
            Line("rate(process_cpu_seconds_total{@here}[@window])", "process", [colour(BLUE)]),
            Line(
                CORES,
                "limit",
                [colour(RED), DASHED],
            ),
        ],
    ),
    Graph(
        8,
        9,
        "Memory",
        Note(
            "The process, its container with all that counts against the limit, and that limit, dashed.",
            "flat under steady load.",
            "it grows towards the limit, at which the kernel kills it.",
        ),
        "bytes",
        [
            Line("process_resident_memory_bytes{@here}", "process", [colour(BLUE)]),
            Line("max by (name) (container_memory_working_set_bytes{@container})", "container", [colour(PURPLE)]),
            Line("max by (name) (container_spec_memory_limit_bytes{@container}) > 0", "limit", [colour(RED), DASHED]),
        ],
    ),
    Graph(
        8,
        9,
        "Requests in progress",
        Note(
            "Requests that are being worked on.",
            "about rate times duration: a handful.",
            "it grows: they arrive faster than they are answered.",
        ),
        "none",
        [Line("tokenization_requests_in_progress{@here}", "in progress", [colour(BLUE), STEPPED, WHOLE])],
    ),
]

RESTARTS = {
    "name": "Restarts",
    "datasource": DATA_SOURCE,
    "enable": True,
    "hide": True,
    "iconColor": ORANGE,
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
    tags=["tokenization"],
    words=WORDS,
    variables=[
        *VARIABLES,
        variable("route", "Route", f"label_values(tokenization_requests_total{{{LOAD}}}, route)", many=True),
        # In a pod of Podman's, and on a cluster, by cAdvisor's name.
        variable(
            "container",
            "Container",
            'label_values(container_start_time_seconds{name=~"k8s_tokenization_.+|.+-tokenization"}, name)',
        ),
    ],
    annotations=[RESTARTS],
    panels=PANELS,
)
