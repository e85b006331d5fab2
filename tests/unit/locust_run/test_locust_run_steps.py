# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors

from __future__ import annotations

import io
import itertools
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._locust import watch as watching
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._locust.begin import begin
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._locust.finish import BEGUN, Finished, finish, stop
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._locust.lock import await_timer
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._locust.look import check_user_classes, look
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._locust.plan import BadOptionError, Plan, plan_from
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._locust.state import Carried, Launched, RunState
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._locust.thresholds import parse_thresholds
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._locust.transport import LocustError
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._locust.watch import Watched, watch
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.locust_run.memory_locust import Clock, MemoryLocust

ONE = {"users": 5, "spawn_rate": 5.0, "run_time": "60s"}
THREE = {"stages": [{"duration": "20s", "users": users} for users in (2, 8, 1)]}
WAVE = [(20.0, 4), (40.0, 9), (50.0, 2)]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def locust(clock: Clock) -> MemoryLocust:
    return MemoryLocust(clock)


def started(locust: MemoryLocust, clock: Clock, tmp_path: Path, options: dict[str, Any]) -> tuple[Plan, RunState]:
    plan = plan_from(options)
    return plan, begin(locust, plan, tmp_path, clock, force=False)


def run(locust: MemoryLocust, clock: Clock, tmp_path: Path, options: dict[str, Any]) -> Finished:
    plan, state = started(locust, clock, tmp_path, options)
    samples = []
    watched = Watched(state)
    while clock.now < state.started + plan.run_time - 3:
        watched = watch(locust, plan, (), watched.run, clock, clock.now + 3.5)
        samples += watched.samples
        # What a module call costs.
        clock.sleep(0.4)
        if watched.problem or watched.over:
            break
    ended = finish(locust, plan, watched, clock)
    return replace(ended, samples=samples + ended.samples)


def test_run_asks_for_what_is_planned_and_stops_in_time(locust: MemoryLocust, clock: Clock, tmp_path: Path) -> None:
    begun = clock.now
    ended = run(locust, clock, tmp_path, {**ONE, "host": "http://shop", "locust_options": {"basket": "full"}})
    assert locust.changes() == ["/swarm user_count=5 spawn_rate=5 run_time=60s host=http://shop basket=full", "/stop"]
    assert ended.problem is None
    assert ended.ended - begun == pytest.approx(60, abs=0.5)
    assert set(ended.files) == {"report.html", "locust_stats.csv", "locust_failures.csv", "locust_exceptions.csv"}


def test_locust_is_asked_less_than_once_a_second(locust: MemoryLocust, clock: Clock, tmp_path: Path) -> None:
    ended = run(locust, clock, tmp_path, ONE)
    begun = ended.run.started
    during = [now for now, what in locust.asked if begun + 1 < now < begun + 59]
    assert len(during) < 58
    assert all(later["time"] - earlier["time"] < 2.5 for earlier, later in itertools.pairwise(ended.samples))


@given(st.lists(st.tuples(st.integers(1, 30), st.integers(1, 50)), min_size=1, max_size=6))
def test_stages_start_on_time_with_what_remains(tmp_path_factory: pytest.TempPathFactory, pairs: Any) -> None:
    clock = Clock()
    locust = MemoryLocust(clock)
    stages = [{"duration": str(duration), "users": users, "spawn_rate": 50} for duration, users in pairs]
    ended = run(locust, clock, tmp_path_factory.mktemp("run"), {"stages": stages})
    swarms = [(now, what) for now, what in locust.asked if what.startswith("/swarm")]
    assert ended.problem is None
    total = sum(duration for duration, _unused in pairs)
    ends = ended.run.started + total
    for (now, what), (begin_at, users) in zip(swarms, starts(pairs), strict=True):
        assert f"user_count={users} " in what
        assert 0 <= now - ended.run.started - begin_at < 1
        remaining = int(what.partition("run_time=")[2].partition("s")[0])
        assert 0 <= now + remaining - ends <= 1.01


def starts(pairs: list[tuple[int, int]]) -> list[tuple[int, int]]:
    begins = [0, *itertools.accumulate(duration for duration, _unused in pairs)]
    return [(begin_at, users) for begin_at, (_unused, users) in zip(begins, pairs, strict=False)]


