# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""What keeps Ansible from a host comes as a failure of that host, with what to do."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.plays import ansible_playbook

PLAY = [{"hosts": "all", "gather_facts": False, "tasks": [{"devsecops.monitor_lab.lab_host_info": {}}]}]


@pytest.mark.parametrize(
    ("host", "says"),
    [
        (
            {"ansible_host": "127.0.0.1", "ansible_port": 9, "ansible_ssh_common_args": "-F /dev/null"},
            "vm1: the host cannot be reached. Start it",
        ),
        (
            {"ansible_connection": "local", "ansible_python_interpreter": "/nonexistent/python3"},
            "vm1: Ansible needs Python there.",
        ),
        (
            # Asks for a password as sudo does, and takes none.
            {
                "ansible_connection": "local",
                "ansible_python_interpreter": sys.executable,
                "ansible_become": True,
                # Not root, who may run the tests already.
                "ansible_become_user": "nobody",
                "ansible_become_exe": "{sudo}",
            },
            "vm1: sudo wants a password, and the right one was not given.",
        ),
    ],
)
def test_what_keeps_ansible_from_a_host_is_told(host: dict[str, Any], says: str, tmp_path: Path) -> None:
    sudo = tmp_path / "sudo"
    sudo.write_text("#!/bin/sh\necho 'sudo: a password is required' >&2\nexit 1\n")
    sudo.chmod(0o755)
    inventory = json.dumps({"all": {"hosts": {"vm1": host}}}).replace("{sudo}", str(sudo))
    (tmp_path / "hosts.json").write_text(inventory)
    # JSON is YAML.
    (tmp_path / "play.yml").write_text(json.dumps(PLAY))
    done = ansible_playbook(tmp_path / "play.yml", f"--inventory={tmp_path}/hosts.json")
    assert done.returncode == 2
    assert "failed=1" in done.stdout
    assert says in " ".join(done.stdout.split())
