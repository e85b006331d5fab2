# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""Each alert fires where it has to and is silent where it must be, says the promtool that Prometheus comes with."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._alert_rules import alert_rules
from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._monitoring import cluster_groups

from tests import alert_cases

# What prometheus-operator gives to each series of a target, beside job and instance.
TARGET = 'namespace="monitor-lab", service="s", pod="s-1", container="c", endpoint="http"'
# Jobs of the cases → those that are on the cluster, in the places of others.
ON_CLUSTER = {"grafana": "tokenization", "prometheus": "locust_exporter"}


def promtool(*arguments: str | Path) -> str:
    done = subprocess.run(["promtool", *arguments], capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def test_every_alert_fires_and_is_silent(tmp_path: Path) -> None:
    tests = []
    for alert in alert_cases.alerts():
        (tmp_path / f"{alert}.json").write_text(json.dumps(alert_cases.rules_for(alert)))
        tests.append(tmp_path / f"{alert}-test.json")
        tests[-1].write_text(json.dumps(alert_cases.promtool_tests(alert, f"{alert}.json")))
    assert promtool("test", "rules", *tests) == ""


def test_promtool_finds_no_fault_with_the_rules(tmp_path: Path) -> None:
    (tmp_path / "rules.yml").write_text(alert_rules({}, alert_cases.JOBS))
    assert promtool("check", "rules", "--lint=all", "--lint-fatal", tmp_path / "rules.yml") == ""


def with_target(series: str, jobs: dict[str, str]) -> str:
    for job, other in jobs.items():
        series = series.replace(f'job="{job}"', f'job="{other}"')
    name, opening, labels = series.partition("{")
    return f"{name}{{{TARGET}, {labels}" if opening else f"{name}{{{TARGET}}}"


def on_cluster(alert: str, case: dict[str, Any], expected: int, jobs: dict[str, str]) -> dict[str, Any]:
    """One test of how often an alert fires where ServiceMonitors found the targets."""
    series = {with_target(one, jobs): values for one, values in case["series"].items()}
    test = alert_cases.promtool_case(alert, {**case, "series": series}, [])
    fires = f'count(ALERTS{{alertname="{alert}", alertstate="firing"}}) or vector(0)'
    asked = {
        "expr": fires,
        "eval_time": test["alert_rule_test"][0]["eval_time"],
        "exp_samples": [{"labels": "{}", "value": expected}],
    }
    return {**{key: test[key] for key in ("interval", "input_series")}, "promql_expr_test": [asked]}


def test_alerts_fire_on_what_a_cluster_s_own_prometheus_has(tmp_path: Path) -> None:
    groups = cluster_groups({}, list(ON_CLUSTER.values()), "5s")
    (tmp_path / "rules.json").write_text(json.dumps({"groups": groups}))
    assert promtool("check", "rules", "--lint=all", "--lint-fatal", tmp_path / "rules.json") == ""
    tests = []
    for alert in [rule["alert"] for group in groups for rule in group["rules"] if "alert" in rule]:
        fires, silent = alert_cases.cases()[alert]["fires"], alert_cases.cases()[alert]["silent"]
        (tmp_path / f"{alert}.json").write_text(json.dumps(alert_cases.rules_for(alert, groups)))
        cases = [on_cluster(alert, fires, 1, ON_CLUSTER), on_cluster(alert, silent, 0, ON_CLUSTER)]
        if alert == "ServiceDown":
            # Of what else the cluster has, others are told.
            cases.append(on_cluster(alert, fires, 0, {}))
        whole = {
            "rule_files": [f"{alert}.json"],
            "evaluation_interval": fires.get("interval", alert_cases.INTERVAL),
            "tests": cases,
        }
        tests.append(tmp_path / f"{alert}-test.json")
        tests[-1].write_text(json.dumps(whole))
    assert promtool("test", "rules", *tests) == ""
