# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""Which labs are closed: what is worked out of an inventory and of monitor_lab_exposed, up to the services' URLs."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.plays import ansible_playbook, shown
from tests.role_readme import ROLES

GROUPS = ("tokenization", "locust", "locust_exporter", "prometheus")
ONE: dict[str, dict[str, Any]] = {group: {"lab1": {}} for group in GROUPS}
AT_AN_ADDRESS = {**ONE, "locust": {"lab1": {"monitor_lab_address": "192.0.2.1"}}}
SEVERAL = {group: {f"host{number}": {"ansible_host": f"192.0.2.{number}"}} for number, group in enumerate(GROUPS, 1)}
SHOWN = {
    "closed": "{{ monitor_lab_is_closed }}",
    "open": "{{ monitor_lab_is_open }}",
    "logins": "{{ monitor_lab_services | selectattr('login') | map(attribute='name') }}",
    "token to write": "{{ tokenization_require_token | bool }}",
    "token for metrics": "{{ monitor_lab_has_metrics_token }}",
    "schemes": "{{ monitor_lab_services | map(attribute='url') | select | map('urlsplit', 'scheme') | unique }}",
}
CLEAR = {
    "closed": False,
    "open": False,
    "logins": [],
    "token to write": False,
    "token for metrics": False,
    "schemes": ["http"],
}
OPEN = {**CLEAR, "open": True}
CLOSED = {
    "closed": True,
    "open": False,
    "logins": ["locust", "locust_exporter", "prometheus"],
    "token to write": True,
    "token for metrics": True,
    "schemes": ["https"],
}


@pytest.mark.parametrize(
    ("hosts", "given", "expected"),
    [
        pytest.param(ONE, {}, CLEAR, id="one machine"),
        pytest.param(ONE, {"monitor_lab_exposed": True}, CLEAR, id="one machine, exposed"),
        pytest.param(ONE, {"monitor_lab_tls": "lab"}, {**CLEAR, "schemes": ["https"]}, id="one machine, TLS"),
        pytest.param(AT_AN_ADDRESS, {}, CLOSED, id="one machine at an address"),
        pytest.param(SEVERAL, {}, CLOSED, id="several"),
        pytest.param(SEVERAL, {"monitor_lab_exposed": "false"}, CLOSED, id="several, not exposed"),
        # As the command line gives it.
        pytest.param(SEVERAL, {"monitor_lab_exposed": "true"}, OPEN, id="several, exposed"),
        # YAML's off.
        pytest.param(SEVERAL, {"monitor_lab_tls": False}, {**CLOSED, "schemes": ["http"]}, id="several, no TLS"),
    ],
)
def test_a_lab_that_others_reach_is_closed_unless_it_is_exposed(
    hosts: dict[str, dict[str, Any]], given: dict[str, Any], expected: dict[str, Any], tmp_path: Path
) -> None:
    known = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
    inventory = {
        group: {"hosts": {name: {**known, **variables} for name, variables in members.items()}}
        for group, members in hosts.items()
    }
    (tmp_path / "hosts.json").write_text(json.dumps(inventory))
    play = {
        "hosts": "all",
        "gather_facts": False,
        "vars_files": [str(ROLES / "tokenization" / "defaults" / "main.yml")],
        "tasks": [
            {"ansible.builtin.import_role": {"name": "devsecops.monitor_lab.monitor_lab", "public": True}},
            {"ansible.builtin.debug": {"msg": "{{ seen | to_json }}"}, "run_once": True, "vars": {"seen": SHOWN}},
        ],
    }
    (tmp_path / "play.yml").write_text(json.dumps([play]))
    done = ansible_playbook(
        tmp_path / "play.yml",
        f"--inventory={tmp_path}/hosts.json",
        f"--extra-vars={json.dumps({'monitor_lab_host': {}, **given})}",
    )
    assert done.returncode == 0, done.stdout
    assert shown(done) == [expected]
