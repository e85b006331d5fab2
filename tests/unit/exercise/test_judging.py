# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""Which cases are gone through, what of them is good and what is not, and how it is told."""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any
from xml.etree import ElementTree

import pytest
from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._alert_rules import RUNBOOK
from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._exercise import judge, plan, report

CASES: dict[str, dict[str, Any]] = {
    "baseline": {"attack": {"users": 5}},
    "slow_client": {"attack": {"users": 80}, "must": "SlowClients", "may": ["LatencyHigh"]},
    "stopped": {"fault": {"group": "prometheus"}, "must": "ServiceDown", "labels": {"job": "locust_exporter"}},
    "run_failing": {"run": {"verdict": "failed"}, "must": "RunFailing"},
}
RULE: Mapping[str, Any] = MappingProxyType({"for": 10.0, "allowed": 20.0, "held": 9.0, "due": 39.0})
WELL = {"rc": 0}
BEGUN = 1795413100.25
DONE = {"attack": WELL, "fault": WELL, "run": {"verdict": "failed"}}


def fired(alert: str, start: float = 22.4, end: float | None = 47.0, **labels: str) -> dict[str, Any]:
    told = {"severity": "warning", "class": "security", **labels}
    return {"alert": alert, "labels": told, "start": start, "end": end}


def seen(*alerts: dict[str, Any], rule: Mapping[str, Any] | None = RULE, now: float = 60.0) -> dict[str, Any]:
    return {"fired": list(alerts), "rule": rule, "called": 35.0, "now": now}


@pytest.mark.parametrize(
    ("only", "everything", "names"),
    [
        ("", False, ["baseline", "slow_client"]),
        ("stopped", False, ["baseline", "stopped"]),
        ("", True, ["baseline", "slow_client", "stopped", "run_failing"]),
    ],
)
def test_what_is_asked_for_is_gone_through_after_the_baseline(only: str, everything: bool, names: list[str]) -> None:
    assert plan(CASES, ["slow_client"], only, everything) == {"names": names, "fault": ""}


@pytest.mark.parametrize(
    ("only", "everything", "fault"),
    [
        ("slowclient", False, "there is no case slowclient: write slow_client."),
        ("flood", False, "there is no case flood: there are slow_client, stopped, run_failing."),
        ("baseline", False, "there is no case baseline: there are slow_client, stopped, run_failing."),
        (
            "stopped",
            True,
            "--only (exercise_only) is for one case, and --all (exercise_all) for all. Choose one.",
        ),
    ],
)
def test_what_is_not_there_is_a_fault(only: str, everything: bool, fault: str) -> None:
    assert plan(CASES, [], only, everything)["fault"] == fault


def test_of_several_names_that_are_like_it_the_first_is_told() -> None:
    cases: dict[str, dict[str, Any]] = {"all_down": {}, "baseline": {}, "flood_a": {}, "flood_b": {}}
    assert plan(cases, [], "flood_c", False)["fault"] == "there is no case flood_c: write flood_a."
    assert plan(cases, [], "", True)["names"] == ["baseline", "all_down", "flood_a", "flood_b"]


def test_what_is_noticed_in_time_and_over_is_good() -> None:
    row = judge(
        "slow_client", CASES["slow_client"], BEGUN, DONE, seen(fired("SlowClients"), fired("LatencyHigh", end=None))
    )
    assert (row.problems, row.false_alarms) == ([], [])
    assert (row.fired_after, row.resolved_after) == (22.4, 12.0)


def test_what_fires_more_than_once_is_noticed_by_the_first_and_over_with_the_last() -> None:
    told = seen(fired("SlowClients", end=30.0), fired("SlowClients", start=38.0, end=47.0004))
    row = judge("slow_client", CASES["slow_client"], BEGUN, DONE, told)
    assert (row.problems, row.fired_after, row.resolved_after) == ([], 22.4, 12.0)


def test_what_fires_when_it_is_due_is_in_time() -> None:
    told = seen(fired("SlowClients", start=39.0, end=47.1234))
    row = judge("slow_client", CASES["slow_client"], BEGUN, DONE, told)
    assert (row.problems, row.fired_after, row.resolved_after) == ([], 39.0, 12.123)


def test_one_that_is_over_before_the_attack_is_over_at_once() -> None:
    assert (
        judge("slow_client", CASES["slow_client"], BEGUN, DONE, seen(fired("SlowClients", end=30.0))).resolved_after
        == 0
    )


def test_silence_is_good_where_nothing_has_to_fire() -> None:
    assert judge("baseline", CASES["baseline"], BEGUN, DONE, seen(rule=None)).problems == []


@pytest.mark.parametrize(
    ("told", "problem"),
    [
        (seen(rule=None), "Prometheus has no rule SlowClients"),
        (seen(rule={**RULE, "held": None, "due": None}), "the condition of SlowClients never held for 10 s"),
        (seen(rule={**RULE, "for": 0, "held": None, "due": None}), "the condition of SlowClients never held"),
        (
            seen(),
            "SlowClients did not fire within 60 s; it was due after 39 s, since its condition held after 9 s",
        ),
        (
            seen(fired("SlowClients", start=39.2)),
            "SlowClients fired after 39 s; it was due after 39 s, since its condition held after 9 s",
        ),
        (seen(fired("SlowClients", end=None), now=215.0), "SlowClients still fired 180 s after the attack"),
        (
            seen(fired("SlowClients", end=None), fired("SlowClients", start=30.0)),
            "SlowClients still fired 25 s after the attack",
        ),
    ],
)
def test_what_is_not_noticed_is_a_problem(told: dict[str, Any], problem: str) -> None:
    assert judge("slow_client", CASES["slow_client"], BEGUN, DONE, told).problems == [problem]


