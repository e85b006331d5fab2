# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""Where there is no systemd, nothing but the role bounds what Docker says."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import yaml

from tests.plays import ansible_playbook
from tests.role_readme import ROLES, load
from tests.waiting import wait_until

LOG = "__container_engine_log_file"


def test_each_docker_begins_its_log_anew_and_tells_what_is_wrong_alone(tmp_path: Path) -> None:
    docker = tmp_path / "dockerd"
    docker.write_text('#!/bin/sh\necho "started: $*"\n')
    docker.chmod(0o755)
    text = (ROLES / "container_engine" / "tasks" / "start.yml").read_text().replace("/usr/sbin/dockerd", str(docker))
    tasks = [task for task in yaml.safe_load(text)[0]["block"] if LOG in str(task)]
    (tmp_path / "play.yml").write_text(json.dumps([{"hosts": "localhost", "gather_facts": False, "tasks": tasks}]))
    log = tmp_path / "docker.log"
    log.write_text("said by the one before\n")
    given = {
        "ansible_python_interpreter": sys.executable,
        "ansible_facts": {"service_mgr": "sysvinit"},
        "monitor_lab_through_proxy": load(ROLES / "monitor_lab" / "vars" / "main.yml")["monitor_lab_through_proxy"],
        "monitor_lab_proxy_file": f"{tmp_path}/proxy.env",
        LOG: str(log),
        "__container_engine_pid_file": f"{tmp_path}/docker.pid",
    }
    done = ansible_playbook(
        tmp_path / "play.yml", "--inventory=localhost,", "--connection=local", f"--extra-vars={json.dumps(given)}"
    )
    assert done.returncode == 0, done.stdout
    wait_until("it has said something", lambda: log.exists() and log.read_text() != "", 10)
    (line,) = log.read_text().splitlines()
    assert line.startswith("started: ")
    assert "--log-level=warn" in line.split()
