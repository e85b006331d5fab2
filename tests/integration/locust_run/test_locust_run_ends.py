# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""How runs end before their time: by a threshold, by a loss, by a signal; and what that leaves of them."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import time
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from tests.integration.locust_run.real_locust import Locusts, Playbook, Target
from tests.waiting import wait_until

OLDEST, TIMER_STAYS, NEWEST = "2.15.1", "2.46.3", "2.47.0"


def test_abort_ends_the_run(target: Target, locusts: Locusts, playbook: Playbook) -> None:
    locust = locusts.start(NEWEST)
    process = playbook.start(
        locust_url=locust.url,
        users=5,
        spawn_rate=5,
        run_time="60s",
        host=target.url,
        thresholds=[{"threshold": "fail_ratio < 0.05", "abort": True}, "p95 < 1000"],
    )
    locust.wait_until_watched()
    target.fails = True
    play = playbook.finish(process)
    assert [sample["fail_ratio"] >= 0.05 for sample in play.samples][-2:] == [False, True], "the first was the last"
    assert locust.changes()[-1].startswith("POST /stop")
    result = play.result
    assert (result["verdict"], result["aborted"]) == ("failed", True)
    assert "fail_ratio < 0.05" in result["msg"]
    assert [threshold["passed"] for threshold in result["thresholds"]] == [False, True, True]
    assert (play.run / "report.html").exists()


def test_breach_has_to_last_as_long_as_for_says(target: Target, locusts: Locusts, playbook: Playbook) -> None:
    target.latency = 0.2
    locust = locusts.start(OLDEST)
    play = playbook.run(
        locust_url=locust.url,
        users=3,
        spawn_rate=3,
        run_time="14s",
        host=target.url,
        thresholds=[{"threshold": "p50 < 100", "for": "5s"}, {"threshold": "p95 < 100", "for": "14s"}],
    )
    assert [threshold["passed"] for threshold in play.result["thresholds"]] == [False, True, True, True]
    assert "p50 < 100 for 5s" in play.result["msg"]


def test_lost_worker_never_passes(target: Target, locusts: Locusts, playbook: Playbook) -> None:
    locust = locusts.start(OLDEST, workers=2)
    process = playbook.start(
        locust_url=locust.url,
        users=4,
        spawn_rate=4,
        run_time="60s",
        host=target.url,
        expect_workers=2,
        thresholds=["fail_ratio < 0.5"],
    )
    locust.wait_until_watched()
    locust.workers[0].kill()
    play = playbook.finish(process)
    assert play.code != 0
    assert play.result["verdict"] == "incomplete"
    assert "1 of 2 workers" in play.result["msg"]
    assert play.result["stats"]["overall"]["num_requests"] > 0
    suite = ElementTree.parse(play.run / "junit.xml").getroot()
    assert suite.get("errors") == "1"
    locust.wait_for("stopped", "stopping")


def test_killed_locust_never_passes(target: Target, locusts: Locusts, playbook: Playbook) -> None:
    locust = locusts.start(NEWEST)
    process = playbook.start(locust_url=locust.url, users=4, spawn_rate=4, run_time="60s", host=target.url)
    locust.wait_until_watched()
    locust.process.kill()
    play = playbook.finish(process)
    assert play.code != 0
    assert play.result["verdict"] == "incomplete"
    assert "no answer" in play.result["msg"]
    # What was gathered before is kept.
    assert play.result["stats"]["overall"]["num_requests"] > 0
    assert play.samples[0]["users"] == 4


