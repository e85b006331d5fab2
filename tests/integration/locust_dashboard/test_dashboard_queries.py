# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""The dashboards' queries on a real Prometheus that scrapes the real exporter and service, with a real Locust."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._grafana.dashboard import walk_panels

from tests.integration.locust_exporter import harness
from tests.waiting import wait_until

JSON = dict[str, Any]

FILES = Path(__file__).resolve().parents[3] / "files"
NAMES = ("locust", "tokenization")
# As Grafana fills them in for a scrape interval of a second and a time range of 5 minutes.
BUILT_IN = {"$__rate_interval": "4s", "$__range": "5m"}


def dashboard(name: str) -> JSON:
    read: JSON = json.loads((FILES / "dashboards" / f"{name}.json").read_text(encoding="utf-8"))
    return read


def expressions(name: str) -> list[tuple[str, str]]:
    """What the dashboard asks: (where, PromQL with the dashboard's variables in it)."""
    model = dashboard(name)
    found = [
        (f"{panel['title']} {target['refId']}", target["expr"])
        for panel in walk_panels(model)
        for target in panel.get("targets", [])
    ]
    return found + [(one["name"], one["expr"]) for one in model["annotations"]["list"] if "expr" in one]


def variables(name: str) -> list[tuple[str, str]]:
    """The variables that are labels of a metric: (name, "label_values(metric, label)")."""
    return [
        (one["name"], one["query"]["query"]) for one in dashboard(name)["templating"]["list"] if one["type"] == "query"
    ]


def filled(text: str, values: dict[str, str]) -> str:
    for name, value in {**BUILT_IN, **{f"${key}": value for key, value in values.items()}}.items():
        text = text.replace(name, value)
    assert "$" not in text, text
    return text


@dataclass
class Lab:
    prometheus: harness.Prometheus
    locust: harness.RealLocust
    exporter: harness.RealExporter
    values: dict[str, dict[str, str]]

    def ask(self, name: str, expression: str) -> dict[harness.Labels, float]:
        return self.prometheus.query(filled(expression, self.values[name]))


def call(url: str, path: str, body: JSON) -> None:
    request = Request(url + path, json.dumps(body).encode(), {"Content-Type": "application/json"})
    try:
        urlopen(request, timeout=10).close()
    except HTTPError as error:
        error.close()


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    folder = tmp_path_factory.mktemp("service")
    (folder / "key").write_text("11" * 32)
    (folder / "token").write_text("a-token-that-nobody-uses")
    service = f"127.0.0.1:{harness.free_port()}"
    environment = {
        "TOKENIZATION_PORT": service.split(":")[1],
        "TOKENIZATION_DATABASE": str(folder / "vault.db"),
        "TOKENIZATION_PRIVATE_KEY_FILE": str(folder / "key"),
        "TOKENIZATION_BEARER_TOKEN_FILE": str(folder / "token"),
        "PYTHONPATH": str(FILES / "tokenization"),
    }
    command = [sys.executable, "-m", "tokenization"]
    with ExitStack() as started:
        start = started.enter_context
        start(harness.process(command, environment, lambda: bool(harness.get(f"http://{service}/readyz"))))
        plugin = (harness.HERE / "load.py", harness.PLUGIN)
        locust = start(harness.locust("2.47.0", files=plugin, master=True))
        start(locust.worker())
        target = start(harness.serve(harness.Target))
        exporter = start(harness.exporter(locust.url))
        scraped = exporter.url.removeprefix("http://")
        job = f"  - job_name: tokenization\n    static_configs: [{{targets: ['{service}']}}]\n"
        prometheus = start(harness.prometheus(scraped, extra=job))
        locust.wait_for("the worker is there", lambda page: len(page["workers"]) == 1)
        locust.swarm(target, users=4, spawn_rate=4)
        locust.wait_for("requests and errors", lambda page: page["stats"][-1]["num_requests"] > 50 and page["errors"])
        for number in range(4):
            call(f"http://{service}", "/tokenize", {"name": str(number), "data": "x"})
            call(f"http://{service}", "/tokenize", {})
        refused = 'count_over_time(tokenization_requests_total{status="422"}[1m]) > 3'
        loaded = "count_over_time(locust_errors[1m]) > 3"
        wait_until("it was scraped", lambda: bool(prometheus.query(refused) and prometheus.query(loaded)))
        here = {"job": "locust_exporter", "instance": scraped, "endpoint": ".*"}
        there = {"job": "tokenization", "instance": service, "route": ".*", "memory_limit": "268435456"}
        yield Lab(prometheus, locust, exporter, {"locust": here, "tokenization": there})


