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
