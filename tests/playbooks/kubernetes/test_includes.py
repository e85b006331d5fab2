# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""A file of a user's playbook does not take the place of a role's file that has the same name.

Ansible looks for an included file in the role's tasks/, then in the playbook's tasks/, and last beside the file that
includes it: from a folder below tasks/, a bare name finds the playbook's file first.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.checks.tree import CHECKOUT
from tests.plays import ansible_playbook

ROLES = ("cluster", "tokenization")
PLAYBOOK = """
- hosts: localhost
  connection: local
  gather_facts: false
  vars:
    ansible_become: false
    ansible_facts: {}
    ansible_python_interpreter: "{{ ansible_playbook_python }}"
    monitor_lab_host: {listeners: [], podman: null}
    tokenization_runtime: kubernetes
    tokenization_kubeconfig: /nonexistent/kubeconfig
    tokenization_image_registry: localhost/lab
  tasks:
    - ansible.builtin.include_role:
        name: devsecops.monitor_lab.tokenization
"""
OTHER = """
- ansible.builtin.fail:
    msg: This is not the role's.
"""


@pytest.mark.parametrize("role", ROLES)
def test_a_role_s_tasks_are_in_one_folder(role: str) -> None:
    assert [path.name for path in (CHECKOUT / "roles" / role / "tasks").iterdir() if path.is_dir()] == []


def test_files_beside_a_playbook_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "playbook.yml").write_text(PLAYBOOK)
    (tmp_path / "tasks").mkdir()
    for role in ROLES:
        for path in (CHECKOUT / "roles" / role / "tasks").rglob("*.yml"):
            (tmp_path / "tasks" / path.name).write_text(OTHER)
            (tmp_path / path.name).write_text(OTHER)
    played = ansible_playbook(tmp_path / "playbook.yml", "--inventory=localhost,")
    # It went through the preflights of both roles, to where the cluster is asked.
    assert "no answer from the cluster of" in played.stdout
    assert "/nonexistent/kubeconfig" in played.stdout
    assert "not the role's" not in played.stdout
