# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""Every Locust version in every state: what the exporter says is what that Locust's own page is drawn from."""

from __future__ import annotations

import html
import math
import subprocess
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import pytest

from tests.integration.locust_exporter.harness import (
    RealExporter,
    RealLocust,
    Series,
    Target,
    exporter,
    locust,
    series,
    serve,
)
from tests.locusts import EACH_VERSION
from tests.waiting import wait_until

STATES = ("ready", "ramping_up", "running", "worker_lost", "worker_left", "stopped", "reset", "killed")
OLD_ROW_KEYS = (
    "num_requests",
    "num_failures",
    "avg_response_time",
    "min_response_time",
    "max_response_time",
    "median_response_time",
    "current_rps",
    "current_fail_per_sec",
    "avg_content_length",
)
# Names of the old exporter that Prometheus's naming rules forbid; they stay because dashboards use them.
LINT_OF_OLD_NAMES = {
    "locust_requests_current_fail_per_sec",
    "locust_workers_count",
    "locust_workers_running_count",
    "locust_workers_hatching_count",
    "locust_workers_missing_count",
}

# A Locust that starts keeps a processor for itself, and one that runs beside it then misses its workers for good.
STARTING = threading.Lock()


@dataclass
class Moment:
    """What Locust's page and the exporter said at the same time."""

    page: dict[str, Any]
    text: str

    @property
    def series(self) -> Series:
        return series(self.text)


def capture(locust: RealLocust, exporter: RealExporter) -> Moment:
    """Locust keeps an answer for two seconds: where it is the same before and after, the exporter got that one too."""
    for _unused in range(20):
        before = locust.page()
        text = exporter.text()
        if locust.page() == before:
            return Moment(before, text)
    raise AssertionError("Locust gives another answer each time")


@pytest.fixture(scope="module")
def lives(request: pytest.FixtureRequest) -> Iterator[dict[str, Future[dict[str, Moment]]]]:
    """Of the versions that are asked for. They are mostly waiting, so two of them go on at a time."""
    tests = [item for item in request.session.items if isinstance(item, pytest.Function)]
    versions = {str(test.callspec.params["moments"]) for test in tests if "moments" in test.fixturenames}
    with ThreadPoolExecutor(2) as pool:
        yield {version: pool.submit(life, version) for version in sorted(versions)}


@pytest.fixture(scope="module", params=EACH_VERSION)
def moments(request: pytest.FixtureRequest, lives: dict[str, Future[dict[str, Moment]]]) -> dict[str, Moment]:
    return lives[request.param].result()


def life(version: str) -> dict[str, Moment]:
    """A whole life of one Locust with three workers."""
    found: dict[str, Moment] = {}
    with ExitStack() as stack:
        with STARTING:
            target = stack.enter_context(serve(Target))
            real = stack.enter_context(locust(version, master=True))
            metrics = stack.enter_context(exporter(real.url))
            workers = [stack.enter_context(real.worker()) for _unused in range(3)]
            real.wait_for("three workers", lambda page: [one["state"] for one in page["workers"]] == ["ready"] * 3)
            found["ready"] = capture(real, metrics)
            # Long enough to be met in it: a Locust on a busy machine gives the same answer for many seconds.
            real.swarm(target, users=200, spawn_rate=1)
            real.wait_for(
                "ramping up", lambda page: page["state"] == "spawning" and page["stats"][-1]["num_requests"] > 0
            )
            found["ramping_up"] = capture(real, metrics)
        real.swarm(target, users=12, spawn_rate=100)
        real.wait_for("running", lambda page: page["state"] == "running" and page["user_count"] == 12)
        real.wait_for("a failure", lambda page: bool(page["errors"]) and page["stats"][-1]["current_rps"] > 0)
        found["running"] = capture(real, metrics)
        workers[0].kill()
        real.wait_for("a missing worker", lambda page: any(one["state"] == "missing" for one in page["workers"]))
        found["worker_lost"] = capture(real, metrics)
        workers[1].quit()
        real.wait_for("a worker less", lambda page: sum(one["state"] != "missing" for one in page["workers"]) == 1)
        found["worker_left"] = capture(real, metrics)
        real.stop()
        real.wait_for("stopped", lambda page: page["state"] == "stopped" and page["user_count"] == 0)
        found["stopped"] = capture(real, metrics)
        real.reset()
        found["reset"] = capture(real, metrics)
        real.kill()
        wait_until("Locust is gone", lambda: metrics.series()["locust_up", ()] == 0)
        found["killed"] = Moment({}, metrics.text())
    return found


