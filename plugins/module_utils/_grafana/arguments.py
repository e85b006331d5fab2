# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the monitor_lab contributors
"""How the modules reach Grafana: arguments with community.grafana's names, declared once."""

from __future__ import annotations

from typing import Any

CONNECTION: dict[str, dict[str, Any]] = {
    "grafana_url": {"type": "str"},
    "url_username": {"type": "str", "aliases": ["grafana_user"]},
    "url_password": {"type": "str", "no_log": True, "aliases": ["grafana_password"]},
    "grafana_api_key": {"type": "str", "no_log": True},
    "org_id": {"type": "int"},
    "use_proxy": {"type": "bool", "default": True},
    "validate_certs": {"type": "bool", "default": True},
    "ca_path": {"type": "path"},
    "client_cert": {"type": "path"},
    "client_key": {"type": "path"},
    "timeout": {"type": "int", "default": 10},
}
REQUIRED_BY = {"url_username": "url_password", "client_key": "client_cert"}
