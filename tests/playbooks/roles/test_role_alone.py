# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""A role that is used alone asks for the addresses that it needs, and takes those that are given."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.plays import ansible_playbook

LOOKED: dict[str, Any] = {"monitor_lab_host": {"listeners": [], "docker": None, "podman": None, "cpus": 2}}


def preflight(folder: Path, role: str, group: str, **variables: str) -> subprocess.CompletedProcess[str]:
    play = {
        "hosts": group,
        "gather_facts": False,
        "tasks": [
            {"ansible.builtin.import_role": {"name": f"devsecops.monitor_lab.{role}", "tasks_from": "preflight"}},
        ],
    }
    host = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
    (folder / "hosts.json").write_text(json.dumps({group: {"hosts": {"one": host}}}))
    (folder / "play.yml").write_text(json.dumps([play]))
    return ansible_playbook(
        folder / "play.yml",
        f"--inventory={folder}/hosts.json",
        f"--extra-vars={json.dumps({**LOOKED, **variables})}",
    )


@pytest.mark.parametrize(
    ("role", "group", "variable", "given"),
    [
        ("locust_exporter", "locust_exporter", "monitor_lab_locust_url", "http://192.0.2.1:8089"),
        ("locust", "locust_workers", "monitor_lab_locust_address", "192.0.2.1"),
        ("grafana", "grafana", "monitor_lab_prometheus_url", "http://192.0.2.1:9090"),
    ],
)
def test_it_asks_for_the_address_that_it_needs(
    role: str, group: str, variable: str, given: str, tmp_path: Path
) -> None:
    refused = preflight(tmp_path, role, group)
    assert refused.returncode != 0
    assert f"or set {variable}. Nothing was changed." in " ".join(refused.stdout.split())
    taken = preflight(tmp_path, role, group, **{variable: given})
    assert taken.returncode == 0, taken.stdout


def test_a_group_that_a_later_play_makes_is_known(tmp_path: Path) -> None:
    """As where the examples of two roles are put behind each other."""
    role = {"name": "devsecops.monitor_lab.monitor_lab", "public": True, "rolespec_validate": False}
    plays = [
        {
            "hosts": "one",
            "gather_facts": False,
            "vars": {"ansible_become": False},
            "tasks": [
                {"ansible.builtin.group_by": {"key": group}},
                {"ansible.builtin.import_role": role},
                {"ansible.builtin.debug": {"msg": f"at {{{{ monitor_lab_{group}_url }}}}."}},
            ],
        }
        for group in ("locust", "locust_exporter", "locust_exporter")
    ]
    host = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
    (tmp_path / "hosts.json").write_text(json.dumps({"web": {"hosts": {"one": host}}}))
    (tmp_path / "play.yml").write_text(json.dumps(plays))
    done = ansible_playbook(tmp_path / "play.yml", f"--inventory={tmp_path}/hosts.json")
    assert done.returncode == 0, done.stdout
    assert done.stdout.count("at http://127.0.0.1:8089.") == 1
    assert done.stdout.count("at http://127.0.0.1:9646.") == 2
    # Each time costs some seconds.
    assert done.stdout.count("look_again.yml for one") == 1