def test_timers_of_stages_are_past_when_the_run_is_over(locust: MemoryLocust, clock: Clock, tmp_path: Path) -> None:
    run(locust, clock, tmp_path, THREE)
    assert all(timer <= clock.now for timer in locust.timers)


def test_statistics_are_reset_after_the_warmup(locust: MemoryLocust, clock: Clock, tmp_path: Path) -> None:
    ended = run(locust, clock, tmp_path, {**ONE, "warmup": "20s"})
    ((reset, _unused),) = [entry for entry in locust.asked if entry[1] == "/stats/reset"]
    assert reset - ended.run.started == pytest.approx(20, abs=0.1)
    assert [sample["counted"] for sample in ended.samples].index(True) > 10
    assert locust.requests == pytest.approx(40 * 50, rel=0.02)


def test_workers_get_time_to_report_what_was_before_the_reset(clock: Clock, tmp_path: Path) -> None:
    locust = MemoryLocust(clock, workers=2)
    ended = run(locust, clock, tmp_path, {**ONE, "warmup": "20s"})
    ((reset, _unused),) = [entry for entry in locust.asked if entry[1] == "/stats/reset"]
    assert reset - ended.run.started == pytest.approx(23, abs=0.1)


def test_reset_stats_waits_for_all_users(locust: MemoryLocust, clock: Clock, tmp_path: Path) -> None:
    ended = run(locust, clock, tmp_path, {**ONE, "reset_stats": True})
    assert locust.changes()[1] == "/stats/reset"
    assert not ended.samples[0]["counted"]
    assert ended.problem is None


def test_warmup_that_leaves_nothing_with_workers_is_refused(clock: Clock, tmp_path: Path) -> None:
    locust = MemoryLocust(clock, workers=1)
    with pytest.raises(BadOptionError, match=r"^warmup: "):
        started(locust, clock, tmp_path, {**ONE, "warmup": "58s"})
    assert locust.changes() == []


def test_short_silence_is_got_over(locust: MemoryLocust, clock: Clock, tmp_path: Path) -> None:
    locust.silent = [(clock.now + 20, clock.now + 27)]
    ended = run(locust, clock, tmp_path, ONE)
    assert ended.problem is None
    assert ended.files


def test_long_silence_ends_the_run(locust: MemoryLocust, clock: Clock, tmp_path: Path) -> None:
    begun = clock.now
    locust.silent = [(begun + 20, begun + 1000)]
    ended = run(locust, clock, tmp_path, ONE)
    assert ended.problem == "no answer from Locust"
    assert clock.now < begun + 45
    assert (ended.files, bool(ended.samples)) == ({}, True)


def test_restart_ends_the_run_without_stopping_what_came_after(
    locust: MemoryLocust, clock: Clock, tmp_path: Path
) -> None:
    plan, state = started(locust, clock, tmp_path, ONE)
    watched = watch(locust, plan, (), state, clock, clock.now + 10)
    locust.state, locust.requests = "ready", 0
    watched = watch(locust, plan, (), watched.run, clock, clock.now + 10)
    assert "restarted" in str(watched.problem)
    locust.state = "running"
    ended = finish(locust, plan, watched, clock)
    assert "/stop" not in locust.changes()
    assert ended.files == {}


def test_lost_statistics_end_the_run(locust: MemoryLocust, clock: Clock, tmp_path: Path) -> None:
    plan, state = started(locust, clock, tmp_path, ONE)
    watched = watch(locust, plan, (), state, clock, clock.now + 20)
    locust.requests = 0
    watched = watch(locust, plan, (), watched.run, clock, clock.now + 10)
    assert "its statistics were reset" in str(watched.problem)


def test_lost_worker_ends_the_run(clock: Clock, tmp_path: Path) -> None:
    locust = MemoryLocust(clock, workers=3)
    plan, state = started(locust, clock, tmp_path, ONE)
    locust.workers = 2
    watched = watch(locust, plan, (), state, clock, clock.now + 10)
    assert str(watched.problem).startswith("1 of 3 workers")
    assert finish(locust, plan, watched, clock).files
    assert locust.changes()[-1] == "/stop"


