# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""Runs of a locustfile that decides on something itself, which the verdict has to know."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.integration.locust_run.real_locust import Locusts, Play, Playbook, Target, free_port
from tests.locusts import VERSIONS, locust_executable

LOCUSTFILE = Path(__file__).with_name("deciding_locustfile.py")
OLDEST_AND_NEWEST = [VERSIONS[0], VERSIONS[-1]]
LOOK = {"name": "/look", "method": "GET"}


def own(version: str, **environment: str) -> dict[str, Any]:
    """Options of a run with a Locust of its own."""
    return {
        "mode": "process",
        "locust_url": f"http://127.0.0.1:{free_port()}",
        "locust_command": str(locust_executable(version)),
        "locustfile": str(LOCUSTFILE),
        "environment": environment,
    }


def see_steps(play: Play) -> None:
    assert play.code == 0, play.stdout + play.stderr
    assert play.result["verdict"] == "passed"
    assert play.result["shape"] is True
    seen = play.samples
    assert {2, 4} <= {sample["users"] for sample in seen} <= {0, 1, 2, 3, 4}
    assert seen[-1]["elapsed"] < 40


@pytest.mark.parametrize("version", OLDEST_AND_NEWEST)
def test_a_load_shape_runs_to_its_own_end(
    version: str, target: Target, locusts: Locusts, playbook: Playbook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HAS_SHAPE", "1")
    locust = locusts.start(version, "-f", str(LOCUSTFILE))
    both = playbook.run(locust_url=locust.url, host=target.url, users=3, run_time="5s")
    assert both.code != 0
    assert "LoadTestShape" in both.result["msg"]
    assert locust.state() == "ready"
    see_steps(playbook.run(locust_url=locust.url, host=target.url, run_time="40s"))


@pytest.mark.parametrize("version", OLDEST_AND_NEWEST)
def test_a_load_shape_runs_in_a_locust_of_the_runs_own(version: str, target: Target, playbook: Playbook) -> None:
    see_steps(playbook.run(host=target.url, run_time="40s", **own(version, HAS_SHAPE="1")))


@pytest.mark.parametrize("version", OLDEST_AND_NEWEST)
def test_an_exit_code_of_the_locustfile_fails_the_run(version: str, target: Target, playbook: Playbook) -> None:
    play = playbook.run(host=target.url, users=2, spawn_rate=2, run_time="4s", **own(version, EXIT_CODE="7"))
    assert play.code != 0
    assert (play.result["verdict"], play.result["exit_code"]) == ("failed", 7)
    assert play.result["reasons"][0].startswith("Locust ended with exit code 7")


def test_a_busy_generator_is_a_figure(target: Target, playbook: Playbook) -> None:
    play = playbook.run(
        host=target.url,
        users=4,
        spawn_rate=4,
        run_time="20s",
        thresholds=["generator_cpu < 10"],
        **own(VERSIONS[-1], COUNTS_TO="3000000"),
    )
    assert play.code != 0
    assert play.result["verdict"] == "failed"
    assert play.result["reasons"][0].startswith("generator_cpu < 10 breached, generator_cpu is ")
    # On a busy machine it may not get all of a core.
    most = max(sample["generator_cpu"] or 0 for sample in play.samples)
    assert any("a generator used" in caution for caution in play.result["cautions"]) == (most > 90)


def test_an_endpoint_ends_the_run(target: Target, locusts: Locusts, playbook: Playbook) -> None:
    target.fails = True
    locust = locusts.start(VERSIONS[-1])
    play = playbook.run(
        locust_url=locust.url,
        host=target.url,
        users=4,
        spawn_rate=4,
        run_time="60s",
        thresholds=[{"threshold": "fail_ratio < 0.5", "abort": True, **LOOK}],
    )
    assert play.code != 0
    assert play.result["aborted"] is True
    assert play.result["verdict"] == "failed"
    assert "GET /look: fail_ratio < 0.5" in play.result["msg"]
