# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""What a cluster's own Prometheus and Grafana are told, by the fields that prometheus-operator knows."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import kubernetes_validate
import pytest
from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._alert_rules import groups_by_file
from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._monitoring import (
    RULES,
    Monitored,
    Settings,
    cluster_groups,
    monitoring_objects,
)

from tests.checks.tree import CHECKOUT

DASHBOARDS = sorted((CHECKOUT / "files" / "dashboards").glob("*.json"))
SETTINGS: Settings = {
    "namespace": "monitor-lab",
    "monitor_labels": {"release": "kube-prometheus-stack"},
    "dashboard_labels": {"grafana_dashboard": "1"},
    "interval": "15s",
    "thresholds": {"error_ratio": 0.25},
}
TOKEN = {"credentials": {"name": "tokenization-service-0123", "key": "metrics_token"}}
SERVICE: Monitored = {
    "job": "tokenization",
    "app": "tokenization-service",
    "namespace": "monitor-lab",
    "endpoint": {"port": "http", "path": "/metrics", "authorization": TOKEN},
}
# As one on a cluster would have it.
EXPORTER: Monitored = {
    "job": "locust_exporter",
    "app": "locust",
    "namespace": "load",
    "endpoint": {"port": "exporter", "path": "/metrics"},
}


# What is used of prometheus-operator 0.93's CustomResourceDefinitions (Apache-2.0), and what a value has to match.
DURATION = r"([0-9]+h)?([0-9]+m)?([0-9]+s)?"
ENDPOINT = "endpoints[]."
SPECS = {
    "ServiceMonitor": {
        "namespaceSelector.matchNames[]": ".+",
        "selector.matchLabels.app": ".+",
        f"{ENDPOINT}port": ".+",
        f"{ENDPOINT}path": "/.+",
        f"{ENDPOINT}interval": DURATION,
        f"{ENDPOINT}scrapeTimeout": DURATION,
        f"{ENDPOINT}followRedirects": "False",
        f"{ENDPOINT}authorization.credentials.name": ".+",
        f"{ENDPOINT}authorization.credentials.key": ".+",
        f"{ENDPOINT}relabelings[].action": "replace",
        f"{ENDPOINT}relabelings[].targetLabel": ".+",
        f"{ENDPOINT}relabelings[].replacement": ".+",
    },
    "PrometheusRule": {
        "groups[].name": ".+",
        "groups[].interval": DURATION,
        "groups[].rules[].alert": ".+",
        "groups[].rules[].record": ".+",
        "groups[].rules[].expr": ".+",
        "groups[].rules[].for": DURATION,
        "groups[].rules[].labels.severity": ".+",
        "groups[].rules[].labels.class": ".+",
        "groups[].rules[].labels.job": ".+",
        "groups[].rules[].annotations.summary": ".+",
        "groups[].rules[].annotations.runbook_url": ".+",
    },
}


