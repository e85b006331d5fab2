# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""The dashboards' queries on a real Prometheus that scrapes the real exporters and service, with a real Locust."""

from __future__ import annotations

import json
import math
import re
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._grafana.dashboard import walk_panels

from tests.integration.locust_dashboard.watched import FILES, Lab, Run, watched_lab
from tests.integration.locust_exporter import harness
from tests.waiting import wait_until

JSON = dict[str, Any]

NAMES = ("locust", "tokenization", "security", "hosts")
# As Grafana fills them in for a scrape interval of a second and a time range of 5 minutes.
BUILT_IN = {"$__rate_interval": "4s", "$__range": "5m", "$__interval": "1s"}
# Where there is nothing in a lab that is well, and whose run goes on.
NOTHING = {
    "Certificate": "the service has TLS",
    "usual": "there was load two minutes ago",
    "outside runs": "no run goes on",
}


class Question(NamedTuple):
    title: str
    # As a legend or a column's heading names the answer.
    answer: str
    expression: str


def dashboard(name: str) -> JSON:
    read: JSON = json.loads((FILES / "dashboards" / f"{name}.json").read_text(encoding="utf-8"))
    return read


def questions(name: str) -> list[Question]:
    """What the dashboard asks, with the dashboard's variables in it."""
    model = dashboard(name)
    found = []
    for panel in walk_panels(model):
        headings = {}
        if panel["type"] == "table":
            headings = panel["transformations"][1]["options"]["renameByName"]
        for target in panel.get("targets", []):
            heading = headings.get(f"Value #{target['refId']}", target["legendFormat"])
            found.append(Question(panel["title"], heading, target["expr"]))
    return found + [Question("", one["name"], one["expr"]) for one in model["annotations"]["list"] if "expr" in one]


def expression(name: str, title: str, answer: str = "") -> str:
    (found,) = (one.expression for one in questions(name) if (one.title, one.answer) == (title, answer))
    return found


def variables(name: str) -> list[tuple[str, str]]:
    """The variables that are labels of a metric: (name, "label_values(metric, label)")."""
    return [
        (one["name"], one["query"]["query"]) for one in dashboard(name)["templating"]["list"] if one["type"] == "query"
    ]


def filled(text: str, values: Mapping[str, str]) -> str:
    # The longest first: one name begins another.
    for name, value in sorted(
        {**BUILT_IN, **{f"${key}": value for key, value in values.items()}}.items(), reverse=True
    ):
        text = text.replace(name, value)
    # But for the first group of a pattern.
    assert "$" not in text.replace('"$1"', ""), text
    return text


def ask(lab: Lab, text: str) -> dict[harness.Labels, float]:
    return lab.prometheus.query(filled(text, lab.values))


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with watched_lab(tmp_path_factory.mktemp("lab")) as lab:
        yield lab


@pytest.fixture(scope="module")
def going(lab: Lab) -> Run:
    """A run that goes on, with errors, refusals and an alert."""
    lab.locust.swarm(lab.target, users=4, spawn_rate=4)
    run = Run(lab.locust, "first")
    run.mark()
    lab.locust.wait_for("requests and errors", lambda page: page["stats"][-1]["num_requests"] > 50 and page["errors"])
    for number in range(8):
        lab.call("/tokenize", {"name": str(number), "data": "x"})
        lab.call("/tokenize", {})
        lab.call("/tokenize", {"name": "large", "data": "x" * 2**25})
    refused = 'count_over_time(tokenization_requests_total{status="422"}[1m]) > 3'
    loaded = "count_over_time(locust_errors[1m]) > 3"
    firing = 'ALERTS{alertname="OversizedRequests",alertstate="firing"}'
    wait_until("it was scraped", lambda: all(map(lab.prometheus.query, (refused, loaded, firing))))
    return run


