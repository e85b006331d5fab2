# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""A Locust plugin: the run's own response-time histograms, for the Locust exporter.

Locust counts every response time, rounded to two digits, and its web interface gives only a few percentiles of them,
over the whole run and for one endpoint at a time. This gives the counts themselves, at `/stats/histograms`, so that
Prometheus can find any percentile over any window and over several endpoints. Load it beside the locustfile of the
master, or of a Locust without workers; it needs Locust 2.15.1 or newer:

    locust -f locustfile.py,histograms.py

The answer is {"histograms": [{"method", "name", "sum": milliseconds, "counts": {milliseconds: requests}}], "left_out":
endpoints}: the first endpoints by name, as many as the query's `endpoints` says, and 500 at most, which is as many as
Locust itself shows. More would hold Locust's one thread up at each scrape. The header `Locust-Histograms` tells the
exporter that it is there.
"""

from __future__ import annotations

import heapq

from flask import request
from locust import events

MOST = 500


@events.init.add_listener
def offer_histograms(environment, **_kwargs):
    web_ui = environment.web_ui
    if web_ui is None:
        return
    base = (getattr(environment.parsed_options, "web_base_path", None) or "").rstrip("/")

    @web_ui.app.after_request
    def announce(response):
        response.headers["Locust-Histograms"] = "1"
        return response

    @web_ui.app.route(f"{base}/stats/histograms")
    @web_ui.auth_required_if_enabled
    def histograms():
        return first(environment.stats.entries.values(), request.args.get("endpoints", ""))


def first(entries, asked):
    """Return the histograms of as many endpoints as were `asked` for, of those that were used."""
    most = min(int(asked[:9]), MOST) if asked.isdecimal() else MOST
    used = [entry for entry in entries if entry.response_times]
    chosen = heapq.nsmallest(most, used, key=lambda entry: (str(entry.name), str(entry.method)))
    return {"histograms": [_histogram(entry) for entry in chosen], "left_out": len(used) - len(chosen)}


def _histogram(entry):
    return {
        "method": entry.method or "",
        "name": entry.name,
        "sum": entry.total_response_time,
        "counts": entry.response_times,
    }