def test_own_timer_of_locust_may_be_a_little_early(locust: MemoryLocust, clock: Clock, tmp_path: Path) -> None:
    plan, state = started(locust, clock, tmp_path, ONE)
    locust.timers = [clock.now + 59.3]
    ended = finish(locust, plan, Watched(state), clock)
    assert ended.problem is None


def test_run_stopped_by_someone_keeps_its_figures(locust: MemoryLocust, clock: Clock, tmp_path: Path) -> None:
    plan, state = started(locust, clock, tmp_path, ONE)
    locust.timers = [clock.now + 30]
    ended = finish(locust, plan, Watched(state), clock)
    assert "something else stopped Locust after 3" in str(ended.problem)
    assert ended.files
    assert "/stop" not in locust.changes()


@pytest.mark.parametrize(("for_", "stops"), [(None, True), ("10s", False)])
def test_watch_returns_as_soon_as_a_threshold_is_breached(
    for_: str | None, stops: bool, locust: MemoryLocust, clock: Clock, tmp_path: Path
) -> None:
    plan, state = started(locust, clock, tmp_path, ONE)
    thresholds = parse_thresholds([{"threshold": "p95 < 5", "abort": True, "for": for_}], 60)
    begun = clock.now
    watched = watch(locust, plan, thresholds, state, clock, begun + 30)
    assert clock.now < begun + 4.5
    assert [sample["p95"] for sample in watched.samples][-1] == 9
    # Where the breach does not have to last, nobody else has to be asked.
    assert (locust.changes()[-1] == "/stop") is stops