def test_all_are_valid_promql(tmp_path: Path) -> None:
    values = {name: "1" for each in NAMES for name in re.findall(r"\$([a-z][a-z_]+)", json.dumps(dashboard(each)))}
    queries = [filled(one.expression, values) for name in NAMES for one in questions(name)]
    rules = [{"record": f"query:{number}", "expr": query} for number, query in enumerate(queries)]
    file = tmp_path / "rules.yml"
    file.write_text(json.dumps({"groups": [{"name": "queries", "rules": rules}]}), encoding="utf-8")
    checked = subprocess.run(["promtool", "check", "rules", str(file)], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert f"{len(queries)} rules found" in checked.stdout


@pytest.mark.parametrize("name", NAMES)
def test_every_query_gives_data(lab: Lab, going: Run, name: str) -> None:
    left = [one for one in questions(name) if not NOTHING.keys() & set(one)]

    def all_answered() -> bool:
        # Some have no answer at a moment without a request.
        left[:] = [one for one in left if not ask(lab, one.expression)]
        return not left

    wait_until(f"{left} have data", all_answered)


@pytest.mark.parametrize("name", NAMES)
def test_every_variable_has_values(lab: Lab, going: Run, name: str) -> None:
    for variable, query in variables(name):
        match = re.fullmatch(r"label_values\((.+), (\w+)\)", query)
        assert match
        found = {dict(labels).get(match[2]) for labels in ask(lab, match[1])}
        assert found and None not in found, variable


def test_the_limits_of_the_run_are_drawn_while_it_goes_on(lab: Lab, going: Run) -> None:
    limit = "limit: {{figure}} {{comparison}}"
    assert list(ask(lab, expression("locust", "Overview", limit)).values()) == [0.2]
    assert list(ask(lab, expression("locust", "Overview", "rate limit: {{comparison}}")).values()) == [1]
    assert list(ask(lab, expression("locust", "Failed", "limit: {{comparison}}")).values()) == [0.2]


def test_a_worker_has_its_hosts_name_and_a_number(lab: Lab, going: Run) -> None:
    (labels,) = ask(lab, expression("locust", "CPU", "{{short}} {{number}}"))
    name = socket.gethostname()
    assert labels == (("host", name), ("number", "1"), ("short", name.partition(".")[0]))


def test_a_firing_alert_is_in_the_table_beside_those_that_are_quiet(lab: Lab, going: Run) -> None:
    states = ask(lab, expression("security", "State of each alert", "State"))
    named = {dict(labels)["alertname"]: state for labels, state in states.items()}
    assert (named["OversizedRequests"], named["KeyOld"]) == (2, 0)
    assert len(named) == len(states) > 30


def test_the_numbers_are_those_of_locust(lab: Lab, going: Run) -> None:
    lab.locust.stop()
    lab.locust.wait_for("it stopped", lambda page: page["state"] == "stopped")
    going.mark(time.time(), "passed")
    rows = lab.locust.page()["stats"]

    # The last request may be scraped before Locust stops, and the end of the run only by the next scrape.
    def settled() -> bool:
        shown = [list(ask(lab, expression("locust", title)).values()) for title in ("Requests", "State")]
        return shown == [[rows[-1]["num_requests"]], [2]]

    wait_until("the dashboard has the run's count and its end", settled)
    assert list(ask(lab, expression("locust", "Failures")).values()) == [rows[-1]["num_failures"]]
    assert list(ask(lab, expression("locust", "p95")).values()) == pytest.approx(
        [rows[-1]["response_time_percentile_0.95"] / 1000]
    )
    columns = {one.answer: ask(lab, one.expression) for one in questions("locust") if one.title == "Endpoints"}
    for row in rows:
        total = row is rows[-1]
        labels = (("name", "Aggregated"),) if total else (("method", row["method"]), ("name", row["name"]))
        shown = {heading: values[labels] for heading, values in columns.items()}
        assert (shown["Requests"], shown["Failures"]) == (row["num_requests"], row["num_failures"])
        assert shown["Failed"] == row["num_failures"] / row["num_requests"]
        assert (shown["Mean"], shown["Max"]) == (row["avg_response_time"], row["max_response_time"])
        assert shown["p50"] == pytest.approx(row["median_response_time"] / 1000)
        assert shown["p95"] == pytest.approx(row["response_time_percentile_0.95"] / 1000)
    assert {len(values) for values in columns.values()} == {len(rows)}


def test_runs_are_listed_with_what_came_of_them(lab: Lab, going: Run) -> None:
    """After the one that passed, one that fails and one of the exercise, whose load and time are not the first's."""
    first = lab.locust.page()["stats"][-1]

    def shown() -> dict[str, dict[str, float]]:
        runs: dict[str, dict[str, float]] = {}
        for one in questions("locust"):
            if one.title == "Runs":
                for labels, value in ask(lab, one.expression).items():
                    runs.setdefault(dict(labels)["run"], {})[one.answer] = value
        return runs

    def wait_for_verdict(run: Run, verdict: float) -> None:
        wait_until("its verdict is there", lambda: shown().get(run.name, {}).get("Verdict") == verdict)

    wait_for_verdict(going, 1)
    lab.locust.swarm(lab.target, users=2, spawn_rate=2)
    failing = Run(lab.locust, "second")
    failing.mark()
    wait_for_verdict(failing, 0)
    wait_until("its users are there", lambda: shown()["second"].get("Users") == 2)
    lab.locust.stop()
    ended = time.time()
    report = "https://ci.example.org/second/lab_report.html"
    failing.mark(ended, "failed", report=report)
    wait_for_verdict(failing, 2)
    exercise = Run(lab.locust, "third", lab="exercise")
    exercise.mark()
    wait_for_verdict(exercise, 0)
    found = shown()
    assert list(sorted(found)) == ["first", "second", "third"]
    rows = [dict(labels) for labels in ask(lab, expression("locust", "Runs", "Verdict"))]
    # It had none while it went on, and is one row for all that.
    assert {row["run"]: row.get("report") for row in rows} == {"first": None, "second": report, "third": None}
    assert len(rows) == 3
    assert found["first"]["Requests"] == first["num_requests"]
    assert found["first"]["p95"] == pytest.approx(first["response_time_percentile_0.95"] / 1000)
    assert found["first"]["Failed"] == pytest.approx(first["num_failures"] / first["num_requests"])
    assert (found["first"]["Users"], found["second"]["Users"]) == (4, 2)
    assert found["second"]["Started"] == pytest.approx(failing.started * 1000)
    assert found["second"]["Lasted"] == pytest.approx(ended - failing.started)
    # Grafana's address takes whole milliseconds.
    assert found["second"]["From"] == math.floor(1000 * (failing.started - 5))
    assert found["second"]["To"] == math.ceil(1000 * (ended + 5))
    behind = filled(expression("locust", "Overview", "{{behind}}"), lab.values)
    drawn = lab.series(behind, going.started, time.time())
    bands = {one["metric"]["behind"]: [float(point[0]) for point in one["values"]] for one in drawn}
    for name, run in (("run passed", going), ("run failed", failing)):
        assert run.started <= bands[name][0] < run.started + 15, name
    assert bands["run passed"][-1] < failing.started < bands["run failed"][-1] < exercise.started
    exercise.mark(time.time(), "incomplete")


def test_it_says_what_is_down(lab: Lab, going: Run) -> None:
    state = expression("locust", "State")

    def says(value: int) -> None:
        wait_until(f"it says {value}", lambda: list(ask(lab, state).values()) == [value])

    says(2)
    lab.locust.kill()
    says(1)
    lab.exporter.process.terminate()
    says(0)
    assert list(lab.prometheus.query(re.sub(r'"\$\w+"', '"none"', state)).values()) == [-1]