def test_restarted_locust_never_passes_and_is_left_alone(target: Target, locusts: Locusts, playbook: Playbook) -> None:
    locust = locusts.start(NEWEST)
    process = playbook.start(locust_url=locust.url, users=4, spawn_rate=4, run_time="60s", host=target.url)
    locust.wait_until_watched()
    locust.process.kill()
    locust.process.wait()
    again = locusts.start(NEWEST, port=locust.port)
    play = playbook.finish(process)
    assert play.result["verdict"] == "incomplete"
    # On a busy machine it takes a while to be there again.
    assert re.search("restarted|no answer", play.result["msg"])
    assert again.changes() == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal_stops_locust_first(number: int, target: Target, locusts: Locusts, playbook: Playbook) -> None:
    locust = locusts.start(NEWEST)
    process = playbook.start(locust_url=locust.url, users=4, spawn_rate=4, run_time="60s", host=target.url)
    locust.wait_until_watched()
    process.send_signal(number)
    locust.wait_for("stopped", seconds=30)
    assert playbook.finish(process).code != 0
    assert locust.changes()[-1].startswith("POST /stop")
    # Ansible may end before the process that it told to.
    wait_until("the run's directory is gone", lambda: not any(playbook.artifacts.iterdir()))


@pytest.mark.parametrize("version", [TIMER_STAYS, NEWEST])
def test_dead_controller_still_means_an_ended_run(
    version: str, target: Target, locusts: Locusts, playbook: Playbook
) -> None:
    locust = locusts.start(version)
    stages = [{"duration": "3s", "users": 2}, {"duration": "9s", "users": 3}]
    process = playbook.start(locust_url=locust.url, stages=stages, host=target.url)
    locust.wait_for("running")
    # Into the second stage.
    wait_until("it was started and stopped", lambda: len(locust.changes()) == 2, 20)
    process.kill()
    # The process that runs the task outlives it and is killed too, as where a machine dies.
    kill_orphans(str(playbook.directory))
    time.sleep(1)
    assert locust.state() in ("spawning", "running")
    locust.wait_for("stopped", seconds=60)
    assert not any("/stop" in change for change in locust.changes())


def kill_orphans(marker: str) -> None:
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            command = (process / "cmdline").read_bytes().decode(errors="replace")
            if "ansible-playbook" in command and marker in command:
                os.kill(int(process.name), signal.SIGKILL)


def test_two_runs_at_once_do_not_disturb_each_other(target: Target, locusts: Locusts, playbook: Playbook) -> None:
    locust = locusts.start(NEWEST)
    options: dict[str, Any] = {"locust_url": locust.url, "spawn_rate": 5, "run_time": "6s", "host": target.url}
    both = [playbook.start(users=users, **options) for users in (3, 4)]
    plays = [playbook.finish(process) for process in both]
    won, lost = sorted(plays, key=lambda play: play.code)
    assert won.code == 0, won.stdout + won.stderr
    assert lost.code != 0
    assert "is going on" in lost.result["msg"]
    assert won.result["stats"]["overall"]["num_requests"] > 0
    assert len([change for change in locust.changes() if "/swarm" in change]) == 1


def test_run_of_someone_else_is_left_alone_unless_forced(target: Target, locusts: Locusts, playbook: Playbook) -> None:
    locust = locusts.start(TIMER_STAYS)
    locust.post("/swarm", user_count=7, spawn_rate=7, host=target.url)
    locust.wait_for("running")
    options: dict[str, Any] = {"locust_url": locust.url, "users": 3, "run_time": "4s", "host": target.url}
    play = playbook.run(**options)
    assert play.code != 0
    assert "a run of 7 users is going on" in play.result["msg"]
    assert locust.state() == "running"
    assert list(play.artifacts.iterdir()) == []

    play = playbook.run(force=True, **options)
    assert play.code == 0, play.stdout
    assert locust.state() == "stopped"


def test_locust_that_hangs_ends_the_run(target: Target, locusts: Locusts, playbook: Playbook) -> None:
    locust = locusts.start(NEWEST)
    process = playbook.start(locust_url=locust.url, users=4, spawn_rate=4, run_time="60s", host=target.url)
    locust.wait_until_watched()
    locust.process.send_signal(signal.SIGSTOP)
    try:
        play = playbook.finish(process, 120)
    finally:
        locust.process.send_signal(signal.SIGCONT)
    assert play.result["verdict"] == "incomplete"
