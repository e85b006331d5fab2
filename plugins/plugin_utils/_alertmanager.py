# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the monitor_lab contributors
"""Alertmanager's configuration: whom it tells, and what it keeps back while a load run goes on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

# Alerts that come together are told together; what goes on is told again after some hours.
_GROUPING = {"group_by": ["alertname"], "group_wait": "5s", "group_interval": "1m", "repeat_interval": "4h"}
_SUBJECT = "[{{ .Status | toUpper }}] {{ .GroupLabels.alertname }}"
_TEXT = (
    "{{ range .Alerts }}{{ .Status }}, {{ .Labels.severity }}, {{ .Labels.class }}: {{ .Annotations.summary }}\n"
    "{{ .Annotations.runbook_url }}\n\n{{ end }}"
)


def alertmanager_config(told: Mapping[str, Any]) -> str:
    """Return the text of Alertmanager's configuration, as 0.25 and later take it: JSON, which is YAML.

    `told` has a C(webhook_url), the C(receiver_url) of the lab's own receiver with the C(receiver_password_file) that
    it wants, and C(email), which has to, from, smarthost, username, password_file and require_tls; what is empty is
    left out. C(page) is where a person sees the alerts. Its form is
    https://prometheus.io/docs/alerting/latest/configuration/
    """
    lab: dict[str, Any] = {"name": "lab"}
    webhooks: list[dict[str, Any]] = []
    if told["receiver_url"]:
        credentials = {"credentials_file": told["receiver_password_file"]}
        webhooks.append({"url": told["receiver_url"], "http_config": {"authorization": credentials}})
    if told["webhook_url"]:
        # In here and not in a url_file, which 0.25 does not know.
        webhooks.append({"url": told["webhook_url"]})
    if webhooks:
        lab["webhook_configs"] = webhooks
    if told["email"]["to"]:
        lab["email_configs"] = [_email(told["email"], told["page"])]
    config = {
        "route": {
            "receiver": "lab",
            **_GROUPING,
            # What tells other programs, and nobody else.
            "routes": [{"receiver": "nobody", "matchers": ['severity="none"']}],
        },
        "inhibit_rules": [
            {"source_matchers": ['alertname="LoadRunActive"'], "target_matchers": ['class="performance"']}
        ],
        "receivers": [lab, {"name": "nobody"}],
    }
    # Neither Ansible nor its older versions may take Alertmanager's templates for theirs, or this text for a dict.
    return "# Whom Alertmanager tells.\n" + json.dumps(config, indent=2).replace("{{", "{\\u007b") + "\n"


def _email(email: Mapping[str, Any], page: str) -> dict[str, Any]:
    config = {
        "to": email["to"],
        "from": email["from"],
        "smarthost": email["smarthost"],
        "require_tls": bool(email["require_tls"]),
        "send_resolved": True,
        "headers": {"Subject": _SUBJECT},
        # Alertmanager's own text leads to its page, which Debian's is without.
        "html": "",
        "text": _TEXT + page,
    }
    if email["username"]:
        config["auth_username"] = email["username"]
        config["auth_password_file"] = email["password_file"]
    return config