def test_all_are_valid_promql(tmp_path: Path) -> None:
    values = {"job": "j", "instance": "i", "endpoint": ".*", "route": ".*", "memory_limit": "1"}
    queries = [filled(expression, values) for name in NAMES for where, expression in expressions(name)]
    rules = [{"record": f"query:{number}", "expr": query} for number, query in enumerate(queries)]
    file = tmp_path / "rules.yml"
    file.write_text(json.dumps({"groups": [{"name": "queries", "rules": rules}]}), encoding="utf-8")
    checked = subprocess.run(["promtool", "check", "rules", str(file)], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert f"{len(queries)} rules found" in checked.stdout


@pytest.mark.parametrize("name", NAMES)
def test_every_query_gives_data(lab: Lab, name: str) -> None:
    assert [where for where, expression in expressions(name) if not lab.ask(name, expression)] == []


@pytest.mark.parametrize("name", NAMES)
def test_every_metric_is_one_that_is_exposed(lab: Lab, name: str) -> None:
    asked = {
        metric for where, expression in expressions(name) for metric in re.findall(r"([a-zA-Z_:]\w*)\{", expression)
    }
    asked |= {match[1] for variable, query in variables(name) if (match := re.match(r"label_values\((\w+)", query))}
    exposed = {dict(labels)["__name__"] for labels in lab.prometheus.query('{__name__=~".+"}')}
    assert asked - exposed == set()
    assert len(asked) > 10


@pytest.mark.parametrize("name", NAMES)
def test_every_variable_has_values(lab: Lab, name: str) -> None:
    for variable, query in variables(name):
        match = re.fullmatch(r"label_values\((.+), (\w+)\)", query)
        assert match
        found = {dict(labels).get(match[2]) for labels in lab.ask(name, match[1])}
        assert found and None not in found, variable


def test_the_numbers_are_those_of_locust(lab: Lab) -> None:
    lab.locust.stop()
    lab.locust.wait_for("it stopped", lambda page: page["state"] == "stopped")
    rows = lab.locust.page()["stats"]
    asked = dict(expressions("locust"))

    # The last request may be scraped before Locust stops, and the end of the run only by the next scrape.
    def settled() -> bool:
        shown = [list(lab.ask("locust", asked[panel]).values()) for panel in ("Requests A", "State A")]
        return shown == [[rows[-1]["num_requests"]], [0]]

    wait_until("the dashboard has the run's count and its end", settled)
    assert list(lab.ask("locust", asked["Failures A"]).values()) == [rows[-1]["num_failures"]]
    p95 = lab.ask("locust", 'locust_requests_current_response_time_percentile_95{instance="$instance"}')
    assert min(p95.values()) > 0
    table = next(panel for panel in dashboard("locust")["panels"] if panel["type"] == "table")
    headings = table["transformations"][1]["options"]["renameByName"]
    columns = {headings[f"Value #{target['refId']}"]: lab.ask("locust", target["expr"]) for target in table["targets"]}
    for row in rows[:-1]:
        labels = (("method", row["method"]), ("name", row["name"]))
        shown = {heading: values[labels] for heading, values in columns.items()}
        assert (shown["Requests"], shown["Failures"]) == (row["num_requests"], row["num_failures"])
        assert (shown["Median"], shown["Max"]) == (row["median_response_time"], row["max_response_time"])
        assert shown["p95"] == pytest.approx(row["response_time_percentile_0.95"] / 1000)
    assert {len(values) for values in columns.values()} == {len(rows) - 1}


def test_it_says_what_is_down(lab: Lab) -> None:
    expression = dict(expressions("locust"))["Exporter A"]

    def says(value: int) -> None:
        wait_until(f"it says {value}", lambda: list(lab.ask("locust", expression).values()) == [value])

    says(2)
    lab.locust.kill()
    says(1)
    lab.exporter.process.terminate()
    says(0)
    assert list(lab.prometheus.query(filled(expression, {"job": "none", "instance": "none"})).values()) == [-1]
