# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""What the role grafana writes for Grafana's provisioning."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

from tests.plays import ansible_playbook, reading, shown


def test_a_password_with_a_dollar_reaches_grafana_as_it_is_and_nothing_is_open(tmp_path: Path) -> None:
    (tmp_path / "prometheus_password").write_text("pa$HOME${x}\n")
    play = reading(
        ("monitor_lab", "grafana"),
        {"ansible.builtin.debug": {"msg": "{{ __grafana_datasource_file.content | to_json }}"}},
        {"ansible.builtin.debug": {"msg": "{{ __grafana_env | to_json }}"}},
    )
    (tmp_path / "play.yml").write_text(json.dumps([play]))
    hosts: dict[str, Any] = {group: {"hosts": {"localhost": {}}} for group in ("prometheus", "grafana")}
    (tmp_path / "hosts.json").write_text(json.dumps(hosts))
    given = {"monitor_lab_secrets_dir": str(tmp_path), "monitor_lab_is_closed": True}
    done = ansible_playbook(
        tmp_path / "play.yml", f"--inventory={tmp_path}/hosts.json", f"--extra-vars={json.dumps(given)}", cwd=tmp_path
    )
    assert done.returncode == 0, done.stdout
    content, environment = shown(done)
    (source,) = yaml.safe_load(content)["datasources"]
    # What follows a single dollar is the name of a variable there.
    assert source["secureJsonData"]["basicAuthPassword"] == "pa$$HOME$${x}"
    assert environment["GF_AUTH_ANONYMOUS_ENABLED"] == "false"
    assert environment["GF_METRICS_ENABLED"] == "false"
