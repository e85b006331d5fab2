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

stages = st.lists(
    st.fixed_dictionaries(
        {
            "duration": st.integers(1, 7200).map(str),
            "users": st.integers(1, 10**6),
            "spawn_rate": st.floats(0.001, 1000),
        }
    ),
    min_size=1,
    max_size=10,
)


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
    assert plan.peak_users == max(stage["users"] for stage in given_stages)
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
        ({}, "users"),
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


def test_locust_options_are_written_as_locust_reads_them() -> None:
    plan = plan_from({"users": 1, "run_time": "5s", "locust_options": {"stop-timeout": 5, "basket": "full", "x": True}})
    assert plan.locust_options == {"stop_timeout": "5", "basket": "full", "x": "true"}
