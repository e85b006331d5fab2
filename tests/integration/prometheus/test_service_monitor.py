# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""What a ServiceMonitor of the lab's finds, and under which labels, says Prometheus's own discovery."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._logins import scrape_configs
from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._monitoring import (
    Monitored,
    Settings,
    monitoring_objects,
)

SETTINGS: Settings = {
    "namespace": "monitor-lab",
    "monitor_labels": {},
    "dashboard_labels": {},
    "interval": "5s",
    "thresholds": {},
}
# By what prometheus-operator's relabelings are called, Prometheus's are.
RELABELINGS = {"targetLabel": "target_label", "replacement": "replacement", "action": "action"}


def discovered(namespace: str, service: str, app: str, port: str) -> dict[str, str]:
    """What Prometheus learns from a cluster of a pod behind a Service's port."""
    meta = {
        "namespace": namespace,
        "service_name": service,
        "service_label_app": app,
        "service_labelpresent_app": "true",
        "endpoint_port_name": port,
        "endpoint_address_target_kind": "Pod",
        "endpoint_address_target_name": f"{service}-x",
        "pod_name": f"{service}-x",
        "pod_container_name": "main",
    }
    return {f"__meta_kubernetes_{name}": value for name, value in meta.items()}


def scraped(monitor: dict[str, Any]) -> dict[str, Any]:
    """The job that prometheus-operator 0.93 makes of it (generateServiceMonitorConfig, pkg/prometheus/promcfg.go)."""
    ((name, value),) = monitor["spec"]["selector"]["matchLabels"].items()
    (endpoint,) = monitor["spec"]["endpoints"]
    meta, (label, present) = "__meta_kubernetes_", (f"service_label_{name}", f"service_labelpresent_{name}")
    kept = [
        {"action": "keep", "source_labels": [f"{meta}{label}", f"{meta}{present}"], "regex": f"({value});true"},
        {"action": "keep", "source_labels": [f"{meta}endpoint_port_name"], "regex": endpoint["port"]},
    ]
    named = {"namespace": "namespace", "service": "service_name", "pod": "pod_name", "container": "pod_container_name"}
    added = [{"source_labels": [f"{meta}{source}"], "target_label": target} for target, source in named.items()]
    added += [{"source_labels": [f"{meta}service_name"], "target_label": "job", "replacement": "${1}"}]
    added += [{"target_label": "endpoint", "replacement": endpoint["port"]}]
    ours = [{RELABELINGS[key]: value for key, value in one.items()} for one in endpoint["relabelings"]]
    return {"job_name": "monitor", "metrics_path": endpoint["path"], "relabel_configs": [*kept, *added, *ours]}


def labels(job: dict[str, Any], targets: list[dict[str, Any]], folder: Path) -> list[dict[str, str]]:
    """What Prometheus says that a job's targets are labelled with; those that it drops have nothing."""
    configuration = {"scrape_configs": [{**job, "static_configs": targets}]}
    (folder / "prometheus.json").write_text(json.dumps(configuration))
    done = subprocess.run(
        ["promtool", "check", "service-discovery", "--timeout=2s", folder / "prometheus.json", job["job_name"]],
        capture_output=True,
        text=True,
        check=True,
    )
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return [one["labels"] for one in found if one["labels"]]


def test_rules_and_dashboards_find_the_labels_of_the_lab_s_own_prometheus(tmp_path: Path) -> None:
    service: Monitored = {
        "job": "tokenization",
        "app": "tokenization-service",
        "namespace": "monitor-lab",
        "endpoint": {"port": "http", "path": "/metrics"},
    }
    monitor, *_others = monitoring_objects([service], SETTINGS, [])
    targets = [
        {
            "targets": ["10.0.0.1:5000"],
            "labels": discovered("monitor-lab", "tokenization-service", "tokenization-service", "http"),
        },
        {
            "targets": ["10.0.0.2:5432"],
            "labels": discovered("monitor-lab", "tokenization-postgres", "tokenization-postgres", "postgresql"),
        },
    ]
    (inside,) = labels(scraped(monitor), targets, tmp_path)
    described = {"name": "tokenization", "groups": ["tokenization"], "each": False, "url": "http://10.0.0.1:5000"}
    scraped_outside = {**described, "metrics": "/metrics", "metrics_token": False}
    (job,) = scrape_configs([scraped_outside], {"tokenization": {}}, "", {}, {})
    (outside,) = labels(job, job["static_configs"], tmp_path)
    assert outside.items() <= inside.items()
    assert inside.keys() - outside.keys() == {"namespace", "service", "pod", "container", "endpoint"}