def test_stale_statistics_from_before_are_no_sample(
    locust: MemoryLocust, clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan, state = started(locust, clock, tmp_path, ONE)
    fresh = locust.stats

    monkeypatch.setattr(locust, "stats", lambda: {**fresh(), "state": "stopped"})
    watched = watch(locust, plan, (), state, clock, clock.now + 6)
    assert (watched.samples, watched.problem) == ([], None)


def test_run_that_is_going_on_is_left_alone(locust: MemoryLocust, clock: Clock, tmp_path: Path) -> None:
    locust.swarm([("user_count", "7"), ("spawn_rate", "7"), ("run_time", "90s")])
    with pytest.raises(LocustError, match="a run of 7 users is going on"):
        started(locust, clock, tmp_path, ONE)
    stop(locust, Carried(), tmp_path, clock)
    assert len(locust.changes()) == 1


def test_force_ends_it_first(locust: MemoryLocust, clock: Clock, tmp_path: Path) -> None:
    locust.swarm([("user_count", "7"), ("run_time", "900s")])
    begin(locust, plan_from(ONE), tmp_path, clock, force=True)
    assert [change.split()[0] for change in locust.changes()] == ["/swarm", "/stop", "/swarm"]


def test_users_of_a_locust_with_a_shape_are_refused_before_anything_starts(
    locust: MemoryLocust, clock: Clock, tmp_path: Path
) -> None:
    locust.shape = WAVE
    for options, named in ((ONE, "users"), (THREE, "stages")):
        with pytest.raises(BadOptionError, match=f"^{named}: .*LoadTestShape"):
            started(locust, clock, tmp_path, options)
    assert locust.changes() == []


def test_shape_that_was_not_told_is_stopped_and_named(locust: MemoryLocust, clock: Clock, tmp_path: Path) -> None:
    locust.shape, locust.tells_shape = WAVE, False
    with pytest.raises(LocustError, match="LoadTestShape"):
        started(locust, clock, tmp_path, ONE)
    assert locust.changes()[-1] == "/stop"


def test_run_without_users_needs_a_shape(locust: MemoryLocust, clock: Clock, tmp_path: Path) -> None:
    with pytest.raises(BadOptionError, match=r"^users: is needed .* no LoadTestShape"):
        started(locust, clock, tmp_path, {"run_time": "60s"})
    assert locust.changes() == []


def test_shape_runs_to_its_own_end(locust: MemoryLocust, clock: Clock, tmp_path: Path) -> None:
    locust.shape = WAVE
    begun = clock.now
    ended = run(locust, clock, tmp_path, {"run_time": "5m"})
    assert (ended.problem, ended.over) == (None, "stopped")
    assert ended.ended - begun == pytest.approx(50, abs=4)
    assert {sample["users"] for sample in ended.samples} == {4, 9, 2}
    assert ended.files
    assert locust.changes() == ["/swarm run_time=300s"]


def test_shape_that_goes_on_is_ended_and_named(locust: MemoryLocust, clock: Clock, tmp_path: Path) -> None:
    locust.shape = WAVE
    ended = run(locust, clock, tmp_path, {"run_time": "30s"})
    assert ended.problem == "the LoadTestShape had not come to its end after 30 s, which is its run_time"
    assert locust.changes()[-1] == "/stop"
    assert ended.files


def test_users_may_take_as_long_as_the_spawn_rate_says(locust: MemoryLocust, clock: Clock, tmp_path: Path) -> None:
    ended = run(locust, clock, tmp_path, {"users": 60, "run_time": "60s"})
    assert ended.problem is None


@pytest.mark.parametrize("workers", [None, 6])
def test_users_that_do_not_come_end_the_run(workers: int | None, clock: Clock, tmp_path: Path) -> None:
    """As where four of six workers hang in their start."""
    locust = MemoryLocust(clock, workers=workers)
    locust.most = 6
    ended = run(locust, clock, tmp_path, {"users": 20, "spawn_rate": 5.0, "run_time": "90s"})
    assert re.fullmatch(r"6 users ran after 1[4-9] s, where 20 were asked for", str(ended.problem))
    assert ended.files


def test_users_that_do_not_come_in_a_short_run_are_noticed_at_its_end(
    locust: MemoryLocust, clock: Clock, tmp_path: Path
) -> None:
    locust.most = 3
    ended = run(locust, clock, tmp_path, {**ONE, "run_time": "4s"})
    assert ended.problem == "3 users ran after 4 s, where 5 were asked for"


def test_stage_without_its_users_is_noticed_before_the_next(locust: MemoryLocust, clock: Clock, tmp_path: Path) -> None:
    locust.most = 5
    stages = [{"duration": "5s", "users": users, "spawn_rate": 9} for users in (2, 8, 1)]
    ended = run(locust, clock, tmp_path, {"stages": stages})
    assert ended.problem == "5 users ran after 10 s, where 8 were asked for"


def test_stage_that_was_over_before_it_could_be_started_is_named(
    locust: MemoryLocust, clock: Clock, tmp_path: Path
) -> None:
    stages = [{"duration": f"{duration}s", "users": 2, "spawn_rate": 9} for duration in (5, 1, 5)]
    plan, state = started(locust, clock, tmp_path, {"stages": stages})
    watched = watch(locust, plan, (), state, clock, clock.now + 4)
    clock.sleep(3)
    watched = watch(locust, plan, (), watched.run, clock, clock.now + 4)
    assert watched.problem == "stage 2 of 3 was over before it could be started"


def test_users_that_give_up_end_the_run(locust: MemoryLocust, clock: Clock, tmp_path: Path) -> None:
    locust.events = [(clock.now + 20, lambda: setattr(locust, "most", 4))]
    ended = run(locust, clock, tmp_path, ONE)
    assert re.fullmatch(r"4 users ran after 3\d s, where 5 were asked for", str(ended.problem))


@pytest.mark.parametrize("version", ["2.46.3", "2.47.0"])
@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ([("user_count", "50")], "someone else changed the run: .*, where 5 were asked for"),
        ([("user_count", "2")], "2 users ran after .*, where 5 were asked for"),
        ([("host", "http://elsewhere")], "http://elsewhere was tested after 2. s, and not http://shop: someone else"),
    ],
)
def test_change_by_someone_else_ends_the_run(
    version: str, fields: list[tuple[str, str]], problem: str, clock: Clock, tmp_path: Path
) -> None:
    locust = MemoryLocust(clock, version)
    form = [*({**{"user_count": "5", "spawn_rate": "50"}, **dict(fields)}).items()]
    locust.events = [(clock.now + 20, lambda: locust.swarm(form))]
    ended = run(locust, clock, tmp_path, ONE)
    assert re.match(problem, str(ended.problem))
    assert ended.files


