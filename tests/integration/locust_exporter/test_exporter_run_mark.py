# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""The mark of a run, from the module's own step over a real Locust with the lab's plugins to the exporter's page."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import pytest
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._locust.client import LocustClient
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._locust.mark import leave

from tests.checks.tree import CHECKOUT
from tests.integration.locust_exporter.harness import (
    HERE,
    PLUGIN,
    RealExporter,
    RealLocust,
    Target,
    exporter,
    get,
    locust,
    serve,
)
from tests.locusts import EACH_VERSION

MARKS = CHECKOUT / "files" / "locust" / "run_mark.py"
BASE = "/base"
HAVE_BASE = ("2.46.3", "2.47.0")
THRESHOLD = {"figure": "p95", "comparison": "<", "limit": 200.0, "name": "/slow", "method": "POST"}


def mark(run: str, **others: Any) -> dict[str, Any]:
    begun = {"run": run, "lab": "shop", "started": time.time(), "ended": None, "verdict": None}
    return {**begun, "thresholds": [THRESHOLD], **others}


@pytest.fixture(scope="module", params=EACH_VERSION)
def pair(request: pytest.FixtureRequest) -> Iterator[tuple[RealLocust, RealExporter]]:
    files = (HERE / "load.py", PLUGIN, MARKS)
    arguments = ("--web-base-path", BASE) if request.param in HAVE_BASE else ()
    with (
        locust(request.param, *arguments, files=files, master=True, path=BASE if arguments else "") as real,
        exporter(real.url) as metrics,
    ):
        yield real, metrics


@pytest.fixture
def client(pair: tuple[RealLocust, RealExporter]) -> LocustClient:
    return LocustClient(pair[0].url)


def of_the_run(metrics: RealExporter) -> dict[str, Any]:
    named = ("info", "start_time_seconds", "end_time_seconds", "threshold")
    return {
        name.removeprefix("locust_run_"): (dict(labels), value)
        for (name, labels), value in metrics.series().items()
        if name.removeprefix("locust_run_") in named
    }


def test_a_run_is_told_while_it_goes_on_and_after(pair: tuple[RealLocust, RealExporter], client: LocustClient) -> None:
    metrics = pair[1]
    assert of_the_run(metrics) == {}
    begun = mark("first")
    assert leave(client, begun, time) == {"marked": True, "problem": None}
    told = of_the_run(metrics)
    assert told["info"] == ({"run": "first", "lab": "shop", "verdict": ""}, 1)
    assert told["start_time_seconds"] == ({"run": "first"}, begun["started"])
    labels = {"run": "first", "figure": "p95", "comparison": "<", "name": "/slow", "method": "POST"}
    assert told["threshold"] == (labels, 200)
    assert "end_time_seconds" not in told
    report = "https://ci.example.org/first/lab_report.html"
    leave(client, {**begun, "ended": begun["started"] + 5, "verdict": "failed", "report": report}, time)
    told = of_the_run(metrics)
    assert told["info"] == ({"run": "first", "lab": "shop", "verdict": "failed", "report": report}, 1)
    assert told["end_time_seconds"] == ({"run": "first"}, begun["started"] + 5)
    assert json.loads(get(f"{client.url}/monitor-lab/run"))["mark"]["thresholds"] == [THRESHOLD]


def test_the_end_of_a_run_does_not_hide_the_run_after_it(
    pair: tuple[RealLocust, RealExporter], client: LocustClient
) -> None:
    leave(client, mark("old"), time)
    leave(client, mark("new"), time)
    late = leave(client, mark("old", ended=time.time(), verdict="incomplete"), time)
    assert late["marked"] is False
    assert "the mark that is kept is that of new" in late["problem"]
    assert of_the_run(pair[1])["info"][0]["run"] == "new"


