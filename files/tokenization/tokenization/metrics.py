# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""What /metrics tells. Labels are fixed routes, status codes and words: nothing that a client sends."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from prometheus_client import Counter, Gauge, Histogram

REQUESTS = Counter("tokenization_requests_total", "Requests answered.", ["route", "status", "outcome"])
REQUEST_SECONDS = Histogram(
    "tokenization_request_duration_seconds",
    "Time from the request's headers to the end of its answer.",
    ["route"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
REQUEST_BYTES = Histogram(
    "tokenization_request_size_bytes",
    "Bodies of requests, as far as they came.",
    ["route"],
    buckets=(64, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216),
)
REFUSALS = Counter("tokenization_refusals_total", "Requests refused.", ["route", "reason"])
LOOKUPS = Counter("tokenization_lookups_total", "Names and tokens asked for.", ["by", "known"])
CONNECTIONS = Gauge("tokenization_connections", "Connections held.", ["state"])
KEY_MADE = Gauge("tokenization_key_made_time_seconds", "When the file of the private key was written, in Unix time.")
IN_PROGRESS = Gauge("tokenization_requests_in_progress", "Requests being worked on.")
TOKENS = Gauge("tokenization_tokens", "Tokens in the vault.")
COMMIT_RECORDS = Histogram(
    "tokenization_commit_records",
    "Records that one commit wrote.",
    buckets=(1, 2, 5, 10, 20, 50, 100, 128),
)
COMMIT_SECONDS = Histogram(
    "tokenization_commit_duration_seconds",
    "Time that a successful commit took, until it was on disk.",
    buckets=(0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
)
COMMIT_FAILURES = Counter("tokenization_commit_failures_total", "Commits that failed; their requests got 503.")
REFUSED_TOKENS = Counter("tokenization_refused_tokens_total", "Requests with a wrong bearer token.")

# Of a refusal of which nothing is said but its status. README names the detection point of OWASP AppSensor for each.
REASONS = {
    400: "malformed",
    401: "no_credential",
    403: "wrong_origin",
    404: "unknown_route",
    405: "wrong_method",
    413: "too_large",
    415: "wrong_type",
    421: "wrong_origin",
    422: "malformed",
    429: "too_many",
    431: "too_large",
}
ALL_REASONS = sorted({*REASONS.values(), "wrong_credential", "unknown_name", "unknown_token"})


def outcome(status: int) -> str:
    """Return what a status means for whoever watches; C(abandoned) where a client went without an answer."""
    if status < 100:
        return "abandoned"
    return "ok" if status < 400 else "refused" if status < 500 else "failed"


def begin_at_zero(routes: Iterable[str]) -> None:
    """Have a series of each refusal and lookup: nobody sees the increase of one that comes with its first count."""
    for route in routes:
        for reason in ALL_REASONS:
            REFUSALS.labels(route, reason)
    for by in ("name", "token"):
        for known in ("yes", "no"):
            LOOKUPS.labels(by, known)


def tell_certificate(begin: Callable[[], float], end: Callable[[], float]) -> None:
    """Have the series of a certificate. Without one there are none: 0 would be one that ended long ago."""
    for name, moment in (("begin", begin), ("end", end)):
        gauge = Gauge(f"tokenization_certificate_{name}_time_seconds", f"When the certificate {name}s, in Unix time.")
        gauge.set_function(moment)
