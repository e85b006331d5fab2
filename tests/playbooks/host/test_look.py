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

LOCAL = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
# Not root, who may run the tests already.
BECOME = {**LOCAL, "ansible_become": True, "ansible_become_user": "nobody"}
# What sudo itself says: for want of a password, of a line in sudoers, and of one that allows this.
SUDO = {
    "asks": "sudo: a password is required",
    "unknown": "vagrant is not in the sudoers file.",
    "limited": "Sorry, user vagrant is not allowed to execute '/bin/sh -c true' as root on vm1.",
}


def looked(folder: Path, host: dict[str, Any], **arguments: str) -> str:
    """Return what is said of a host that cannot be looked at, on one line; `{folder}` in it is the test's."""
    for name, says in SUDO.items():
        sudo = folder / name
        sudo.write_text(f'#!/bin/sh\necho "{says}" >&2\nexit 1\n')
        sudo.chmod(0o755)
    inventory = json.dumps({"all": {"hosts": {"vm1": host}}}).replace("{folder}", str(folder))
    (folder / "hosts.json").write_text(inventory)
    # JSON is YAML.
    play = {"hosts": "all", "gather_facts": False, "tasks": [{"devsecops.monitor_lab.lab_host_info": arguments}]}
    (folder / "play.yml").write_text(json.dumps([play]))
    done = ansible_playbook(folder / "play.yml", f"--inventory={folder}/hosts.json")
    assert done.returncode == 2
    assert "failed=1" in done.stdout
    return " ".join(done.stdout.split())


@pytest.mark.parametrize(
    ("host", "says"),
    [
        (
            {"ansible_host": "127.0.0.1", "ansible_port": 9, "ansible_ssh_common_args": "-F /dev/null"},
            "vm1: the host cannot be reached. Start it",
        ),
        ({**LOCAL, "ansible_python_interpreter": "/nonexistent/python3"}, "vm1: Ansible needs Python there."),
        (
            {**BECOME, "ansible_become_exe": "{folder}/asks"},
            "vm1: sudo wants a password, and the right one was not given.",
        ),
        ({**BECOME, "ansible_become_exe": "/nonexistent/sudo"}, "vm1: there is no sudo there. Install it"),
        ({**BECOME, "ansible_become_exe": "{folder}/unknown"}, "vm1: sudo does not let this user become root."),
        ({**BECOME, "ansible_become_exe": "{folder}/limited"}, "vm1: sudo does not let this user become root."),
        (
            # Nobody makes a folder there, and Ansible does not say why.
            {**LOCAL, "ansible_pipelining": False, "ansible_remote_tmp": "/proc/none"},
            "vm1: nothing can be written where Ansible works: the home of this user or /tmp is full",
        ),
    ],
    ids=["unreachable", "python", "password", "sudo", "sudoers", "limited", "home"],
)
def test_what_keeps_ansible_from_a_host_is_told(host: dict[str, Any], says: str, tmp_path: Path) -> None:
    assert says in looked(tmp_path, host)


def test_a_crash_is_told_with_its_reason(tmp_path: Path) -> None:
    said = looked(tmp_path, LOCAL, data_path=f"/{'a' * 300}")
    assert "vm1: the module crashed there." in said
    assert "File name too long" in said.partition("the module crashed there.")[2]


@pytest.mark.parametrize(
    "refusal",
    [
        "ansible-core requires a minimum of Python version 3.8. Current version: 3.7.16",
        "Ansible requires Python 3.9 or newer on the target. Current version: 3.8.18",
    ],
)
def test_who_is_refused_by_ansible_itself_is_told_what_to_set(refusal: str, tmp_path: Path) -> None:
    python = tmp_path / "python3"
    answer = json.dumps({"failed": True, "msg": refusal})
    python.write_text(f"#!/bin/sh\ncat >/dev/null\necho '{answer}'\nexit 1\n")
    python.chmod(0o755)
    said = looked(tmp_path, {**LOCAL, "ansible_python_interpreter": str(python)})
    told = "vm1: the Python there is too old. Set ansible_python_interpreter to one of 3.9 or newer."
    assert f"{told} ({refusal})" in said
