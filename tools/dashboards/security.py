# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""What is refused and why, what is unusual, and the alerts: a panel is a row of PANELS."""

from __future__ import annotations

from tools.dashboards.alerts import THRESHOLDS, names
from tools.dashboards.grafana import (
    BLUE,
    DASHED,
    GREEN,
    GREY,
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
    colour,
    shortened,
)
from tools.dashboards.tokenization import HERE, LOAD, VARIABLES

WORDS = {"here": HERE, "load": LOAD, "runs": 'lab=~"$lab|exercise"'}

REFUSED = "sum(rate(tokenization_refusals_total{@here}[@window]))"
ASKED = "sum(rate(tokenization_requests_total{@load}[@window]))"
LOGINS = '{__name__=~"(locust|container)_exporter_refused_logins_total"}'

FIRING = 'ALERTS{alertstate="firing",severity!="none"}'
# Not where Prometheus is without the lab's rules, which can't fire then.
NONE = "0 * count(lab:job:expected)"
STATES = {"0": "quiet", "1": "pending", "2": "firing"}
QUIET = " or ".join(f'label_replace(vector(0), "alertname", "{name}", "", "")' for name in names())
USUAL = "quantile_over_time(0.5, lab:tokenization_requests:rate1m_outside_runs[1h] offset 2m)"
# Of this lab and of others.
GOING_ANYWHERE = "(locust_run_info unless on (job, instance) locust_run_end_time_seconds)"
# What may be: nothing, a few, too many.
FEW = ((None, GREY), (0, GREEN), (1, ORANGE), (10, RED))


def refused_for(reasons: str) -> str:
    """Count the refusals of the last minute, as the alerts do."""
    return f'sum(increase(tokenization_refusals_total{{@here,reason=~"{reasons}"}}[1m]))'


def refused_by(label: str) -> str:
    """Give the rates of those that there were in the time range: of most there is never one."""
    seen = f"sum by ({label}) (increase(tokenization_refusals_total{{@here}}[$__range] @@ end())) > 0"
    return f"sum by ({label}) (rate(tokenization_refusals_total{{@here}}[@window])) and on ({label}) ({seen})"


def lookups(known: str) -> str:
    return f'sum(rate(tokenization_lookups_total{{@here,known="{known}"}}[@window])) or 0 * sum(up{{@here}})'


