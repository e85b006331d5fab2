# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""A Locust run, seen through the exporter: a panel is a row of PANELS."""

from __future__ import annotations

from tools.dashboards.alerts import THRESHOLDS
from tools.dashboards.grafana import (
    BLUE,
    DASHED,
    FAILED_STEPS,
    GOING,
    GREEN,
    GREY,
    INSPECTED,
    NARROW,
    ORANGE,
    PURPLE,
    RED,
    SKY,
    STEPPED,
    THICK,
    WHOLE,
    Column,
    Dashboard,
    Graph,
    Heading,
    Label,
    Line,
    Note,
    Stat,
    Table,
    cell,
    choice,
    colour,
    link,
    on_the,
    shortened,
    variable,
)

HERE = 'job="$exporter_job",instance="$exporter"'
ENDPOINT = f'{HERE},name=~"$endpoint"'
WORDS = {
    "here": HERE,
    "runs": HERE,
    "endpoint": ENDPOINT,
    # The old gauges hold the run's total as a row "Aggregated" without a method.
    "rows": f'{HERE},name=~"$endpoint|Aggregated"',
}

# A part of 1, drawn as that.
OF_ALL = [
    *on_the("hidden", "percentunit"),
    {"id": "custom.axisSoftMax", "value": 1},
    {"id": "max", "value": 1},
]
METHOD_AND_NAME = "{{method}} {{name}}"

RATE = "sum(rate(locust_run_requests_total{@here}[@window]))"
FAILURE_RATE = "sum(rate(locust_run_request_failures_total{@here}[@window]))"
FAILED_NOW = f"{FAILURE_RATE} / ({RATE} > 0)"
BY_ENDPOINT = "sum by (method, name)"
ENDPOINT_FAILURES = "locust_request_failures_total{@endpoint}"
# What the mark holds against the run as a whole.
LIMIT = (
    'max by (figure, comparison) (locust_run_threshold{@here,name="",method="",figure=~"%s"}'
    f" and on (job, instance) {GOING})"
)


def with_total(metric: str, total: str) -> str:
    """Put the whole run's figure into the row of the total, which the newer metrics are without."""
    return f'sum by (method, name) ({metric}) or label_replace(sum({total}), "name", "Aggregated", "", "")'


def percentile_column(level: str) -> Column:
    quantile = f'quantile="{level}"'
    expr = with_total(
        f"locust_response_time_seconds{{@endpoint,{quantile}}}", f"locust_run_response_time_seconds{{@here,{quantile}}}"
    )
    return Column(f"p{float(level) * 100:.0f}", "s", expr, 72)


def row_column(heading: str, unit: str, metric: str, width: int) -> Column:
    return Column(heading, unit, f"sum by (method, name) (locust_requests_{metric}{{@rows}})", width)


ENDPOINT_COLUMNS = [
    row_column("Requests", "none", "num_requests", 100),
    row_column("Failures", "none", "num_failures", 80),
    Column(
        "Failed",
        "percentunit",
        "sum by (method, name) (locust_requests_num_failures{@rows})"
        " / sum by (method, name) (locust_requests_num_requests{@rows} > 0)",
        72,
        cell(FAILED_STEPS),
    ),
    Column(
        "Rate",
        "reqps",
        with_total(
            "rate(locust_requests_total{@endpoint}[@window])", "rate(locust_run_requests_total{@here}[@window])"
        ),
        95,
    ),
    percentile_column("0.5"),
    percentile_column("0.95"),
    percentile_column("0.99"),
    row_column("Mean", "ms", "avg_response_time", 72),
    row_column("Min", "ms", "min_response_time", 72),
    row_column("Max", "ms", "max_response_time", 72),
    row_column("Size", "bytes", "avg_content_length", 75),
]

ERROR_COLUMNS = [
    Column(
        "Times",
        "none",
        "sum by (method, name, error) (locust_errors{@endpoint})"
        ' or on () label_replace(0 * sum(locust_run_requests_total{@here}), "error", "none so far", "", "")',
        80,
    ),
    # Locust tells these from 2.44 on.
    *(
        Column(
            f"{which.title()} seen",
            "dateTimeAsIso",
            f"sum by (method, name, error) (locust_error_{which}_seen_timestamp_seconds{{@endpoint}}) * 1000",
            165,
        )
        for which in ("first", "last")
    ),
]

