# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""What is carried from one module call to the next, and which calls there are."""

from __future__ import annotations

import json
from dataclasses import fields
from typing import Any

import pytest
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._locust.plan import BadOptionError
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._locust.state import Carried, Launched, RunState
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._locust.steps import STEPS, carry_out
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._locust.transport import LocustError
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.locust_run.memory_locust import Clock

times = st.floats(0, 4e9)
runs = st.builds(
    RunState,
    started=times,
    version=st.text(),
    workers=st.none() | st.integers(0, 500),
    next_poll=times,
    answered=times,
    counted_since=times,
    reset_due=st.none() | times,
    reset_pending=st.booleans(),
    stage=st.integers(0, 99),
    ramped_up=st.none() | times,
    num_requests=st.integers(0, 10**12),
)
launches = st.builds(Launched, pid=st.integers(1, 2**22), born=st.none() | st.text())


@given(st.none() | launches, st.none() | runs)
def test_what_is_carried_survives_a_module_call(launched: Launched | None, run: RunState | None) -> None:
    carried = Carried(launched, run)
    assert Carried.from_dict(json.loads(json.dumps(carried.as_dict()))) == carried


def test_nothing_is_carried_at_first() -> None:
    assert Carried.from_dict({}) == Carried()
    with pytest.raises(LocustError, match="has not begun"):
        str(Carried().begun)


@given(runs)
def test_what_another_version_added_is_left_out(run: RunState) -> None:
    written: dict[str, Any] = Carried(run=run).as_dict()
    written["run"]["invented_later"] = 1
    assert Carried.from_dict({**written, "also_later": {}}).run == run


@given(runs, st.sampled_from([field.name for field in fields(RunState)]))
def test_what_another_version_lacks_has_a_default_or_is_named(run: RunState, name: str) -> None:
    written = Carried(run=run).as_dict()
    del written["run"][name]
    try:
        assert Carried.from_dict(written).begun.started == run.started
    except LocustError as error:
        assert "another version of the collection" in str(error) and f"'{name}'" in str(error)


def test_unknown_step_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(BadOptionError, match=f"^_step: there is no step 'fly'; there are {', '.join(STEPS)}$"):
        carry_out({"users": 1, "run_time": "1s"}, {"name": "fly", "run_id": "x"}, Clock())