PANELS = [
    Stat(
        4,
        3,
        "Firing",
        Note(
            "Alerts that fire now, of all classes.",
            "0.",
            "any: the table below names it, and docs/runbook.md says what to do.",
        ),
        f"count({FIRING}) or on () {NONE}",
        thresholds=[(None, GREY), (0, GREEN), (1, RED)],
        colour="background",
        nothing="no rules",
    ),
    Stat(
        4,
        3,
        "Refused",
        Note(
            "The part of the requests that the service refuses, now.",
            "0 %.",
            "more than a few percent: a client is wrong, or somebody tries things.",
        ),
        f"{REFUSED} / ({ASKED} > 0) or 0 * {ASKED}",
        "percentunit",
        thresholds=[(None, GREY), (0, GREEN), (0.01, ORANGE), (0.1, RED)],
    ),
    Stat(
        4,
        3,
        "Wrong tokens",
        Note(
            "Requests of the last minute with a wrong token.",
            "0.",
            "more than 10, at which the alert CredentialGuessing fires: somebody guesses.",
        ),
        refused_for("wrong_credential"),
        thresholds=FEW,
    ),
    Stat(
        4,
        3,
        "Not known",
        Note(
            "Names and tokens of the last minute that the vault does not have.",
            "0, or a few typing errors.",
            "more than 20, and more than are known: somebody tries them one by one.",
        ),
        refused_for("unknown_name|unknown_token"),
        thresholds=FEW,
    ),
    Stat(
        4,
        3,
        "Half sent",
        Note(
            "Connections that are held with half a request, or half a TLS handshake.",
            "a handful.",
            "more than 50: slow clients hold what others need.",
        ),
        'sum(tokenization_connections{@here,state="receiving"})',
        thresholds=[(None, GREY), (0, GREEN), (10, ORANGE), (50, RED)],
    ),
    Stat(
        4,
        3,
        "Certificate",
        Note(
            "How long the certificate of the service is still good for.",
            "more than two weeks, or no TLS.",
            "less: clients will soon refuse it. ./lab up renews it.",
        ),
        "min(tokenization_certificate_end_time_seconds{@here}) - time()",
        "s",
        thresholds=[(None, GREY), (0, RED), (1209600, GREEN)],
        nothing="no TLS",
    ),
    Heading("Alerts"),
    Table(
        10,
        14,
        "State of each alert",
        Note(
            "The lab's own alerts, and others that are pending or firing now. Last fired is in the time range.",
            "quiet.",
            "firing. pending: it fires if that goes on.",
        ),
        [Label("alertname", "Alert")],
        [
            Column(
                "State",
                "none",
                f'max by (alertname) (2 * {FIRING} or ALERTS{{alertstate="pending",severity!="none"}})'
                f" or ({QUIET}) and on () {NONE}",
                85,
                cell([(None, GREY), (0, GREEN), (1, ORANGE), (2, RED)], STATES),
            ),
            Column(
                "Last fired",
                "dateTimeAsIso",
                f"1000 * max by (alertname) (max_over_time(timestamp({FIRING})[$__range:$__interval]))",
                165,
            ),
        ],
        "State",
    ),
    Graph(
        14,
        14,
        "Alerts over time",
        Note(
            "How many alerts of a name fire. A band is the time of a load run: green passed, red failed, grey neither.",
            "none: the line stays at 0.",
            "any. In a run, those of class performance are kept back from people, and shown here.",
        ),
        "none",
        [
            Line(f"count by (alertname) ({FIRING})", "{{alertname}}", [STEPPED, WHOLE]),
            Line(f"count({FIRING}) or on () {NONE}", "all", [colour(GREY), STEPPED, WHOLE]),
        ],
    ),
    Heading("What is refused, and why"),
    Graph(
        12,
        10,
        "Refusals by reason",
        Note(
            "Requests per second that the service refuses. files/tokenization/README.md says what each reason is, and"
            " which detection point of OWASP AppSensor it tells of.",
            "all lines at 0.",
            "wrong_credential: guessing. unknown_name, unknown_token: enumeration. malformed, wrong_type, wrong_method:"
            " probing. too_large, too_many: exhaustion.",
        ),
        "reqps",
        [
            Line(refused_by("reason"), "{{reason}}"),
            Line(f"{REFUSED} or 0 * sum(up{{@here}})", "all", [colour(RED), THICK]),
        ],
    ),
    Graph(
        12,
        10,
        "Refusals by route",
        Note(
            "Requests per second that the service refuses, by what they asked for; other is what does not exist.",
            "all lines at 0.",
            "other: somebody looks for what might be there. /detokenize: somebody wants the data.",
        ),
        "reqps",
        [
            Line(refused_by("route"), "{{route}}"),
            Line(f"{REFUSED} or 0 * sum(up{{@here}})", "all", [colour(RED), THICK]),
        ],
    ),
    Graph(
        12,
        9,
        "Lookups",
        Note(
            "Names and tokens asked for per second, and whether the vault has them.",
            "unknown ones at 0, or far below the others.",
            "more unknown than known: the alert NameEnumeration.",
        ),
        "reqps",
        [Line(lookups("yes"), "known", [colour(BLUE)]), Line(lookups("no"), "unknown", [colour(RED), THICK])],
    ),
    Graph(
        12,
        9,
        "Logins refused by the exporters",
        Note(
            "Requests per second to the exporters with a wrong user name or password.",
            "0. On a lab that is open there are no logins.",
            "any that a changed password does not explain: the alert LoginGuessing.",
        ),
        "reqps",
        [Line(shortened(f"sum by (job, instance) (rate({LOGINS}[@window]))"), "{{job}} {{short}}")],
    ),
    Heading("What is unusual"),
    Graph(
        12,
        10,
        "Load outside runs",
        Note(
            "Requests per second of the time in which no run of the lab goes on, against what is usual: the median of"
            " the hour before. Only with the lab's own rules.",
            "at the usual, or nothing at all: a run goes on.",
            "above the dashed line: the alert TrafficSpike.",
        ),
        "reqps",
        [
            Line("lab:tokenization_requests:rate1m_outside_runs", "outside runs", [colour(BLUE), THICK]),
            Line(
                USUAL,
                "usual",
                [colour(GREY)],
            ),
            Line(
                f"{THRESHOLDS['spike_least_rate']} + {THRESHOLDS['spike_factor']} * (max({USUAL}) or vector(0))",
                "alert above",
                [colour(RED), DASHED],
            ),
        ],
    ),
    Graph(
        12,
        10,
        "Connections",
        Note(
            "Connections to the service: at work on a request, idle after one, or receiving one of which a part came.",
            "receiving ones are few.",
            "receiving ones stay: slow clients. The sum near 2,000, or 1,000 with TLS: others are refused.",
        ),
        "none",
        [
            Line('sum(tokenization_connections{@here,state="working"})', "working", [colour(BLUE), STEPPED, WHOLE]),
            Line('sum(tokenization_connections{@here,state="idle"})', "idle", [colour(GREY), STEPPED, WHOLE]),
            Line(
                'sum(tokenization_connections{@here,state="receiving"})',
                "receiving",
                [colour(RED), STEPPED, WHOLE, THICK],
            ),
        ],
    ),
    Graph(
        12,
        9,
        "Size of requests",
        Note(
            "Of 20 bodies, 19 were no larger than this, and half of them no larger than that.",
            "flat lines: clients send what they always send.",
            "they climb: larger data, or an attempt to fill memory or disk.",
        ),
        "bytes",
        [
            Line(
                f"histogram_quantile({level},"
                " sum by (le) (rate(tokenization_request_size_bytes_bucket{@load}[@window])))",
                legend,
                [colour(name)],
            )
            for level, legend, name in ((0.5, "p50", SKY), (0.95, "p95", PURPLE))
        ],
    ),
    Graph(
        12,
        9,
        "Load that no run explains",
        Note(
            "Users of Locust that run while no run of the lab goes on: somebody started them on Locust's page.",
            "0.",
            "any that nobody knows of: the alert UnexplainedLoad.",
        ),
        "none",
        [
            Line(
                f"sum(locust_users unless on (job, instance) {GOING_ANYWHERE}) or 0 * sum(locust_users)",
                "users",
                [colour(RED), STEPPED, WHOLE],
            )
        ],
    ),
]

DASHBOARD = Dashboard(
    uid="monitor-lab-security",
    title="Security",
    description="What is refused and why, what is unusual, and the state of each alert.",
    tags=["security"],
    words=WORDS,
    variables=VARIABLES,
    panels=PANELS,
)