def test_workers_may_have_too_many_users_for_a_moment_and_no_longer(clock: Clock, tmp_path: Path) -> None:
    """As where they share them out anew."""
    locust = MemoryLocust(clock, workers=2)
    form = [("user_count", "7"), ("spawn_rate", "50")]
    locust.events = [
        (clock.now + 20, lambda: locust.swarm(form)),
        (clock.now + 25, lambda: locust.swarm([("user_count", "5"), ("spawn_rate", "50")])),
    ]
    assert run(locust, clock, tmp_path, ONE).problem is None
    locust.events = [(clock.now + 20, lambda: locust.swarm(form))]
    ended = run(locust, clock, tmp_path, ONE)
    assert re.match("7 users ran after 3. s, where 5 were asked for", str(ended.problem))


def test_host_that_is_not_the_one_asked_for_ends_the_run(locust: MemoryLocust, clock: Clock, tmp_path: Path) -> None:
    """As where a test_start listener sets another."""
    locust.events = [(clock.now + 1, lambda: setattr(locust, "host", "http://live"))]
    ended = run(locust, clock, tmp_path, {**ONE, "host": "http://test"})
    assert "http://live was tested" in str(ended.problem) and "not http://test" in str(ended.problem)


def test_other_user_classes_at_the_end_are_named(locust: MemoryLocust, clock: Clock, tmp_path: Path) -> None:
    locust.user_classes = ("Buyer", "Idler")
    options = {**ONE, "user_classes": ["Buyer"]}
    assert run(locust, clock, tmp_path, options).problem is None
    locust.events = [(clock.now + 30, lambda: setattr(locust, "tasks", ("Buyer", "Idler")))]
    ended = run(locust, clock, tmp_path, options)
    assert str(ended.problem).startswith("the user classes were Buyer, Idler at the end, and not Buyer")


@pytest.mark.parametrize("state", ["cleanup", "stopping", "stopped"])
@pytest.mark.parametrize(("version", "timer"), [("2.46.3", True), ("2.47.0", False)])
def test_early_end_is_named_with_what_this_version_does(
    version: str, timer: bool, state: str, clock: Clock, tmp_path: Path
) -> None:
    locust = MemoryLocust(clock, version)
    locust.events = [(clock.now + 40, lambda: setattr(locust, "state", state))]
    ended = run(locust, clock, tmp_path, ONE)
    assert re.match(r"something else stopped Locust after 4\d of 60 s", str(ended.problem))
    assert ("timer of an earlier run" in str(ended.problem)) is timer


def test_last_worker_that_is_lost_is_named_though_locust_stops_by_itself(clock: Clock, tmp_path: Path) -> None:
    locust = MemoryLocust(clock, workers=1)

    def lose() -> None:
        locust.workers, locust.state = 0, "stopped"

    locust.events = [(clock.now + 20, lose)]
    ended = run(locust, clock, tmp_path, ONE)
    assert str(ended.problem).startswith("1 of 1 workers were lost")
    assert "/stop" not in locust.changes()


def test_worker_that_was_lost_before_the_start_is_missed(clock: Clock, tmp_path: Path) -> None:
    ended = run(MemoryLocust(clock, workers=1), clock, tmp_path, {**ONE, "expect_workers": 2})
    assert str(ended.problem).startswith("1 of 2 workers were lost")


def test_long_stop_is_waited_for_and_then_named(locust: MemoryLocust, clock: Clock, tmp_path: Path) -> None:
    locust.stopping = 20
    assert run(locust, clock, tmp_path, ONE).problem is None
    locust.stopping = 100
    ended = run(locust, clock, tmp_path, ONE)
    assert "stop_max_wait" in str(ended.problem)
    assert ended.files


def test_run_that_nobody_watched_for_long_is_not_vouched_for(
    locust: MemoryLocust, clock: Clock, tmp_path: Path
) -> None:
    """As where the machine was suspended."""
    plan, state = started(locust, clock, tmp_path, {**ONE, "run_time": "10m"})
    watched = watch(locust, plan, (), state, clock, clock.now + 10)
    clock.sleep(90)
    watched = watch(locust, plan, (), watched.run, clock, clock.now + 10)
    assert re.match("nobody watched the run for 9. s", str(watched.problem))


