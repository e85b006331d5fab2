# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the monitor_lab contributors
"""What a cluster's own Prometheus and Grafana are told of the lab: prometheus-operator's objects, and dashboards."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypedDict

from ._alert_rules import FOLDER, groups_by_file, without_braces

API = "monitoring.coreos.com/v1"
MARK = {"app.kubernetes.io/managed-by": "monitor-lab"}
"""The label by which these objects are found again."""
RULES = {"tokenization": "service", "locust_exporter": "load"}
"""Job → the file of rules about it. Those of files/prometheus/rules/lab.yml are about each job."""
_RECORDED = re.compile(r"\b\w+(?::\w+)+\b")
_QUOTED = re.compile(r'"[^"]*"')


class Monitored(TypedDict):
    """What is scraped of a service on a cluster."""

    job: str
    """As the lab's own Prometheus calls it."""
    app: str
    """Value of the label C(app) of its Service."""
    namespace: str
    endpoint: dict[str, Any]
    """Its C(port), C(path) and what lets one in, as a ServiceMonitor takes them."""


class Settings(TypedDict):
    """How a cluster's Prometheus and Grafana choose what they are told, and how often they look."""

    namespace: str
    monitor_labels: Mapping[str, str]
    dashboard_labels: Mapping[str, str]
    interval: str
    thresholds: Mapping[str, Any]


def monitoring_objects(
    monitored: Sequence[Monitored], settings: Settings, dashboards: Iterable[str]
) -> list[dict[str, Any]]:
    """Return a ServiceMonitor for each service, the rules about them, and a ConfigMap for each dashboard (paths)."""
    jobs = [one["job"] for one in monitored]
    rules = _object(API, "PrometheusRule", "monitor-lab", settings["namespace"], settings["monitor_labels"])
    groups = cluster_groups(settings["thresholds"], jobs, settings["interval"])
    return [
        *(_service_monitor(one, settings) for one in monitored),
        {**rules, "spec": {"groups": groups}},
        *(_dashboard(Path(path), settings) for path in dashboards),
    ]


def cluster_groups(
    thresholds: Mapping[str, Any], jobs: Sequence[str], interval: str, folder: Path = FOLDER
) -> list[dict[str, Any]]:
    """Return the groups of rules about these jobs, for a Prometheus that has other targets, too.

    What asks for a series that no rule among them records is left out: it would be told nothing, or too much.
    """
    files = ["jobs", "lab", *(RULES[job] for job in jobs)]
    found = groups_by_file(thresholds, jobs, folder)
    others = [rule for name in found.keys() - files for group in found[name] for rule in group["rules"]]
    missing = {rule["record"] for rule in others if "record" in rule}
    targets = f'up{{job=~"{"|".join(jobs)}"}}'
    groups = []
    for group in [group for name in files for group in found[name]]:
        rules = []
        for rule in group["rules"]:
            if missing & set(_RECORDED.findall(_QUOTED.sub("", rule["expr"]))):
                missing.add(rule.get("record", ""))
            else:
                rules.append({**rule, "expr": re.sub(r"\bup\b", targets, rule["expr"])})
        groups.append({"interval": interval, **group, "rules": rules})
    return groups


def _object(api: str, kind: str, name: str, namespace: str, labels: Mapping[str, str]) -> dict[str, Any]:
    metadata = {"name": name, "namespace": namespace, "labels": {**labels, **MARK}}
    return {"apiVersion": api, "kind": kind, "metadata": metadata}


def _service_monitor(one: Monitored, settings: Settings) -> dict[str, Any]:
    """https://prometheus-operator.dev/docs/api-reference/api/#monitoring.coreos.com/v1.ServiceMonitor."""
    endpoint = {
        **one["endpoint"],
        "interval": settings["interval"],
        "scrapeTimeout": settings["interval"],
        # One would get the login or the token, wherever it leads.
        "followRedirects": False,
        # In the place of the Service's name. What else the operator adds (namespace, service, pod, ...) stays.
        "relabelings": [{"action": "replace", "targetLabel": "job", "replacement": one["job"]}],
    }
    spec = {
        "namespaceSelector": {"matchNames": [one["namespace"]]},
        "selector": {"matchLabels": {"app": one["app"]}},
        "endpoints": [endpoint],
    }
    made = _object(API, "ServiceMonitor", one["app"], settings["namespace"], settings["monitor_labels"])
    return {**made, "spec": spec}


def _dashboard(path: Path, settings: Settings) -> dict[str, Any]:
    """Return one for the sidecar of Grafana's chart, which writes each key as a file into one folder."""
    name = f"monitor-lab-{path.stem}"
    made = _object("v1", "ConfigMap", f"{name}-dashboard", settings["namespace"], settings["dashboard_labels"])
    text = json.dumps(json.loads(path.read_text(encoding="utf-8")), ensure_ascii=False)
    return {**made, "data": {f"{name}.json": without_braces(text)}}