# Locust keeps a run's figures until the next begins, which may be one without a mark.
JUDGED = "(locust_run_info{@here} unless on (job, instance) (time() - locust_run_end_time_seconds{@here} > 30))"


def of_runs(reduced: str, metric: str, during: str = JUDGED) -> str:
    joined = f"{metric} * on (job, instance) group_left (run) {during}"
    return f"max by (run) ({reduced}(({joined})[$__range:$__interval]))"


def marked(verdict: str) -> str:
    return f'max by (run, lab, report) (last_over_time(locust_run_info{{@here,verdict="{verdict}"}}[$__range]))'


STARTED = "max by (run) (max_over_time(locust_run_start_time_seconds{@here}[$__range]))"
ENDED = f"(max by (run) (max_over_time(locust_run_end_time_seconds{{@here}}[$__range])) or 0 * {STARTED} + time())"
VERDICTS = {"0": "goes on", "1": "passed", "2": "failed", "3": "incomplete"}
NO_RUN = 'label_replace(vector(-1), "run", "no run in this time", "", "")'
OPEN_THE_RUN = {
    "id": "links",
    "value": [
        {
            "title": "This dashboard at the time of the run",
            "url": "/d/${__dashboard.uid}?${__all_variables}"
            "&from=${__data.fields.From.numeric}&to=${__data.fields.To.numeric}",
            "targetBlank": False,
        }
    ],
}
OPEN_THE_REPORT = {
    "id": "links",
    "value": [{"title": "The report of the run", "url": "${__value.raw}", "targetBlank": True}],
}
RUN_COLUMNS = [
    Column(
        "Verdict",
        "none",
        " or on (run) ".join(
            f"{number} * {marked('' if word == 'goes on' else word)}" for number, word in [*VERDICTS.items()][1:]
        )
        + f" or on (run) 0 * {marked('')} or on () {NO_RUN}",
        90,
        [*cell([(None, GREY), (1, GREEN), (2, RED), (3, GREY)], {"-1": "none", **VERDICTS}), OPEN_THE_RUN],
    ),
    Column("Started", "dateTimeAsIso", f"1000 * {STARTED}", 150, [OPEN_THE_RUN]),
    Column("Lasted", "s", f"{ENDED} - {STARTED}", 75),
    Column("Users", "none", of_runs("max_over_time", "locust_users{@here}", GOING), 65),
    Column("Requests", "none", of_runs("last_over_time", "locust_run_requests_total{@here}"), 85),
    Column("p95", "s", of_runs("last_over_time", 'locust_run_response_time_seconds{@here,quantile="0.95"}'), 75),
    Column(
        "Failed",
        "percentunit",
        of_runs("last_over_time", "locust_requests_fail_ratio{@here}"),
        75,
        cell(FAILED_STEPS),
    ),
    Column("From", "time:HH:mm:ss", f"floor(1000 * ({STARTED} - 5))", 75, hidden=True),
    Column("To", "time:HH:mm:ss", f"ceil(1000 * ({ENDED} + 5))", 75, hidden=True),
]

# Workers by where they are; Locust knows them by 32 hex digits.
BY_PLACE = shortened(
    "max by (host, number) (%s * on (job, instance, id) group_left (host, number) locust_worker_info{@here})", "host"
)
PLACE = "{{short}} {{number}}"

