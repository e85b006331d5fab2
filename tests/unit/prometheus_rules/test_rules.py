# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""The lab's rules are whole: each alert has what a person needs of it, two cases, and its thresholds can be changed."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml
from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._alert_rules import (
    FOLDER,
    alert_rules,
    default_thresholds,
    thresholds_fault,
)

from tests import alert_cases
from tests.checks.tree import CHECKOUT
from tests.role_readme import ROLES, load

SECTION = re.compile(r"^### (\w+)\n\n- \*\*It means\*\* .+\n- \*\*Look at\*\* .+\n- \*\*Do\*\* .+$", re.MULTILINE)


def recorded() -> set[str]:
    return {rule["record"] for group in alert_cases.groups() for rule in group["rules"] if "record" in rule}


def test_each_alert_has_a_section_and_each_section_an_alert() -> None:
    runbook = (CHECKOUT / "docs" / "runbook.md").read_text(encoding="utf-8")
    sections = SECTION.findall(runbook)
    assert sections == re.findall(r"^### (.+)$", runbook, re.MULTILINE), "a section has three points, a line each"
    assert sorted(sections) == sorted(alert_cases.alerts())


def test_each_link_in_the_runbook_leads_to_a_section() -> None:
    runbook = (CHECKOUT / "docs" / "runbook.md").read_text(encoding="utf-8")
    links = re.findall(r"\[(\w+)\]\(#(\w+)\)", runbook)
    assert all(anchor == name.lower() for name, anchor in links)
    assert {name for name, _anchor in links} <= alert_cases.alerts().keys()


def test_each_alert_has_its_cases_and_each_case_an_alert() -> None:
    assert sorted(alert_cases.cases()) == sorted(alert_cases.alerts())
    assert {tuple(case) for case in alert_cases.cases().values()} == {("fires", "silent")}


def test_each_alert_has_a_case_in_the_exercise_or_a_reason_why_not() -> None:
    cases, left_out = alert_cases.exercise()["exercise_cases"], alert_cases.exercise()["exercise_left_out"]
    expected = [case["must"] for case in cases.values() if "must" in case]
    assert sorted([*expected, *left_out]) == sorted(alert_cases.alerts())
    assert {alert for case in cases.values() for alert in case.get("may", [])} <= alert_cases.alerts().keys()


@pytest.mark.parametrize("alert", alert_cases.alerts().values(), ids=alert_cases.alerts())
def test_an_alert_says_what_it_is(alert: dict[str, Any]) -> None:
    assert alert["labels"]["severity"] in ("critical", "warning", "none")
    assert alert["labels"]["class"] in ("security", "performance", "availability")
    assert re.fullmatch(r"(?s)(\{\{|/|[A-Z]).+[^.]\.", alert["annotations"]["summary"]), "one sentence"
    assert alert["annotations"]["runbook_url"].endswith(f"/docs/runbook.md#{alert['alert'].lower()}")


def test_what_is_recorded_is_asked_for() -> None:
    """Levels and operations in a name are what is recorded: the metrics of programs have no colon."""
    asked = " ".join(rule["expr"] for group in alert_cases.groups() for rule in group["rules"])
    assert recorded() == set(re.findall(r"\b\w+(?::\w+)+\b", re.sub(r'"[^"]*"', "", asked)))


def test_each_threshold_has_its_place_and_each_place_a_threshold() -> None:
    texts = [file.read_text(encoding="utf-8") for file in (FOLDER / "rules").glob("*.yml")]
    assert set(re.findall(r"<(\w+)>", " ".join(texts))) == default_thresholds().keys()


def test_a_threshold_of_the_users_takes_the_place_of_the_usual_one() -> None:
    groups = yaml.safe_load(alert_rules({"pending": "3m", "error_ratio": 0.25}, []))["groups"]
    (rule,) = [rule for group in groups for rule in group["rules"] if rule.get("alert") == "ErrorRatioHigh"]
    assert rule["expr"].endswith("> 0.25")
    assert rule["for"] == "3m"


@pytest.mark.parametrize(
    ("thresholds", "fault"),
    [
        ({}, None),
        ({"pending": "1m30s", "error_ratio": 0.1, "restarts": "5"}, None),
        (
            {"eror_ratio": 0.1},
            "no rule has a threshold eror_ratio: error_ratio is meant; all are in files/prometheus/thresholds.yml",
        ),
        ({"x": 1}, "no rule has a threshold x: all are in files/prometheus/thresholds.yml"),
        ({"pending": 10}, "pending is not a duration; write one such as 10s or 1m30s"),
        ({"pending": ""}, "pending is not a duration; write one such as 10s or 1m30s"),
        ({"error_ratio": "5%"}, "error_ratio is not a number; write one such as 0.05"),
        ({"error_ratio": "1 or vector(1)"}, "error_ratio is not a number; write one such as 0.05"),
        ({"restarts": True}, "restarts is not a number; write one such as 3"),
    ],
)
def test_thresholds_are_checked(thresholds: dict[str, Any], fault: str | None) -> None:
    assert thresholds_fault(thresholds) == fault


def test_a_changed_rule_makes_no_other_image() -> None:
    """Which is called after all that lies in its folder."""
    image = load(ROLES / "prometheus" / "vars" / "main.yml")["__prometheus_image"]
    folder = CHECKOUT / "files" / image["folder"].removeprefix("{{ monitor_lab_files }}/")
    assert [path.name for path in folder.iterdir()] == ["Dockerfile"]


def test_a_job_that_has_to_be_there_has_a_series() -> None:
    (jobs, *_others) = yaml.safe_load(alert_rules({}, ["grafana"]))["groups"]
    assert jobs["rules"] == [{"record": "lab:job:expected", "expr": "vector(1)", "labels": {"job": "grafana"}}]
