# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""For which inventories and variables the lab is closed, by the roles' own variables."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.plays import ansible_playbook, shown

GROUPS = ("tokenization", "locust", "locust_workers", "locust_exporter", "prometheus", "grafana")
ONE = dict.fromkeys(GROUPS, "one")
SEVERAL = {**ONE, "prometheus": "two"}
CLUSTER = {"tokenization_runtime": "kubernetes", "tokenization_postgres": True}
# The command line gives text.
EXPOSED = {"monitor_lab_exposed": "true"}
SHOWN = {
    "logins": "{{ monitor_lab_services | selectattr('login') | map(attribute='name') }}",
    "tls": "{{ monitor_lab_tls }}",
    "token": "{{ tokenization_require_token }}",
    "metrics_token": "{{ monitor_lab_has_metrics_token }}",
    "postgres_tls": "{{ __tokenization_postgres_has_tls }}",
    "said_to_be_open": "{{ monitor_lab_is_open }}",
}
ON_LOOPBACK = {
    "logins": [],
    "tls": "off",
    "token": False,
    "metrics_token": False,
    "postgres_tls": False,
    "said_to_be_open": False,
}
OPEN = {**ON_LOOPBACK, "said_to_be_open": True}
CLOSED = {
    "logins": ["locust", "locust_exporter", "node_exporter", "container_exporter", "prometheus"],
    "tls": "lab",
    "token": True,
    "metrics_token": True,
    "postgres_tls": False,
    "said_to_be_open": False,
}
ON_CLUSTER = {"token": True, "metrics_token": True, "postgres_tls": True}


def worked_out(folder: Path, groups: dict[str, str], of_hosts: Any, of_play: Any, given: Any) -> list[Any]:
    """Return what SHOWN is on each host."""
    host = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable, **of_hosts}
    inventory = {
        "all": {"hosts": dict.fromkeys(("one", *groups.values()), host)},
        **{group: {"hosts": {name: {}}} for group, name in groups.items()},
    }
    tasks = [
        # It is not entered, and all tasks know its variables.
        {"ansible.builtin.import_role": {"name": "devsecops.monitor_lab.tokenization"}, "when": False},
        {"ansible.builtin.debug": {"msg": "{{ seen | to_json }}"}, "vars": {"seen": SHOWN}},
    ]
    (folder / "play.yml").write_text(
        json.dumps([{"hosts": "all", "gather_facts": False, "vars": of_play, "tasks": tasks}])
    )
    (folder / "hosts.json").write_text(json.dumps(inventory))
    done = ansible_playbook(
        folder / "play.yml", f"--inventory={folder}/hosts.json", f"--extra-vars={json.dumps(given)}"
    )
    assert done.returncode == 0, done.stdout
    return shown(done)


@pytest.mark.parametrize(
    ("groups", "given", "is_so"),
    [
        (ONE, {}, ON_LOOPBACK),
        (ONE, EXPOSED, ON_LOOPBACK),
        (SEVERAL, {}, CLOSED),
        (SEVERAL, EXPOSED, OPEN),
        # Each of its nodes has the service's port, and all else is on loopback.
        (ONE, CLUSTER, {**ON_LOOPBACK, **ON_CLUSTER}),
        (ONE, {**CLUSTER, **EXPOSED}, OPEN),
        (SEVERAL, CLUSTER, {**CLOSED, **ON_CLUSTER}),
        (SEVERAL, {**CLUSTER, **EXPOSED}, OPEN),
    ],
)
@pytest.mark.parametrize("place", ["inventory", "command line"])
def test_who_gets_in(
    groups: dict[str, str], given: dict[str, Any], is_so: dict[str, Any], place: str, tmp_path: Path
) -> None:
    of_hosts, extra = (given, {}) if place == "inventory" else ({}, given)
    found = worked_out(tmp_path, groups, of_hosts, {}, extra)
    assert found == [is_so] * len({"one", *groups.values()})


@pytest.mark.parametrize("groups", [{}, {"tokenization": "one"}])
def test_a_role_that_is_used_alone_closes_what_it_puts_on_a_cluster(groups: dict[str, str], tmp_path: Path) -> None:
    """Its play alone tells it of the cluster."""
    (found,) = worked_out(tmp_path, groups, {}, CLUSTER, {})
    assert (found["token"], found["postgres_tls"]) == (True, True)
    (found,) = worked_out(tmp_path, groups, {}, {**CLUSTER, **EXPOSED}, {})
    assert (found["token"], found["postgres_tls"]) == (False, False)
