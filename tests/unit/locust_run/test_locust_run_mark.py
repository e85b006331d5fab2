# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""The step that leaves a run's mark: what it says where Locust takes it, has no plugin, is away, or refuses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._locust.client import NotThereError
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._locust.mark import TRIES, leave
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._locust.steps import STEPS
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._locust.transport import LocustError

from tests.unit.locust_run.memory_locust import Clock, MemoryLocust

MARK: dict[str, Any] = {
    "run": "20261129T000000Z-1a2b",
    "lab": "",
    "started": 1.0,
    "ended": None,
    "verdict": None,
    "thresholds": [{"figure": "p95", "comparison": "<", "limit": 200.0, "name": "", "method": ""}],
}


class Answering(MemoryLocust):
    """Answers marks one after another as it is told."""

    def __init__(self, *answers: LocustError | dict[str, Any]) -> None:
        super().__init__(Clock())
        self.answers = list(answers)

    def mark(self, mark: Mapping[str, Any]) -> dict[str, Any]:
        answer = self.answers.pop(0)
        if isinstance(answer, LocustError):
            raise answer
        return answer


AWAY = LocustError("no answer", transient=True)


@pytest.mark.parametrize(
    ("answers", "marked", "problem"),
    [
        ([{"marked": True}], True, None),
        ([AWAY, {"marked": True}], True, None),
        ([NotThereError("404")], False, None),
        ([AWAY] * TRIES, False, "the run left no mark in Locust: no answer"),
        ([LocustError("refused")], False, "the run left no mark in Locust: refused"),
        ([{"marked": False, "message": "why"}], False, "the run left no mark in Locust: why"),
        ([{}], False, "the run left no mark in Locust: None"),
    ],
)
def test_what_came_of_it(answers: list[Any], marked: bool, problem: str | None) -> None:
    locust = Answering(*answers)
    assert leave(locust, MARK, locust.clock) == {"marked": marked, "problem": problem}
    assert locust.answers == []


def test_it_is_a_step() -> None:
    assert "mark" in STEPS


def test_a_mark_is_sent_as_it_is() -> None:
    locust = MemoryLocust(Clock())
    leave(locust, MARK, locust.clock)
    assert locust.marks == [MARK]


@pytest.mark.parametrize(("length", "is_sent"), [(1000, True), (1001, False)])
def test_an_address_is_sent_whole_or_not_at_all(length: int, is_sent: bool) -> None:
    locust = MemoryLocust(Clock())
    leave(locust, {**MARK, "report": "https://x/".ljust(length, "y")}, locust.clock)
    assert ("report" in locust.marks[0]) == is_sent


def test_what_is_too_much_is_cut() -> None:
    locust = MemoryLocust(Clock())
    threshold = {**MARK["thresholds"][0], "name": "n" * 2000, "method": "m" * 200}
    leave(locust, {**MARK, "lab": "l" * 200, "thresholds": [threshold] * 60}, locust.clock)
    (sent,) = locust.marks
    assert len(sent["lab"]) == 100
    assert len(sent["thresholds"]) == 50
    assert {(len(one["name"]), len(one["method"])) for one in sent["thresholds"]} == {(1000, 100)}
