# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""Where no node of the cluster is ready there is no lab to find, and one to remove all the same."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
import yaml

from tests.checks.tree import CHECKOUT
from tests.cluster_stand_in import served
from tests.plays import ansible_playbook


@pytest.mark.parametrize(("service", "removes"), [("tokenization", False), ("tokenization", True), ("locust", False)])
def test_only_a_removal_does_without_a_node_that_is_ready(service: str, removes: bool, tmp_path: Path) -> None:
    role = {"name": "devsecops.monitor_lab.monitor_lab", "rolespec_validate": False}
    task = {"ansible.builtin.import_role": role, "vars": {"monitor_lab_needs_node": False} if removes else {}}
    (tmp_path / "play.yml").write_text(json.dumps([{"hosts": "one", "gather_facts": False, "tasks": [task]}]))
    with served() as (cluster, kubeconfig):
        cluster.objects["nodes", "", "node-a"]["status"]["conditions"] = [{"type": "Ready", "status": "Unknown"}]
        (tmp_path / "kubeconfig").write_text(kubeconfig)
        host = {
            "ansible_connection": "local",
            "ansible_python_interpreter": sys.executable,
            f"{service}_runtime": "kubernetes",
            f"{service}_kubeconfig": f"{tmp_path}/kubeconfig",
            f"{service}_context": "stand-in",
        }
        (tmp_path / "hosts.json").write_text(json.dumps({service: {"hosts": {"one": host}}}))
        done = ansible_playbook(tmp_path / "play.yml", f"--inventory={tmp_path}/hosts.json")
    assert (done.returncode == 0) is removes, done.stdout
    said = " ".join(done.stdout.split())
    assert ("none of its 1 nodes is ready and has an InternalIP" in said) is not removes
    assert (f"Check {service}_kubeconfig" in said) is not removes


def test_a_removal_asks_for_no_address() -> None:
    (play,) = [play for play in yaml.safe_load((CHECKOUT / "playbooks/teardown.yml").read_text()) if "tasks" in play]
    (look,) = [task for task in play["tasks"] if task["name"] == "Look at the host"]
    assert look["vars"] == {"monitor_lab_needs_node": False}
