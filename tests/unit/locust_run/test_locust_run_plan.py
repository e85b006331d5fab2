# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._locust.plan import (
    BadOptionError,
    plan_from,
    seconds,
)
from hypothesis import given
from hypothesis import strategies as st


def reachable(stages: list[dict[str, Any]]) -> bool:
    before = [0, *(stage["users"] for stage in stages)]
    return all(
        abs(stage["users"] - users) / stage["spawn_rate"] <= int(stage["duration"])
        for stage, users in zip(stages, before, strict=False)
    )


stages = st.lists(
    st.fixed_dictionaries(
        {
            "duration": st.integers(1, 7200).map(str),
            "users": st.integers(1, 10**4),
            "spawn_rate": st.floats(1, 10**4),
        }
    ),
    min_size=1,
    max_size=10,
).filter(reachable)


@given(st.integers(0, 99), st.integers(0, 99), st.integers(0, 99))
def test_time_spans_are_read_as_locust_writes_them(hours: int, minutes: int, rest: int) -> None:
    total = hours * 3600 + minutes * 60 + rest
    assert seconds("run_time", f"{hours}h{minutes}m{rest}s") == total
    assert seconds("run_time", str(total)) == seconds("run_time", total) == seconds("run_time", f"{total}s") == total


@pytest.mark.parametrize("text", ["", "s", "soon", "-5", "1.5s", "5s1m", "1d", "5 s", "\u0661\u0660"])
def test_what_is_no_time_span_is_refused(text: str) -> None:
    with pytest.raises(BadOptionError, match=r"^run_time: "):
        seconds("run_time", text)


@given(stages)
def test_stages_fill_the_run_without_gaps(given_stages: list[dict[str, Any]]) -> None:
    plan = plan_from({"stages": given_stages})
    assert plan.run_time == sum(int(stage["duration"]) for stage in given_stages)
    ends = [begin + stage.duration for begin, stage in zip(plan.boundaries(), plan.stages, strict=True)]
    assert [0, *ends] == [*plan.boundaries(), plan.run_time]


@given(stages)
def test_one_stage_is_the_same_as_no_stages(given_stages: list[dict[str, Any]]) -> None:
    stage = given_stages[0]
    single = {"users": stage["users"], "spawn_rate": stage["spawn_rate"], "run_time": stage["duration"]}
    assert plan_from(single) == plan_from({"stages": [stage]})


def test_spawn_rate_is_locusts_own_where_left_out() -> None:
    assert plan_from({"users": 5, "run_time": "10s"}).stages[0].spawn_rate == 1


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({}, "run_time"),
        ({"spawn_rate": 5.0, "run_time": "10s"}, "spawn_rate"),
        ({"run_time": "0s"}, "run_time"),
        ({"users": 100, "run_time": "12s"}, "spawn_rate"),
        ({"stages": [{"duration": "9s", "users": 9}, {"duration": "3s", "users": 1}]}, "stages[1].spawn_rate"),
        ({"users": 5}, "run_time"),
        ({"users": -1, "run_time": "10s"}, "users"),
        ({"users": 0, "run_time": "10s"}, "users"),
        ({"users": 5, "run_time": "0s"}, "run_time"),
        ({"users": 5, "run_time": "10s", "spawn_rate": -2.0}, "spawn_rate"),
        ({"users": 5, "run_time": "10s", "spawn_rate": float("nan")}, "spawn_rate"),
        ({"users": 5, "run_time": "10s", "spawn_rate": float("inf")}, "spawn_rate"),
        ({"users": 5, "run_time": "10s", "warmup": "10s"}, "warmup"),
        ({"users": 5, "run_time": "10s", "expect_workers": -1}, "expect_workers"),
        ({"users": 5, "run_time": "10s", "expect_workers_max_wait": "long"}, "expect_workers_max_wait"),
        ({"users": 5, "run_time": "10s", "tags": ["read"], "mode": "api"}, "tags"),
        ({"users": 5, "run_time": "10s", "locust_options": {"users": 7}}, "locust_options"),
        ({"users": 5, "run_time": "10s", "locust_options": {"--web-port": 7}}, "locust_options"),
        ({"stages": []}, "stages"),
        ({"stages": [{"duration": "5s", "users": 1}], "users": 5}, "stages"),
        ({"stages": [{"duration": "5s", "users": 1}, {"duration": "0", "users": 1}]}, "stages[1].duration"),
        ({"stages": [{"duration": "5s", "users": -1}]}, "stages[0].users"),
        ({"stages": [{"duration": "5s", "users": 1, "spawn_rate": 0}]}, "stages[0].spawn_rate"),
    ],
)
def test_bad_option_is_named(options: dict[str, Any], named: str) -> None:
    with pytest.raises(BadOptionError) as error:
        plan_from(options)
    assert str(error.value).startswith(f"{named}: ")
    assert error.value.option == named


@pytest.mark.parametrize(
    ("users", "run_time", "spawn_rate", "enough"),
    [(100, "12s", None, 9), (13, "12s", 1.0, 2), (5, "60s", 0.01, 0.084), (12, "12s", 1.0, None)],
)
def test_users_that_cannot_all_be_started_are_refused_with_a_rate_that_would_do(
    users: int, run_time: str, spawn_rate: float | None, enough: float | None
) -> None:
    """Locust starts what it can, and says nothing."""
    options = {"users": users, "run_time": run_time, "spawn_rate": spawn_rate}
    if enough is None:
        assert plan_from(options).stages[0].users == users
        return
    with pytest.raises(BadOptionError, match=rf"to get from 0 to {users} users, .*; {enough:g} would do$"):
        plan_from(options)
    assert plan_from({**options, "spawn_rate": enough}).stages[0].users == users


def test_run_without_users_is_a_load_shapes() -> None:
    plan = plan_from({"run_time": "2m"})
    assert (plan.shape, plan.stages, plan.run_time) == (True, (), 120)
    assert plan.form(0, 119.5) == [("run_time", "120s")]
    assert not plan_from({"users": 5, "run_time": "2m"}).shape