def test_what_is_too_much_is_cut_before_it_is_sent(pair: tuple[RealLocust, RealExporter], client: LocustClient) -> None:
    thresholds = [{**THRESHOLD, "figure": f"p{number}", "name": "n" * 5000} for number in range(99)]
    assert leave(client, mark("r" * 500, thresholds=thresholds), time)["marked"]
    kept = json.loads(get(f"{client.url}/monitor-lab/run"))["mark"]
    assert (len(kept["run"]), len(kept["thresholds"]), len(kept["thresholds"][0]["name"])) == (100, 50, 1000)
    assert pair[1].text().count("locust_run_threshold{") == 50


@pytest.mark.parametrize(
    ("sent", "problem"),
    [
        (None, "has other keys"),
        ([], "has other keys"),
        ({"run": "x"}, "has other keys"),
        (mark("x", more=1), "has other keys"),
        ({**mark("x"), "run": 5}, "run: a text"),
        (mark("x" * 101), "run: a text of at most 100 characters"),
        (mark("x", started="soon"), "started: a number"),
        (mark("x", started=float("nan")), "started: a number"),
        (mark("x", started=10**400), "started: a number"),
        (mark("x", ended=True), "ended: a number"),
        (mark("x", verdict="good"), "verdict: none or one of"),
        (mark("x", report="javascript:alert(1)"), "report: an http or https URL"),
        (mark("x", report=5), "report: a text"),
        (mark("x", report="https://" + "x" * 1000), "report: a text of at most 1000"),
        (mark("x", thresholds=[THRESHOLD] * 51), "thresholds: a list of at most 50"),
        (mark("x", thresholds=[{**THRESHOLD, "comparison": "!="}]), "comparison: one of"),
        (mark("x", thresholds=[{**THRESHOLD, "name": "n" * 1001}]), "name: a text of at most 1000"),
        (mark("x", thresholds=[{**THRESHOLD, "limit": None}]), "limit: a number"),
        (mark("x", thresholds=[5]), "a threshold has other keys"),
    ],
)
def test_what_is_no_mark_is_refused(client: LocustClient, sent: Any, problem: str) -> None:
    leave(client, mark("kept"), time)
    answer = client.mark(sent)
    assert answer["marked"] is False
    assert problem in answer["message"]
    assert json.loads(get(f"{client.url}/monitor-lab/run"))["mark"]["run"] == "kept"


@pytest.mark.parametrize("form", [{}, {"mark": ""}, {"mark": "{"}, {"mark": "[" * 100_000}, {"mark": "x" * 600_000}])
def test_what_is_no_json_is_refused(client: LocustClient, form: dict[str, str]) -> None:
    body = urlencode(form).encode()
    answer = json.loads(urlopen(Request(f"{client.url}/monitor-lab/run", data=body), timeout=15).read())
    assert answer["marked"] is False


def test_a_locust_without_the_plugin_is_no_fault() -> None:
    with locust("2.47.0") as real:
        assert leave(LocustClient(real.url), mark("x"), time) == {"marked": False, "problem": None}


def test_of_many_endpoints_only_those_that_are_shown_are_sent() -> None:
    files = (HERE / "batches.py", PLUGIN)
    with locust("2.47.0", files=files) as real, exporter(real.url) as metrics, serve(Target):
        batch = json.dumps({f"/{number:05}": [1.0] for number in range(2000)}).encode()
        headers = {"Content-Type": "application/json"}
        urlopen(Request(f"{real.url}/batch", data=batch, headers=headers), timeout=30).read()
        series = metrics.series()
        shown = {dict(labels)["name"] for name, labels in series if name == "locust_request_duration_seconds_count"}
        assert shown == {f"/{number:05}" for number in range(50)}
        assert series["locust_table_truncated", (("table", "histograms"),)] == 1
        for asked, most in (("", 500), ("?endpoints=7", 7), ("?endpoints=99999999999", 500), ("?endpoints=x", 500)):
            answer = json.loads(get(f"{real.url}/stats/histograms{asked}"))
            assert (len(answer["histograms"]), answer["left_out"]) == (most, 2000 - most)