def values(one: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the path of each value that is no mapping and no list, and the value."""
    if isinstance(one, dict):
        for name, value in one.items():
            yield from values(value, f"{path}.{name}" if path else name)
    elif isinstance(one, list):
        for value in one:
            yield from values(value, f"{path}[]")
    else:
        yield path, one


def objects(*monitored: Monitored) -> dict[tuple[str, str], dict[str, Any]]:
    made = monitoring_objects(monitored, SETTINGS, map(str, DASHBOARDS))
    return {(one["kind"], one["metadata"]["name"]): one for one in made}


def recorded_and_told(*jobs: str) -> set[str]:
    groups = cluster_groups({}, jobs, "5s")
    return {rule.get("alert", rule.get("record")) for group in groups for rule in group["rules"]}


def test_the_operator_knows_each_field() -> None:
    found = [one for key, one in objects(SERVICE, EXPORTER).items() if key[0] in SPECS]
    assert len(found) == 3
    for one in found:
        assert one["apiVersion"] == "monitoring.coreos.com/v1"
        known = SPECS[one["kind"]]
        wrong = {
            path: value for path, value in values(one["spec"]) if not re.fullmatch(known.get(path, ""), str(value))
        }
        assert wrong == {}
    groups = objects(SERVICE, EXPORTER)["PrometheusRule", "monitor-lab"]["spec"]["groups"]
    assert len({group["name"] for group in groups}) == len(groups), "a name is a group's key"


def test_they_are_chosen_by_labels_and_found_again_by_one_of_ours() -> None:
    ours = {"app.kubernetes.io/managed-by": "monitor-lab"}
    for (kind, _name), one in objects(SERVICE, EXPORTER).items():
        given = SETTINGS["dashboard_labels"] if kind == "ConfigMap" else SETTINGS["monitor_labels"]
        assert one["metadata"]["labels"] == {**given, **ours}
        assert one["metadata"]["namespace"] == "monitor-lab"


def test_a_service_is_scraped_as_the_lab_does() -> None:
    (endpoint,) = objects(SERVICE)["ServiceMonitor", "tokenization-service"]["spec"]["endpoints"]
    assert endpoint["authorization"] == TOKEN
    assert (endpoint["interval"], endpoint["scrapeTimeout"], endpoint["followRedirects"]) == ("15s", "15s", False)


def test_another_service_is_one_entry_more() -> None:
    more = objects(SERVICE, EXPORTER).keys() - objects(SERVICE).keys()
    assert more == {("ServiceMonitor", "locust")}
    spec = objects(SERVICE, EXPORTER)["ServiceMonitor", "locust"]["spec"]
    assert spec["namespaceSelector"] == {"matchNames": ["load"]}
    assert spec["selector"] == {"matchLabels": {"app": "locust"}}
    assert recorded_and_told("tokenization", "locust_exporter") > recorded_and_told("tokenization")


def test_only_rules_about_what_is_there_are_told() -> None:
    alone = recorded_and_told("tokenization")
    # Without the load's figures every run would be traffic that nobody explains.
    assert not alone & {"TrafficSpike", "lab:tokenization_requests:rate1m_outside_runs", "RunFailing"}
    assert {"ServiceDown", "TargetMissing", "ErrorRatioHigh", "CredentialGuessing"} <= alone
    both = recorded_and_told("tokenization", "locust_exporter")
    assert {"TrafficSpike", "LoadRunActive"} <= both
    # The cluster's hosts, containers, Prometheus and Alertmanager have rules of their own.
    assert not both & {"HostBusy", "ContainerRestarting", "RulesFailing", "NotificationsFailing"}


def test_each_job_has_a_file_of_rules() -> None:
    assert set(RULES.values()) < groups_by_file({}, []).keys()


def test_rules_are_looked_at_as_often_as_targets() -> None:
    groups = objects(SERVICE)["PrometheusRule", "monitor-lab"]["spec"]["groups"]
    assert {group["name"]: group["interval"] for group in groups} == {
        **dict.fromkeys(("jobs", "lab", "service", "service_defence"), "15s"),
        "service_objective": "30s",
    }
    (rule,) = [rule for group in groups for rule in group["rules"] if rule.get("alert") == "ErrorRatioHigh"]
    assert rule["expr"].endswith("> 0.25")


@pytest.mark.parametrize("path", DASHBOARDS, ids=lambda path: path.stem)
def test_a_dashboard_is_the_same_in_a_configmap(path: Any) -> None:
    one = objects(SERVICE)["ConfigMap", f"monitor-lab-{path.stem}-dashboard"]
    assert kubernetes_validate.validate(one, "1.37", strict=True) == "1.37"
    ((name, text),) = one["data"].items()
    assert re.fullmatch(r"monitor-lab-\w+\.json", name)
    assert json.loads(text) == json.loads(path.read_text(encoding="utf-8"))
    assert "{{" not in text, "Ansible would take it for a template"
    assert len(text.encode()) < 1024**2, "a ConfigMap holds no more"