@pytest.fixture
def moment(moments: dict[str, Moment], state: str) -> Moment:
    return moments[state]


def endpoint(row: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    return (("method", row["method"] or ""), ("name", row["name"]))


def close(one: float | None, other: float | None) -> bool:
    return one is not None and other is not None and math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-6)


@pytest.mark.parametrize("state", [state for state in STATES if state != "killed"])
class TestEveryState:
    def test_the_run(self, moment: Moment, state: str) -> None:
        found, page = moment.series, moment.page
        assert found["locust_up", ()] == 1
        assert found["locust_up_info", (("reason", "ok"),)] == 1
        assert found["locust_users", ()] == page["user_count"]
        assert found["locust_requests_fail_ratio", ()] == page["fail_ratio"]
        assert found["locust_running", ()] == {"spawning": 1, "running": 2}.get(page["state"], 0)
        assert [labels for (name, labels), value in found.items() if name == "locust_state" and value] == [
            (("state", page["state"]),)
        ]

    def test_the_rows(self, moment: Moment) -> None:
        found, page = moment.series, moment.page
        rows = [row for row in page["stats"] if row["num_requests"] or row["name"] == "Aggregated"]
        for key in OLD_ROW_KEYS:
            given = {labels: value for (name, labels), value in found.items() if name == f"locust_requests_{key}"}
            assert given == {endpoint(row): pytest.approx(row[key]) for row in rows}
        *endpoints, total = rows
        for row in endpoints:
            labels = endpoint(row)
            assert found["locust_requests_total", labels] == row["num_requests"]
            assert found["locust_request_failures_total", labels] == row["num_failures"]
            assert found["locust_response_time_seconds_count", labels] == row["num_requests"]
            mean = row["avg_response_time"] * row["num_requests"] / 1000
            assert close(found["locust_response_time_seconds_sum", labels], mean)
            newer = "response_time_percentile_0.99" in row
            for quantile, key in (
                ("0.5", "median_response_time"),
                ("0.95", "response_time_percentile_0.95") if newer else ("0.9", "ninetieth_response_time"),
                ("0.99", "response_time_percentile_0.99" if newer else "ninety_ninth_response_time"),
            ):
                value = found["locust_response_time_seconds", tuple(sorted((*labels, ("quantile", quantile))))]
                assert close(value, row[key] / 1000)
        names = {labels for (name, labels) in found if name == "locust_requests_total"}
        assert names == {endpoint(row) for row in endpoints}
        assert found["locust_run_requests_total", ()] == total["num_requests"]
        assert found["locust_run_request_failures_total", ()] == total["num_failures"]
        assert close(
            sum(value for (name, _unused), value in found.items() if name == "locust_requests_total"),
            total["num_requests"],
        )

    def test_the_percentiles_of_the_last_ten_seconds(self, moment: Moment) -> None:
        found, page = moment.series, moment.page
        newer = page.get("current_response_time_percentiles") or {}
        for percent, quantile, older in (("50", "0.5", "1"), ("95", "0.95", "2")):
            given = newer.get(
                f"response_time_percentile_{quantile}", page.get(f"current_response_time_percentile_{older}")
            )
            old_name = found.get((f"locust_requests_current_response_time_percentile_{percent}", ()))
            assert old_name == given
            seconds = found.get(("locust_current_response_time_seconds", (("quantile", quantile),)))
            assert close(seconds, None if given is None else given / 1000) or seconds == given

    def test_the_errors(self, moment: Moment) -> None:
        found, page = moment.series, moment.page
        expected = {
            (
                ("error", html.unescape(one["error"])),
                ("method", one["method"]),
                ("name", html.unescape(one["name"])),
            ): one
            for one in page["errors"]
        }
        for name in ("locust_errors", "locust_errors_total"):
            given = {labels: value for (sample, labels), value in found.items() if sample == name}
            assert given == {labels: one["occurrences"] for labels, one in expected.items()}
        for name, key in (
            ("locust_error_first_seen_timestamp_seconds", "first_seen"),
            ("locust_error_last_seen_timestamp_seconds", "last_seen"),
        ):
            given = {labels: value for (sample, labels), value in found.items() if sample == name}
            assert given == {labels: one[key] for labels, one in expected.items() if key in one}
        # An error can be joined to its endpoint whatever characters the name has.
        rows = {
            (dict(labels)["method"], dict(labels)["name"])
            for (name, labels) in found
            if name == "locust_requests_total"
        }
        assert {(dict(labels)["method"], dict(labels)["name"]) for labels in expected} <= rows

    def test_the_workers(self, moment: Moment) -> None:
        found, workers = moment.series, moment.page["workers"]
        for name, states in (
            ("workers_count", ("ready", "spawning", "running")),
            ("workers_running_count", ("running",)),
            ("workers_hatching_count", ("spawning",)),
            ("workers_missing_count", ("missing",)),
        ):
            assert found[f"locust_{name}", ()] == sum(one["state"] in states for one in workers)
        details = {labels: value for (name, labels), value in found.items() if name == "locust_worker_detail"}
        assert details == {(("id", one["id"]), ("state", one["state"])): one["user_count"] for one in workers}
        alive = [one for one in workers if one["state"] != "missing"]
        for name, key, unit in (("cpu_ratio", "cpu_usage", 100), ("memory_bytes", "memory_usage", 1)):
            given = {labels: value for (sample, labels), value in found.items() if sample == f"locust_worker_{name}"}
            assert given == {(("id", one["id"]),): pytest.approx(one[key] / unit) for one in alive}

    def test_the_version(self, moment: Moment, moments: dict[str, Moment], request: pytest.FixtureRequest) -> None:
        version = request.node.callspec.params["moments"]
        assert moment.series["locust_version_info", (("version", version),)] == 1

    def test_the_page_is_clean_but_for_the_old_names(self, moment: Moment) -> None:
        check = subprocess.run(
            ["promtool", "check", "metrics"], input=moment.text, capture_output=True, encoding="utf-8", check=False
        )
        assert "error while linting" not in check.stderr
        assert {line.split()[0] for line in (check.stdout + check.stderr).splitlines()} <= LINT_OF_OLD_NAMES


