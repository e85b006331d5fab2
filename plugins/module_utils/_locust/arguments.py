# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the monitor_lab contributors
"""The arguments of the modules that talk to Locust, declared once for the modules and the action plugin."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Optional

from .._grafana.arguments import CONNECTION as GRAFANA
from .client import LocustClient

KUBERNETES: dict[str, dict[str, Any]] = {
    "kubeconfig": {"type": "path"},
    "context": {"type": "str"},
    "namespace": {"type": "str"},
    "service": {"type": "str", "default": "locust"},
}
CONNECTION: dict[str, dict[str, Any]] = {
    "locust_url": {"type": "str", "default": "http://127.0.0.1:8089"},
    "locust_username": {"type": "str"},
    "locust_password": {"type": "str", "no_log": True},
    "locust_ca_path": {"type": "path"},
    "locust_client_cert": {"type": "path"},
    "locust_client_key": {"type": "path"},
    "locust_headers": {"type": "dict", "no_log": True},
    "locust_use_proxy": {"type": "bool", "default": False},
    "kubernetes": {"type": "dict", "options": KUBERNETES},
}
# Of whom the report is made on the controller.
PROMETHEUS: dict[str, dict[str, Any]] = {
    "prometheus_url": {"type": "str"},
    "prometheus_username": {"type": "str"},
    "prometheus_password": {"type": "str", "no_log": True},
    "prometheus_ca_path": {"type": "path"},
}
STAGE: dict[str, dict[str, Any]] = {
    "duration": {"type": "str", "required": True},
    "users": {"type": "int", "required": True},
    "spawn_rate": {"type": "float", "default": 1},
}
ARGUMENTS: dict[str, dict[str, Any]] = {
    **CONNECTION,
    "mode": {"type": "str", "choices": ["api", "process"], "default": "api"},
    "locust_command": {"type": "path", "default": "locust"},
    "locustfile": {"type": "path"},
    "chdir": {"type": "path"},
    "users": {"type": "int"},
    "spawn_rate": {"type": "float"},
    "run_time": {"type": "str"},
    "stages": {"type": "list", "elements": "dict", "options": STAGE},
    "host": {"type": "str"},
    "user_classes": {"type": "list", "elements": "str"},
    "tags": {"type": "list", "elements": "str"},
    "locust_options": {"type": "dict"},
    "warmup": {"type": "str"},
    "reset_stats": {"type": "bool", "default": False},
    "expect_workers": {"type": "int", "default": 0},
    "expect_workers_max_wait": {"type": "str", "default": "60s"},
    "replace_workers_max_wait": {"type": "str", "default": "0s"},
    "start_max_wait": {"type": "str", "default": "60s"},
    "stop_max_wait": {"type": "str", "default": "30s"},
    "force": {"type": "bool", "default": False},
    "thresholds": {"type": "list", "elements": "raw", "default": []},
    "baseline": {"type": "path"},
    "baseline_regression": {"type": "dict"},
    "artifacts_dir": {"type": "path", "default": "artifacts"},
    "artifacts_url": {"type": "str"},
    "lab": {"type": "str", "default": ""},
    "progress": {"type": "bool", "default": True},
    "report": {"type": "bool", "default": False},
    **PROMETHEUS,
    **GRAFANA,
    "grafana_dashboard_uid": {"type": "str"},
}

# Of the module lab_report.
REPORT: dict[str, Any] = {
    "argument_spec": {
        "run": {"type": "str"},
        "against": {"type": "str"},
        "from": {"type": "str"},
        "to": {"type": "str"},
        "artifacts_dir": {"type": "path", "default": "artifacts"},
        "dashboard_url": {"type": "str"},
        **PROMETHEUS,
    },
    "mutually_exclusive": [("from", "run"), ("from", "against")],
    "required_by": {"to": ["from"]},
}


def client_from(options: Mapping[str, Any], cookies: Optional[Path] = None, port: Optional[int] = None) -> LocustClient:
    """Return a client for the options of `CONNECTION`; `cookies` and `port` as in `LocustClient`."""
    return LocustClient(
        url=options["locust_url"],
        username=options["locust_username"],
        password=options["locust_password"],
        ca_path=options["locust_ca_path"],
        cookies=cookies,
        headers=options["locust_headers"],
        client_cert=options["locust_client_cert"],
        client_key=options["locust_client_key"],
        use_proxy=options["locust_use_proxy"],
        port=port,
    )
