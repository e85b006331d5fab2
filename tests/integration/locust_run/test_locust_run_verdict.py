# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""Whole runs on every Locust version that is supported."""

from __future__ import annotations

import csv
from xml.etree import ElementTree

import pytest

from tests.integration.locust_run.real_locust import Locusts, Playbook, Target, free_port
from tests.locusts import EACH_VERSION, VERSIONS

LOOK = {"name": "/look", "method": "GET"}


@pytest.mark.parametrize("version", EACH_VERSION)
def test_good_run_passes_and_leaves_its_artefacts(
    version: str, target: Target, locusts: Locusts, playbook: Playbook
) -> None:
    locust = locusts.start(version)
    play = playbook.run(
        locust_url=locust.url,
        users=4,
        spawn_rate=4,
        # On a busy machine the steps before the first sample take several.
        run_time="12s",
        host=target.url,
        thresholds=["p95 < 500", "fail_ratio < 0.01", "rps > 5", {"threshold": "p99 < 500", **LOOK}],
    )
    assert play.code == 0, play.stdout + play.stderr
    result = play.result
    assert result["verdict"] == "passed"
    assert result["locust_version"] == version
    assert [threshold["passed"] for threshold in result["thresholds"]] == [True] * 5
    assert result["exceptions"] == []
    assert {row["name"] for row in result["stats"]["endpoints"]} >= {"/look", "/buy"}
    assert locust.state() == "stopped"

    assert result["artifacts"] == str(play.run)
    with (play.run / "locust_stats.csv").open() as file:
        total = list(csv.DictReader(file))[-1]
    assert int(total["Request Count"]) == result["stats"]["overall"]["num_requests"] > 20
    assert play.summary["stats"] == result["stats"]
    assert "<html" in (play.run / "report.html").read_text()
    suite = ElementTree.parse(play.run / "junit.xml").getroot()
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("6", "0", "0")
    samples = play.samples
    assert samples and samples[-1]["users"] == 4
    assert samples[-1]["p95"] is not None
    assert len(play.progress) >= 1


@pytest.mark.parametrize("version", EACH_VERSION)
def test_slow_and_failing_target_fails_the_run_by_name(
    version: str, target: Target, locusts: Locusts, playbook: Playbook
) -> None:
    target.fails, target.latency = True, 0.15
    locust = locusts.start(version)
    play = playbook.run(
        locust_url=locust.url,
        users=4,
        spawn_rate=4,
        run_time="5s",
        host=target.url,
        thresholds=[
            {"threshold": "p95 < 100", **LOOK},
            "fail_ratio < 0.01",
            "max < 60000",
            {"threshold": "avg < 100", "name": "/nowhere"},
        ],
    )
    assert play.code != 0
    result = play.result
    assert result["failed"] is True
    assert result["verdict"] == "failed"
    assert [threshold["passed"] for threshold in result["thresholds"]] == [False, False, True, False, True]
    assert result["thresholds"][0]["measured"] >= 140
    assert result["thresholds"][1]["measured"] == 1
    for breach in ("GET /look: p95 < 100", "fail_ratio < 0.01", "/nowhere: avg < 100"):
        assert breach in result["msg"]
    assert "max" not in result["msg"]
    assert result["reasons"][0].startswith("not a single request succeeded")
    assert sum(error["occurrences"] for error in result["errors"]) == result["stats"]["overall"]["num_failures"] > 0
    suite = ElementTree.parse(play.run / "junit.xml").getroot()
    assert [case.get("name") for case in suite.iter("testcase") if case.find("failure") is not None] == [
        "run",
        "p95 < 100",
        "fail_ratio < 0.01",
        "avg < 100",
    ]
    assert locust.state() == "stopped"


@pytest.mark.parametrize("version", [VERSIONS[0], VERSIONS[-1]])
def test_tasks_that_raise_fail_the_run(version: str, target: Target, locusts: Locusts, playbook: Playbook) -> None:
    """Every request succeeds; what should have come after it never does."""
    locust = locusts.start(version, breaks=True, workers=1)
    play = playbook.run(
        locust_url=locust.url, users=4, spawn_rate=4, run_time="5s", host=target.url, thresholds=["fail_ratio < 0.01"]
    )
    assert play.code != 0
    result = play.result
    assert result["verdict"] == "failed"
    raised = result["stats"]["overall"]["num_exceptions"]
    assert result["reasons"] == [f"num_exceptions == 0 breached, num_exceptions is {raised}, most often: no basket"]
    assert raised == sum(exception["occurrences"] for exception in result["exceptions"]) > 4
    assert "TypeError" in result["exceptions"][0]["traceback"]
    assert play.summary["exceptions"] == result["exceptions"]


def test_a_target_that_is_down_fails_the_run(locusts: Locusts, playbook: Playbook) -> None:
    """A refusal is answered fast, so that no threshold of response times notices it."""
    locust = locusts.start(VERSIONS[-1])
    play = playbook.run(
        locust_url=locust.url,
        users=4,
        spawn_rate=4,
        run_time="5s",
        host=f"http://127.0.0.1:{free_port()}",
        thresholds=["p95 < 200"],
    )
    assert play.code != 0
    requests = play.result["stats"]["overall"]["num_requests"]
    assert play.result["reasons"] == [
        f"not a single request succeeded, of {requests}",
        "fail_ratio < 0.01 breached, fail_ratio is 1",
    ]
    suite = ElementTree.parse(play.run / "junit.xml").getroot()
    assert (suite.get("failures"), suite.get("errors")) == ("2", "0")