def test_artefact_that_cannot_be_had_loses_no_other(
    locust: MemoryLocust, clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    download = locust.download

    def refuse(path: str) -> str:
        if "report" in path:
            raise LocustError("HTTP 500", transient=True)
        return download(path)

    monkeypatch.setattr(locust, "download", refuse)
    ended = run(locust, clock, tmp_path, ONE)
    assert ended.problem == "HTTP 500"
    assert set(ended.files) == {"locust_stats.csv", "locust_failures.csv", "locust_exceptions.csv"}


def test_endpoints_are_sampled_where_a_threshold_watches_them(
    locust: MemoryLocust, clock: Clock, tmp_path: Path
) -> None:
    locust.endpoints = {"/item/1": {"num_failures": 0}, "/other": {}}
    plan, state = started(locust, clock, tmp_path, ONE)
    assert all("endpoints" not in sample for sample in watch(locust, plan, (), state, clock, clock.now + 9).samples)
    watching = [{"threshold": "fail_ratio < 0.1", "name_pattern": "/item/.*", "abort": True}]
    thresholds = parse_thresholds(watching, 60)
    samples = watch(locust, plan, thresholds, state, clock, clock.now + 9).samples
    assert [row["name"] for sample in samples for row in sample["endpoints"]] == ["/item/1"] * len(samples)
    locust.endpoints["/item/1"] = {"num_requests": 10, "num_failures": 5}
    watch(locust, plan, thresholds, state, clock, clock.now + 9)
    assert locust.changes()[-1] == "/stop"


def test_own_locusts_cpu_is_told_in_percent_of_a_core(
    locust: MemoryLocust, clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "cpu_seconds", lambda launched: (clock.now - 1_700_000_000) * 0.95)
    plan, state = started(locust, clock, tmp_path, ONE)
    watched = watch(locust, plan, (), state, clock, clock.now + 12, Launched(7, "now", ""))
    told = [sample["generator_cpu"] for sample in watched.samples]
    assert told[0] is None
    assert told[1:] == [pytest.approx(95)] * (len(told) - 1)


@pytest.mark.parametrize(("version", "load"), [("2.47.0", 60), ("2.46.3", 40)])
def test_long_start_is_no_part_of_the_run_where_locust_can_set_its_timer_anew(
    version: str, load: float, clock: Clock, tmp_path: Path
) -> None:
    locust = MemoryLocust(clock, version)
    locust.starting, begun = 20, clock.now
    plan, state = started(locust, clock, tmp_path, ONE)
    ended = finish(locust, plan, Watched(state), clock)
    assert ended.problem is None
    assert ended.ended - (state.load_since or 0) == pytest.approx(load, abs=1)
    assert state.started - begun == pytest.approx(60 - 40 if load == 60 else 0, abs=1)


def test_run_that_does_not_start_says_why(clock: Clock, tmp_path: Path) -> None:
    locust = MemoryLocust(clock, workers=0)
    locust.starts = False
    with pytest.raises(LocustError, match="no worker is connected"):
        started(locust, clock, tmp_path, ONE)
    assert locust.changes()[-1] == "/stop"


def test_timer_of_a_run_that_was_ended_early_is_waited_for(locust: MemoryLocust, clock: Clock, tmp_path: Path) -> None:
    plan, state = started(locust, clock, tmp_path, ONE)
    watched = watch(locust, plan, (), state, clock, clock.now + 10)
    finish(locust, plan, watched, clock, early=True)
    ended = run(locust, clock, tmp_path, ONE)
    assert ended.problem is None
    assert locust.requests == pytest.approx(60 * 50, rel=0.02)


def test_timer_that_is_far_away_is_a_refusal(locust: MemoryLocust, clock: Clock, tmp_path: Path) -> None:
    plan, state = started(locust, clock, tmp_path, {**ONE, "run_time": "10m"})
    finish(locust, plan, Watched(state), clock, early=True)
    with pytest.raises(LocustError, match=r"cannot cancel the timer .* would end this run in 6\d\d s"):
        started(locust, clock, tmp_path, {**ONE, "run_time": "20m"})
    # It would end before the timer fires.
    started(locust, clock, tmp_path, ONE)


@pytest.mark.parametrize(("fires", "waits"), [(-1, 0), (10.5, 10.5), (11, 0), (11.5, 0), (60, 0)])
def test_timer_is_waited_for_where_it_would_end_the_run(fires: float, waits: float, clock: Clock) -> None:
    """Which ends up to a second late."""
    plan, begun = plan_from({**ONE, "run_time": "10s"}), clock.now
    await_timer(io.StringIO(str(begun + fires)), {"state": "stopped", "version": "2.46.3"}, plan, clock)
    assert clock.now - begun == waits


@pytest.mark.parametrize(
    ("state", "version", "waits"),
    [
        ("ready", "2.46.3", 0),
        ("hatching", "2.46.3", 30),
        ("running", "2.46.3", 30),
        ("stopped", "2.46.3", 30),
        ("stopped", "2.47.0", 0),
        ("stopped", "3.0.0", 0),
    ],
)
def test_timer_is_waited_for_where_there_can_be_one(state: str, version: str, waits: float, clock: Clock) -> None:
    plan, begun = plan_from(ONE), clock.now
    await_timer(io.StringIO(str(begun + 30)), {"state": state, "version": version}, plan, clock)
    assert clock.now - begun == waits


def test_timer_is_waited_for_a_minute_and_no_longer(clock: Clock) -> None:
    plan, begun = plan_from({**ONE, "run_time": "10m"}), clock.now
    before = {"state": "stopped", "version": "2.46.3"}
    with pytest.raises(LocustError, match="would end this run in 61 s"):
        await_timer(io.StringIO(str(begun + 61)), before, plan, clock)
    await_timer(io.StringIO(str(begun + 60)), before, plan, clock)
    assert clock.now - begun == 60


@pytest.mark.parametrize("version", ["2.47.0", "3.0.0"])
def test_newer_locusts_have_no_timer_left(version: str, clock: Clock, tmp_path: Path) -> None:
    locust = MemoryLocust(clock, version)
    plan, state = started(locust, clock, tmp_path, ONE)
    clock.sleep(10)
    finish(locust, plan, Watched(state), clock, early=True)
    begun = clock.now
    started(locust, clock, tmp_path, ONE)
    assert clock.now - begun < 1


def test_restarted_locust_has_no_timer_left(locust: MemoryLocust, clock: Clock, tmp_path: Path) -> None:
    plan, state = started(locust, clock, tmp_path, ONE)
    clock.sleep(10)
    finish(locust, plan, Watched(state), clock, early=True)
    locust.restart()
    begun = clock.now
    started(locust, clock, tmp_path, ONE)
    assert clock.now - begun < 1


def test_interruption_before_the_start_stops_nothing(locust: MemoryLocust, clock: Clock, tmp_path: Path) -> None:
    directory = tmp_path / "run"
    directory.mkdir()
    stop(locust, Carried(), directory, clock)
    assert locust.changes() == []
    assert not directory.exists()


def test_interruption_stops_what_has_begun(locust: MemoryLocust, clock: Clock, tmp_path: Path) -> None:
    directory = tmp_path / "run"
    directory.mkdir()
    begin(locust, plan_from(ONE), directory, clock, force=False)
    assert (directory / BEGUN).exists()
    stop(locust, Carried(), directory, clock)
    assert locust.changes()[-1] == "/stop"
    assert not directory.exists()


def test_look_takes_the_state_that_is_never_cached(locust: MemoryLocust) -> None:
    locust.user_classes = ("Buyer",)
    seen = look(locust)
    assert (seen["state"], seen["version"], seen["user_classes"], seen["p95"]) == ("ready", "2.46.3", ("Buyer",), 9)


@pytest.mark.parametrize(
    ("available", "problem"),
    [(None, "without --class-picker"), (("Buyer", "Idler"), "no Seller; it has Buyer, Idler")],
)
def test_user_class_that_cannot_be_chosen_is_refused(available: Any, problem: str) -> None:
    plan = plan_from({**ONE, "user_classes": ["Buyer", "Seller"]})
    with pytest.raises(BadOptionError, match=f"^user_classes: .*{problem}"):
        check_user_classes(plan, available)
