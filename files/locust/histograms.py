# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""A Locust plugin: the run's own response-time histograms, for the Locust exporter.

Locust counts every response time, rounded to two digits, and its web interface gives only a few percentiles of them,
over the whole run and for one endpoint at a time. This gives the counts themselves, at `/stats/histograms`, so that
Prometheus can find any percentile over any window and over several endpoints. Load it beside the locustfile of the
master, or of a Locust without workers; it needs Locust 2.15.1 or newer:

    locust -f locustfile.py,histograms.py

The answer is {"histograms": [{"method", "name", "sum": milliseconds, "counts": {milliseconds: requests}}]}. The header
`Locust-Histograms` tells the exporter that it is there.
"""

from __future__ import annotations

from locust import events


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
        return {"histograms": [_histogram(entry) for _unused, entry in sorted(environment.stats.entries.items())]}


def _histogram(entry):
    return {
        "method": entry.method or "",
        "name": entry.name,
        "sum": entry.total_response_time,
        "counts": entry.response_times,
    }
