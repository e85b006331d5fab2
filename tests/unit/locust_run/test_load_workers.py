# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""Workers that go and come: what is done about it, and what is told of it. The fault matrix has the verdicts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._locust.begin import begin
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._locust.client import Overview
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._locust.finish import end
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._locust.plan import Stage, plan_from
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._locust.transport import LocustError
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._locust.watch import watch
from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._load_workers import told

from tests.unit.locust_run.memory_locust import Clock, MemoryLocust

OPTIONS = {"users": 6, "spawn_rate": 6.0, "run_time": "60s", "replace_workers_max_wait": "30s"}
STAGES = [Stage(60, 9, 9.0)]


@pytest.mark.parametrize("gone", ["lose", "leave"])
def test_users_of_a_lost_worker_are_given_to_the_others_at_once(gone: str, tmp_path: Path) -> None:
    """Locust itself does so when a worker quits, and where one is lost only after a minute."""
    clock = Clock()
    locust = MemoryLocust(clock, workers=3)
    plan = plan_from(OPTIONS)
    state = begin(locust, plan, tmp_path, clock, force=False)
    watched = watch(locust, plan, (), state, clock, clock.now + 9)
    getattr(locust, gone)()
    assert locust.users == (4 if gone == "lose" else 6)
    watched = watch(locust, plan, (), watched.run, clock, clock.now + 9)
    assert (watched.problem, locust.users) == (None, 6)
    swarms = [change for change in locust.changes() if "/swarm" in change]
    assert len(swarms) == (2 if gone == "lose" else 1)
    assert {swarm.split(" run_time")[0] for swarm in swarms} == {"/swarm user_count=6 spawn_rate=6"}


def test_figures_are_steady_again_only_some_time_after_the_workers_changed(tmp_path: Path) -> None:
    clock = Clock()
    locust = MemoryLocust(clock, workers=2)
    plan = plan_from(OPTIONS)
    watched = watch(locust, plan, (), begin(locust, plan, tmp_path, clock, force=False), clock, clock.now + 20)
    assert watched.samples[-1]["steady"]
    locust.lose()
    watched = watch(locust, plan, (), watched.run, clock, clock.now + 5)
    assert not watched.samples[-1]["steady"]
    locust.come()
    watched = watch(locust, plan, (), watched.run, clock, clock.now + 30)
    steady = [sample["steady"] for sample in watched.samples]
    assert not steady[3] and steady[-1]


def test_locust_that_waits_for_a_lost_worker_alone_has_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """From some version on it is `stopping` until it gives the worker up, a minute after it missed it."""
    clock = Clock()
    locust = MemoryLocust(clock, workers=1)
    users = 1
    monkeypatch.setattr(locust, "overview", lambda: Overview("stopping", "2.47.0", None, users=users))
    with pytest.raises(LocustError, match="still stopping its users"):
        end(locust, clock, 5, has_lost=True)
    users = 0
    end(locust, clock, 5, has_lost=True)
    with pytest.raises(LocustError, match="still stopping its users"):
        end(locust, clock, 5)


def sample(elapsed: float, workers: int, users: int = 9, rps: float = 90.0, **changed: int) -> dict[str, Any]:
    counted = {f"workers_{what}": changed.get(what, 0) for what in ("lost", "quit", "came")}
    known = {"elapsed": elapsed, "stage": 0, "workers": workers, "users": users, "rps": rps, "workers_wanted": 3}
    return known | counted


def test_nothing_is_told_of_workers_that_stay_nor_where_there_are_none() -> None:
    assert told([sample(3, 3), sample(6, 3)], STAGES, 60) == []
    assert told([{"elapsed": 3, "workers": None}], STAGES, 60) == []
    assert told([], STAGES, 60) == []


def test_what_a_loss_did_to_the_load_is_told() -> None:
    samples = [
        sample(20, 3),
        # It is dead already, and its successor there.
        sample(23, 3, users=11, rps=80),
        sample(26, 2, users=6, rps=71, lost=1),
        sample(30, 2, users=9, rps=60, lost=1),
        sample(35, 3, users=9, rps=75, lost=1, came=1),
        # What comes later is of other reasons.
        sample(50, 3, users=1, rps=10, lost=1, came=1),
    ]
    assert told(samples, STAGES, 60) == [
        "workers went and came: 1 lost, 1 came, 2 to 3 connected, for 9 s fewer than 3; "
        "for 4 s not all users ran, 6 of 9 at least; requests/s went from 80 down to 60. "
        "One that goes takes along up to 3 s of requests that it has not reported"
    ]


def test_more_workers_than_wanted_are_no_loss() -> None:
    samples = [sample(20, 3), sample(23, 5, came=2), sample(26, 4, came=2, quit=1, rps=91)]
    assert told(samples, STAGES, 60) == [
        "workers went and came: 1 quit, 2 came, 3 to 5 connected. "
        "One that goes takes along up to 3 s of requests that it has not reported"
    ]
    assert told(samples[:2], STAGES, 60) == ["workers went and came: 2 came, 3 to 5 connected"]


def test_users_of_a_shape_are_held_against_those_before() -> None:
    samples = [sample(20, 3, users=7), sample(23, 2, users=5, quit=1), sample(26, 3, users=7, quit=1, came=1)]
    (text,) = told(samples, [], 60)
    assert "for 3 s not all users ran, 5 of 7 at least" in text