@pytest.mark.parametrize("alert", ["LatencyHigh", "RunFailing"])
def test_whatever_else_fires_is_a_false_alarm(alert: str) -> None:
    told = seen(fired(alert, instance="a:1"), fired(alert, start=40.0, instance="a:1"), rule=None)
    row = judge("baseline", CASES["baseline"], BEGUN, DONE, told)
    assert row.false_alarms == [alert]
    assert row.problems == [f"{alert} (instance a:1) fired, which is a false alarm"]


def test_another_part_that_is_down_is_a_false_alarm() -> None:
    told = seen(fired("ServiceDown", job="locust_exporter"), fired("ServiceDown", start=5.0, job="grafana"))
    row = judge("stopped", CASES["stopped"], BEGUN, DONE, told)
    assert row.fired_after == 22.4
    assert row.problems == ["ServiceDown (job grafana) fired, which is a false alarm"]


@pytest.mark.parametrize(
    ("name", "done", "problem"),
    [
        (
            "slow_client",
            {
                "attack": {
                    "rc": 2,
                    "stderr": "Error: it attacks \x1b[0mnothing\nINFO shutting down",
                    "stdout": "",
                }
            },
            "the attack ended with 2: Error: it attacks \\x1b[0mnothing",
        ),
        (
            "slow_client",
            {"attack": {"rc": 1, "stdout": "Error: first\nError: second\nError: last\nbye\n"}},
            "the attack ended with 1: Error: last",
        ),
        ("slow_client", {"attack": {"rc": 1, "stdout": "first\n\nlast\n"}}, "the attack ended with 1: last"),
        ("slow_client", {"attack": {"rc": -15, "stderr": "ended"}}, "the attack ended with -15: ended"),
        ("stopped", {"fault": {"rc": 127, "msg": "no such program"}}, "the fault ended with 127: no such program"),
        (
            "run_failing",
            {"run": {"verdict": "incomplete", "msg": "Load run x incomplete: no users"}},
            "the run was to be failed: Load run x incomplete: no users",
        ),
    ],
)
def test_what_did_not_happen_is_a_problem(name: str, done: dict[str, Any], problem: str) -> None:
    must = CASES[name]["must"]
    assert judge(name, CASES[name], BEGUN, {**DONE, **done}, seen(fired(must, job="locust_exporter"))).problems == [
        problem
    ]


@pytest.mark.parametrize("verdict", ["failed", "incomplete"])
def test_a_run_that_was_to_pass_and_did_not_is_a_problem(verdict: str) -> None:
    case = {"run": {"verdict": "passed"}}
    done = {"run": {"verdict": verdict, "msg": "p95 < 5 breached"}}
    assert judge("run", case, BEGUN, done, seen(rule=None)).problems == ["the run was to be passed: p95 < 5 breached"]


def gone_through() -> list[dict[str, Any]]:
    return [
        {"name": "baseline", "begun": BEGUN, "done": DONE, "seen": seen(fired("HostBusy"), rule=None)},
        {"name": "slow_client", "begun": BEGUN, "done": DONE, "seen": seen(fired("SlowClients"))},
        {"name": "run_failing", "begun": BEGUN, "done": DONE, "seen": seen()},
    ]


def test_all_is_told_in_a_table_and_in_three_files() -> None:
    told = report(gone_through(), CASES, [], "exercise-1", ["This table: here"])
    problems = [
        "baseline: HostBusy fired, which is a false alarm",
        "run_failing: RunFailing did not fire within 60 s; it was due after 39 s, since its condition held after 9 s",
    ]
    assert told["problems"] == problems
    assert told["table"] == [
        "attack       expected     fired after  resolved after  false alarms",
        "baseline     nothing                                   HostBusy",
        "slow_client  SlowClients  22 s         12 s            none",
        "run_failing  RunFailing   NEVER        NEVER           none",
        *problems,
        "This table: here",
        f"What an alert means: {RUNBOOK}",
    ]
    assert told["markdown"].splitlines()[:7] == [
        "# exercise-1: red",
        "",
        "| attack | expected | fired after | resolved after | false alarms |",
        "| --- | --- | --- | --- | --- |",
        "| baseline | nothing |  |  | HostBusy |",
        "| slow_client | SlowClients | 22 s | 12 s | none |",
        "| run_failing | RunFailing | NEVER | NEVER | none |",
    ]
    assert all(f"- {line}\n" in told["markdown"] for line in told["table"][4:])
    made = json.loads(told["json"])
    assert (made["exercise_version"], made["exercise"], made["green"]) == (1, "exercise-1", False)
    assert made["cases"][1] == {
        "name": "slow_client",
        "expected": "SlowClients",
        "fired_after": 22.4,
        "resolved_after": 12.0,
        "false_alarms": [],
        "problems": [],
        "started": "2026-11-23T05:51:40.250Z",
        "seconds": 60.0,
    }
    suite = ElementTree.fromstring(told["junit"])[0]
    assert (suite.attrib["name"], suite.attrib["tests"], suite.attrib["failures"]) == ("exercise-1", "3", "2")
    assert [(case.attrib["name"], len(case)) for case in suite] == [
        ("baseline", 1),
        ("slow_client", 0),
        ("run_failing", 1),
    ]


def test_a_good_one_is_green() -> None:
    told = report(gone_through()[:2], CASES, ["HostBusy"], "exercise-1", [])
    assert told["problems"] == []
    assert told["markdown"].startswith("# exercise-1: green\n")
    assert json.loads(told["json"])["green"]
    assert told["table"][3:] == [f"What an alert means: {RUNBOOK}"]
