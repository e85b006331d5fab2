# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""The cases of the alerts, promtool's and the exercise's, and the lab's rules beside them."""

from __future__ import annotations

from functools import cache
from typing import Any

import yaml
from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._alert_rules import alert_rules

from tests.checks.tree import CHECKOUT
from tests.role_readme import load

JOBS = ("tokenization", "prometheus")
# Of a case that does not say so.
INTERVAL, AT = "5s", "2m"


@cache
def exercise() -> dict[str, Any]:
    """The variables exercise_cases, exercise_first and exercise_left_out."""
    return load(CHECKOUT / "playbooks" / "vars" / "exercise.yml")


@cache
def cases() -> dict[str, dict[str, dict[str, Any]]]:
    """Alert → fires and silent → what promtool is told."""
    return load(CHECKOUT / "tests" / "integration" / "prometheus_rules" / "cases.yml")


@cache
def groups() -> list[dict[str, Any]]:
    """The lab's rules, with their usual thresholds."""
    found: list[dict[str, Any]] = yaml.safe_load(alert_rules({}, JOBS))["groups"]
    return found


def alerts() -> dict[str, dict[str, Any]]:
    """Alert → its rule."""
    return {rule["alert"]: rule for group in groups() for rule in group["rules"] if "alert" in rule}


def rules_for(alert: str, among: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    """It alone, with all that is recorded: promtool works out each rule of a file in each test."""
    alone = [
        {**group, "rules": [rule for rule in group["rules"] if rule.get("alert", alert) == alert]}
        for group in (groups() if among is None else among)
    ]
    return {"groups": [group for group in alone if group["rules"]]}


def promtool_case(name: str, case: dict[str, Any], expected: list[dict[str, Any]]) -> dict[str, Any]:
    """One test as promtool takes it."""
    return {
        "interval": case.get("interval", INTERVAL),
        "input_series": [{"series": series, "values": values} for series, values in case["series"].items()],
        "alert_rule_test": [{"eval_time": case.get("at", AT), "alertname": name, "exp_alerts": expected}],
    }


def promtool_tests(alert: str, rules_file: str) -> dict[str, Any]:
    """Its two tests, as promtool takes a file of them: what fires has its whole sentence, severity and class."""
    rule, fires, silent = alerts()[alert], cases()[alert]["fires"], cases()[alert]["silent"]
    annotations = {"summary": fires["summary"], "runbook_url": rule["annotations"]["runbook_url"]}
    told = {"exp_labels": {**fires["labels"], **rule["labels"]}, "exp_annotations": annotations}
    return {
        "rule_files": [rules_file],
        "evaluation_interval": fires.get("interval", INTERVAL),
        "tests": [promtool_case(alert, fires, [told]), promtool_case(alert, silent, [])],
    }
