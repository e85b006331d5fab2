# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""What is made of Prometheus's memory of its alerts, and for how long one is waited for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.devsecops.monitor_lab.plugins.module_utils._lab.alerts import watch

BEGIN = 1795413100.25
SLOW = {"alertname": "SlowClients", "alertstate": "firing", "__name__": "ALERTS", "instance": "a:1"}
Series = list[tuple[dict[str, str], list[tuple[float, float]]]]


class Prometheus:
    """One with a rule, that fired and whose condition held when it is told so; times are since the beginning."""

    def __init__(self, alerts: Series, condition: Series, at: float, lasts: float = 10, interval: float = 5) -> None:
        self.alerts = alerts
        self.condition = condition
        self.at = at
        self.rule = {"name": "SlowClients", "query": "slow > 50", "duration": lasts}
        self.interval = interval

    def ask(self, path: str, parameters: Mapping[str, Any]) -> Any:
        if path == "query":
            assert parameters == {"query": "time()"}
            return {"resultType": "scalar", "result": [0, str(BEGIN + self.at)]}
        if path == "rules":
            assert parameters == {"type": "alert"}
            return {"groups": [{"interval": 30, "rules": []}, {"interval": self.interval, "rules": [self.rule]}]}
        series = {'ALERTS{alertstate="firing"}': self.alerts, "slow > 50": self.condition}[parameters["query"]]
        assert path == "query_range"
        assert float(parameters["start"]) == BEGIN
        seconds = range(int(float(parameters["end"]) - BEGIN) + 1)
        found = [
            (labels, [second for second in seconds if any(start <= second <= end for start, end in spans)])
            for labels, spans in series
        ]
        return {
            "result": [
                {"metric": labels, "values": [[BEGIN + second, "1"] for second in there]}
                for labels, there in found
                if there
            ]
        }

    def time(self) -> float:
        raise AssertionError("the clock of Prometheus is what counts")

    def monotonic(self) -> float:
        return self.at

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.at += seconds

    def watch(self, alert: str = "SlowClients", patience: float = 180, **labels: str) -> dict[str, Any]:
        return watch(self.ask, self, BEGIN, alert, labels, patience)


def fired(start: float, end: float | None, alert: str = "SlowClients", **labels: str) -> dict[str, Any]:
    return {"alert": alert, "labels": labels or {"instance": "a:1"}, "start": start, "end": end}


def test_an_alert_is_waited_for_until_it_is_over() -> None:
    prometheus = Prometheus([(SLOW, [(22, 60)])], [({"instance": "a:1"}, [(9, 58)])], at=30)
    seen = prometheus.watch()
    assert seen["fired"] == [fired(22, 60)]
    assert seen["rule"] == {"for": 10, "allowed": 20, "held": 9, "due": 39}
    assert seen["called"] == 30
    assert 61 <= seen["now"] <= 70


def test_one_that_does_not_end_is_waited_for_as_long_as_patience_lasts() -> None:
    prometheus = Prometheus([(SLOW, [(22, 999)])], [({"instance": "a:1"}, [(9, 999)])], at=30)
    seen = prometheus.watch(patience=43)
    assert seen["fired"] == [fired(22, None)]
    assert seen["now"] == 73


def test_one_that_is_late_is_waited_for_until_it_cannot_be_in_time() -> None:
    condition: Series = [({"instance": "a:1"}, [(40, 999)])]
    seen = Prometheus([], condition, at=20).watch()
    assert seen["fired"] == []
    assert seen["rule"]["due"] == 70
    assert 70 < seen["now"] <= 80


def test_one_whose_condition_never_holds_is_not_waited_for() -> None:
    # Nor for one that holds too briefly, again and again.
    seen = Prometheus([], [({"instance": "a:1"}, [(1, 9), (12, 20)])], at=20).watch()
    assert seen["rule"]["held"] is seen["rule"]["due"] is None
    assert 50 <= seen["now"] <= 60


def test_a_rule_that_is_not_there_is_not_waited_for() -> None:
    seen = Prometheus([], [], at=20).watch("AnotherOne")
    assert seen["rule"] is None
    assert 40 <= seen["now"] <= 50


def test_without_an_alert_four_evaluations_are_waited_for_and_all_alerts_are_told() -> None:
    other = {**SLOW, "alertname": "HostBusy", "severity": "warning"}
    prometheus = Prometheus([(SLOW, [(33, 99)]), (other, [(5, 7), (9, 11)])], [], at=20)
    seen = prometheus.watch("")
    labels = {"instance": "a:1", "severity": "warning"}
    assert seen["fired"] == [fired(5, 7, "HostBusy", **labels), fired(9, 11, "HostBusy", **labels), fired(33, None)]
    assert seen["now"] == 40


def test_what_fired_before_is_no_news() -> None:
    assert Prometheus([(SLOW, [(-5, 12)])], [], at=20).watch("")["fired"] == []


def test_another_with_the_same_name_is_told_and_not_waited_for() -> None:
    another = {**SLOW, "instance": "b:1"}
    condition: Series = [({"instance": "b:1"}, [(1, 999)]), ({"instance": "a:1"}, [(9, 40)])]
    seen = Prometheus([(another, [(12, 999)]), (SLOW, [(20, 42)])], condition, at=30).watch(instance="a:1")
    assert [(one["labels"]["instance"], one["end"]) for one in seen["fired"]] == [("b:1", None), ("a:1", 42)]
    assert seen["rule"]["held"] == 9
    assert seen["now"] < 70