def test_the_states_were_what_they_are_called(moments: dict[str, Moment]) -> None:
    running = {
        state: moments[state].series["locust_running", ()] for state in ("ready", "ramping_up", "running", "stopped")
    }
    assert running == {"ready": 0, "ramping_up": 1, "running": 2, "stopped": 0}
    assert moments["running"].series["locust_requests_current_response_time_percentile_95", ()] > 0
    assert moments["worker_lost"].series["locust_workers_missing_count", ()] == 1
    assert moments["running"].series["locust_workers_count", ()] == 3
    assert moments["worker_left"].series["locust_workers_count", ()] == 1
    assert any(name == "locust_errors_total" for name, _unused in moments["running"].series)


def test_counters_never_go_down_within_a_run(moments: dict[str, Moment]) -> None:
    states = ("running", "worker_lost", "worker_left", "stopped")
    for before, after in pairwise(states):
        earlier, later = moments[before].series, moments[after].series
        counted = [
            key for key in earlier if key[0].endswith(("_total", "_sum", "_count")) and key[0].startswith("locust_re")
        ]
        assert counted
        assert all(later[key] >= earlier[key] for key in counted)


def test_a_reset_leaves_no_endpoint_and_no_error(moments: dict[str, Moment]) -> None:
    names = {(name, labels) for name, labels in moments["reset"].series if "method" in dict(labels)}
    assert {dict(labels)["name"] for _unused, labels in names} == {"Aggregated"}


def test_a_killed_locust_leaves_up_and_the_exporters_own(moments: dict[str, Moment]) -> None:
    found = moments["killed"].series
    names = {name for name, _unused in found if name.startswith("locust_")}
    assert names == {
        "locust_up",
        "locust_up_info",
        "locust_page_info",
        "locust_exporter_build_info",
        "locust_exporter_refused_logins_total",
        "locust_exporter_scrapes_total",
        "locust_exporter_scrape_duration_seconds",
    }
    assert found["locust_up_info", (("reason", "unreachable"),)] == 1
