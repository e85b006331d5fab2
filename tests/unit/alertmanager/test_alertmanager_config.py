# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""Whom Alertmanager tells, and whom Prometheus."""

from __future__ import annotations

from typing import Any

import yaml
from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils import _logins as logins
from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._alertmanager import alertmanager_config

EMAIL = {
    "to": "",
    "from": "lab@example.org",
    "smarthost": "mail.example.org:587",
    "username": "",
    "password_file": "/keys/smtp_password",
    "require_tls": True,
}
NOBODY = {
    "webhook_url": "",
    "receiver_url": "",
    "receiver_password_file": "/keys/alertmanager_password",
    "email": EMAIL,
    "page": "http://127.0.0.1:9090/alerts",
}
ACCESS: dict[str, dict[str, Any]] = {
    "alertmanager": {"ca_path": "/etc/ca.crt", "url_username": "alertmanager", "url_password": "p4ss"},
    "prometheus": {},
}


def config(**told: Any) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(alertmanager_config({**NOBODY, **told}))
    return found


def lab(**told: Any) -> dict[str, Any]:
    (found,) = [receiver for receiver in config(**told)["receivers"] if receiver["name"] == "lab"]
    return found


def test_nobody_is_told_where_nobody_is_named() -> None:
    assert lab() == {"name": "lab"}


def test_a_run_keeps_back_what_is_about_performance_alone() -> None:
    (rule,) = config()["inhibit_rules"]
    assert rule == {"source_matchers": ['alertname="LoadRunActive"'], "target_matchers": ['class="performance"']}


def test_what_tells_programs_is_told_to_nobody() -> None:
    found = config(webhook_url="http://a")
    assert found["route"]["routes"] == [{"receiver": "nobody", "matchers": ['severity="none"']}]
    assert {"name": "nobody"} in found["receivers"]


def test_the_webhook_and_the_receiver_are_both_told() -> None:
    assert lab(webhook_url="https://hook/geheim", receiver_url="http://127.0.0.1:9095/alerts")["webhook_configs"] == [
        {
            "url": "http://127.0.0.1:9095/alerts",
            "http_config": {"authorization": {"credentials_file": "/keys/alertmanager_password"}},
        },
        {"url": "https://hook/geheim"},
    ]


def test_mail_says_what_is_wrong_and_where_a_person_sees_it() -> None:
    (mail,) = lab(email={**EMAIL, "to": "a@example.org"})["email_configs"]
    assert (mail["to"], mail["from"], mail["smarthost"]) == ("a@example.org", "lab@example.org", "mail.example.org:587")
    assert mail["require_tls"] is True
    assert "{{ .Annotations.summary }}" in mail["text"]
    assert mail["text"].endswith("http://127.0.0.1:9090/alerts")
    assert "auth_username" not in mail and "auth_password_file" not in mail


def test_the_password_for_mail_is_a_file() -> None:
    (mail,) = lab(email={**EMAIL, "to": "a@example.org", "username": "lab", "require_tls": False})["email_configs"]
    assert (mail["auth_username"], mail["auth_password_file"]) == ("lab", "/keys/smtp_password")
    assert mail["require_tls"] is False


def test_ansible_takes_no_template_of_alertmanagers_for_its_own() -> None:
    assert "{{" not in alertmanager_config({**NOBODY, "email": {**EMAIL, "to": "a@example.org"}})


def service(name: str, url: str) -> dict[str, Any]:
    return {"name": name, "groups": [name], "url": url}


def test_prometheus_tells_alertmanager_with_login_and_authority() -> None:
    services = [service("prometheus", "http://a:9090"), service("alertmanager", "https://192.0.2.4:9093")]
    assert logins.alerting(services, ACCESS, "/etc/p") == {
        "alertmanagers": [
            {
                "scheme": "https",
                "static_configs": [{"targets": ["192.0.2.4:9093"]}],
                "tls_config": {"ca_file": "/etc/p/tls/authority.crt"},
                "basic_auth": {"username": "alertmanager", "password_file": "/etc/p/keys/alertmanager_password"},
            }
        ]
    }


def test_a_lab_without_alertmanager_tells_nobody() -> None:
    assert logins.alerting([service("alertmanager", "")], ACCESS, "/etc/p") == {}
