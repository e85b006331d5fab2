# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""What /metrics tells. Labels are fixed routes and status codes: nothing that a client sends."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

REQUESTS = Counter("tokenization_requests_total", "Requests answered.", ["route", "status"])
REQUEST_SECONDS = Histogram(
    "tokenization_request_duration_seconds",
    "Time from the request's headers to the end of its answer.",
    ["route"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
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
