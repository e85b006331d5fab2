# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""What takes an hour or two with a lab that nothing else works beside: every case, and what is no case."""

from __future__ import annotations

import json
import time

import pytest

from tests.e2e.conftest import Lab, query, state

pytestmark = [pytest.mark.release, pytest.mark.timeout(3 * 3600)]
# What tells of the load alone.
OF_LOAD = {"LoadRunActive", "HostBusy", "GeneratorBusy", "ContainerThrottled", "LatencyHigh"}


def fired(minutes: int) -> set[str]:
    return {row["metric"]["alertname"] for row in query(f'max_over_time(ALERTS{{alertstate="firing"}}[{minutes}m])')}


def test_every_case_is_green_three_times(lab: Lab) -> None:
    # Some cases restart containers.
    stays = ("pods", "networks", "volumes", "images")
    before = state(lab)
    for _exercise in range(3):
        played = lab("exercise", "--all")
        assert played.code == 0, played.output[-6000:]
    after = state(lab)
    assert {name: after[name] for name in stays} == {name: before[name] for name in stays}
    for table in (lab.checkout / "artifacts").glob("exercise-*/exercise.md"):
        print(table.read_text())


def test_neither_full_speed_nor_idleness_is_taken_for_an_attack(lab: Lab) -> None:
    at_full_speed = {"locust_env": {"WAIT_MIN": 0, "WAIT_MAX": 0}}
    assert lab("up", "-e", json.dumps(at_full_speed)).code == 0
    time.sleep(120)
    run = lab("run", "-e", "locust_run_users=50", "-e", "locust_run_time=5m")
    assert run.code in (0, 2), run.output[-4000:]
    assert fired(6) <= OF_LOAD
    assert lab("up").code == 0
    # What the run has raised is over by then.
    time.sleep(70 * 60)
    assert fired(60) == set()