PANELS = [
    Stat(
        6,
        3,
        "State",
        Note(
            "What Locust does. Prometheus asks the exporter for it, and the exporter asks Locust.",
            "running while a run goes on, and stopped after it.",
            "no Locust: it does not answer the exporter; exporter down, or none: nothing below is of now.",
        ),
        "2 + locust_running{@here} or up{@here} or on () vector(-1)",
        mappings={
            "-1": "no exporter",
            "0": "exporter down",
            "1": "no Locust",
            "2": "stopped",
            "3": "ramping up",
            "4": "running",
        },
        thresholds=[(None, RED), (2, GREY), (3, ORANGE), (4, GREEN)],
        colour="background",
    ),
    Stat(
        6,
        3,
        "Users",
        Note("Users that run now.", "as many as were asked for.", "fewer: workers are gone, or the ramp-up is slow."),
        "locust_users{@here}",
    ),
    Stat(
        6,
        3,
        "Rate",
        Note(
            "Requests per second now, of all endpoints.",
            "it follows the users.",
            "it stays where it is while users are added: the service, or Locust itself, gives no more.",
        ),
        RATE,
        "reqps",
    ),
    Stat(
        6,
        3,
        "Peak rate",
        Note(
            "The most requests per second in the time range.",
            "what the service is to bear, or more.",
            "less than in earlier runs with as many users.",
        ),
        f"max_over_time(({RATE})[$__range:$__interval])",
        "reqps",
    ),
    Stat(
        6,
        3,
        "p95",
        Note(
            "Of 20 requests of the run so far, 19 were answered within this time. It is Locust's own figure.",
            "below the run's limit, which the overview draws dashed.",
            "above it, or growing while users stay the same.",
        ),
        'locust_run_response_time_seconds{@here,quantile="0.95"}',
        "s",
    ),
    Stat(
        6,
        3,
        "Failed",
        Note(
            "The part of the run's requests so far that failed.",
            "0 %. From 1 % on it is orange, from 5 % on red; a run fails at 1 % where it has no limit of its own.",
            "anything more: the table of errors says what.",
        ),
        "locust_requests_fail_ratio{@here}",
        "percentunit",
        thresholds=FAILED_STEPS,
        nothing="no run",
    ),
    Stat(
        6,
        3,
        "Failures",
        Note("Requests of the run so far that failed.", "0.", "any: the table of errors says what."),
        "locust_run_request_failures_total{@here}",
        thresholds=[(None, GREY), (0, GREEN), (1, RED)],
        nothing="no run",
    ),
    Stat(
        6,
        3,
        "Requests",
        Note(
            "Requests of the run so far.",
            "it grows while a run goes on.",
            "it stands still: users wait for answers, or Locust hangs.",
        ),
        "locust_run_requests_total{@here}",
        nothing="no run",
    ),
    Graph(
        24,
        12,
        "Overview",
        Note(
            "The run on one time axis: requests per second on the left; response times of Locust's last ten seconds"
            " (p50, p95) and, with the exporter's histogram plugin, p99 on the right; users and the failed part, of"
            " 100 %, on scales of their own, with values in the legend. Dashed are the run's limits, from its mark. A"
            " band is the time of a run: green passed, red failed, grey neither.",
            "the rate follows the users, response times stay flat and below their limits, failed stays at 0 %.",
            "response times climb while the rate stays: that is as much as the service gives. A red line at all.",
        ),
        "reqps",
        [
            Line(RATE, "requests/s", [colour(BLUE), THICK]),
            Line("locust_users{@here}", "users", [*on_the("hidden", "none"), colour(GREY), STEPPED, WHOLE]),
            Line(FAILED_NOW, "failed", [*OF_ALL, colour(RED), THICK]),
            Line(
                'locust_current_response_time_seconds{@here,quantile="0.5"}',
                "p50",
                [*on_the("right", "s"), colour(SKY)],
            ),
            Line(
                'locust_current_response_time_seconds{@here,quantile="0.95"}',
                "p95",
                [*on_the("right", "s"), colour(ORANGE), THICK],
            ),
            Line(
                "histogram_quantile(0.99, sum by (le) (rate(locust_request_duration_seconds_bucket{@here}[@window])))",
                "p99",
                [*on_the("right", "s"), colour(PURPLE)],
            ),
            Line(
                f"{LIMIT % 'p[0-9.]+|avg|median|max'} / 1000",
                "limit: {{figure}} {{comparison}}",
                [*on_the("right", "s"), colour(ORANGE), DASHED],
            ),
            Line(LIMIT % "rps", "rate limit: {{comparison}}", [colour(BLUE), DASHED]),
        ],
        legend="list",
        points=150,
    ),
    Table(
        24,
        6,
        "Runs",
        Note(
            "The runs of the time range that left a mark, as those of locust_run do, the newest first. A click on a run"
            " opens this dashboard at its time, one on its report that, where the run says where it is. Choose"
            " a longer time range to see more of them.",
            "passed.",
            "failed: its report says which limit it broke. incomplete: it was stopped, or Locust was lost.",
        ),
        [
            Label("run", "Run", 180, [OPEN_THE_RUN]),
            Label("lab", "Lab", None, [NARROW]),
            Label("report", "Report", 60, [OPEN_THE_REPORT]),
        ],
        RUN_COLUMNS,
        "Started",
        ["Verdict", "Started", "Lasted"],
    ),
    Heading("Load"),
    Graph(
        8,
        10,
        "Requests and failures",
        Note(
            "Per second, of all endpoints.",
            "no failures.",
            "failures grow with the load: the service is over its limit. They come at once: something is broken.",
        ),
        "reqps",
        [Line(RATE, "requests", [colour(BLUE)]), Line(FAILURE_RATE, "failures", [colour(RED), THICK])],
    ),
    Graph(
        8,
        10,
        "Failed",
        Note(
            "The part of the requests that failed, in each interval. Dashed is the run's limit, from its mark.",
            "0 %.",
            "above the limit, even for a moment: users saw it.",
        ),
        "percentunit",
        [
            Line(FAILED_NOW, "failed", [colour(RED), THICK]),
            Line(LIMIT % "fail_ratio", "limit: {{comparison}}", [colour(RED), DASHED]),
        ],
    ),
    Graph(
        8,
        10,
        "Response times of the run so far",
        Note(
            "Locust's own figures over all endpoints, which its page shows as well.",
            "flat lines close to each other.",
            "p99 far above the median: some requests wait for others.",
        ),
        "s",
        [
            Line(
                'locust_requests_median_response_time{@rows,name="Aggregated",method=""} / 1000',
                "median",
                [colour(SKY)],
            ),
            Line('locust_requests_avg_response_time{@rows,name="Aggregated",method=""} / 1000', "mean", [colour(BLUE)]),
            Line('locust_run_response_time_seconds{@here,quantile="0.95"}', "p95", [colour(ORANGE)]),
            Line('locust_run_response_time_seconds{@here,quantile="0.99"}', "p99", [colour(PURPLE)]),
        ],
    ),
    Heading("Endpoints"),
    Table(
        24,
        9,
        "Endpoints",
        Note(
            "Of the run so far, as Locust's page has it; Aggregated is all of them. Rate is that of the last seconds.",
            "0 % failed, and percentiles close to the median.",
            "a red cell, or one endpoint far slower than the others.",
        ),
        [Label("method", "Method", 80), Label("name", "Endpoint", None, [INSPECTED])],
        ENDPOINT_COLUMNS,
        "Requests",
    ),
    Graph(
        24,
        9,
        "Rate by endpoint",
        Note(
            "Requests per second of each endpoint.",
            "the mix that the locustfile asks for.",
            "one falls while the others stay: its answers take longer.",
        ),
        "reqps",
        [Line("sum by (method, name) (rate(locust_requests_total{@endpoint}[@window]))", METHOD_AND_NAME)],
    ),
    Graph(
        24,
        9,
        "Failures by endpoint",
        Note(
            "Failed requests per second, of all and of each endpoint that had any in the time range.",
            "the line of all stays at 0.",
            "any line that leaves it.",
        ),
        "reqps",
        [
            Line(
                f"{BY_ENDPOINT} (rate({ENDPOINT_FAILURES}[@window]))"
                f" and on (method, name) ({BY_ENDPOINT} (increase({ENDPOINT_FAILURES}[$__range] @@ end())) > 0)",
                METHOD_AND_NAME,
            ),
            Line(FAILURE_RATE, "all", [colour(RED), THICK]),
        ],
    ),
    Graph(
        24,
        9,
        "Percentile by endpoint",
        Note(
            "The percentile that is chosen above. Of each interval where Locust runs with the exporter's histogram"
            " plugin, else of the run so far.",
            "flat lines.",
            "one climbs while the others stay: that endpoint is the bottleneck.",
        ),
        "s",
        [
            Line(
                "histogram_quantile($percentile, sum by (method, name, le)"
                " (rate(locust_request_duration_seconds_bucket{@endpoint}[@window])))"
                ' or sum by (method, name) (locust_response_time_seconds{@endpoint,quantile="$percentile"})',
                METHOD_AND_NAME,
            )
        ],
        points=50,
    ),
    Graph(
        24,
        9,
        "Mean by endpoint",
        Note(
            "The mean response time of the requests in each interval.",
            "flat lines.",
            "a mean far above the median of the table: a few requests take very long.",
        ),
        "s",
        [
            Line(
                "sum by (method, name) (rate(locust_response_time_seconds_sum{@endpoint}[@window]))"
                " / sum by (method, name) (rate(locust_response_time_seconds_count{@endpoint}[@window]) > 0)",
                METHOD_AND_NAME,
            )
        ],
    ),
    Heading("Errors"),
    Table(
        24,
        8,
        "Errors",
        Note(
            "What went wrong in the run so far, the most frequent first. Point at a text to read all of it, or, from"
            " Grafana 8 on, at the eye beside it.",
            "none so far.",
            "any other: the text is what Locust, or the locustfile, says of it.",
        ),
        [
            Label("method", "Method", 80),
            Label("name", "Endpoint", 180, [INSPECTED]),
            Label("error", "Error", None, [INSPECTED]),
        ],
        ERROR_COLUMNS,
        "Times",
    ),
    Heading("Workers"),
    Graph(
        12,
        9,
        "Workers",
        Note(
            "Workers that are connected, and those that Locust has lost. 0 where Locust runs without workers.",
            "as many as there are processors for them, and none lost.",
            "lost ones: their users are gone, and the rate with them.",
        ),
        "none",
        [
            Line("locust_workers_count{@here}", "connected", [colour(BLUE), STEPPED, WHOLE]),
            Line("locust_workers_missing_count{@here}", "lost", [colour(RED), STEPPED, WHOLE, THICK]),
        ],
    ),
    Graph(
        12,
        9,
        "Users",
        Note("Users that each worker runs.", "the same everywhere.", "one with fewer, or none."),
        "none",
        [
            Line(
                BY_PLACE % "sum by (job, instance, id) (locust_worker_detail{@here})",
                PLACE,
                [STEPPED, WHOLE],
            )
        ],
    ),
    Graph(
        12,
        9,
        "CPU",
        Note(
            "Of one processor core, which is all that a worker can use.",
            "below 90 %.",
            "near 100 %: response times are then the worker's own. Give Locust more workers, or more hosts.",
        ),
        "percentunit",
        [
            Line(BY_PLACE % "locust_worker_cpu_ratio{@here}", PLACE),
            Line(f"{THRESHOLDS['worker_cpu_ratio']} + 0 * up{{@here}}", "busy", [colour(RED), DASHED]),
        ],
    ),
    Graph(
        12,
        9,
        "Memory",
        Note(
            "What each worker uses.",
            "flat, once all users are there.",
            "it grows for as long as the run goes on: the locustfile keeps what it should let go.",
        ),
        "bytes",
        [Line(BY_PLACE % "locust_worker_memory_bytes{@here}", PLACE)],
    ),
]

DASHBOARD = Dashboard(
    uid="monitor-lab-locust",
    title="Locust",
    description="A Locust run, seen through the exporter.",
    tags=["locust"],
    words=WORDS,
    variables=[
        variable("exporter_job", "Job", "label_values(locust_up, job)"),
        variable("exporter", "Exporter", 'label_values(locust_up{job="$exporter_job"}, instance)'),
        variable("endpoint", "Endpoint", f"label_values(locust_requests_total{{{HERE}}}, name)", many=True),
        choice("percentile", "Percentile", ["0.5", "0.95", "0.99"], "0.95"),
        variable("locust_page", "Locust's page", f"label_values(locust_page_info{{{HERE}}}, url)", hidden=True),
    ],
    links=[
        link("Locust", url="$locust_page", targetBlank=True, tooltip="Locust's own page, as the exporter reaches it")
    ],
    panels=PANELS,
    # Who starts a run on Locust's page leaves no mark.
    running="(locust_running{@here} > 0)",
)
