# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""A load run whose module crashes says by what."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.plays import ansible_playbook

PRINTED = "Traceback (most recent call last):\nKeyError: 'users'"


@pytest.mark.parametrize("descriptor", ["1", "2"])
def test_a_load_run_shows_what_its_module_printed(descriptor: str, tmp_path: Path) -> None:
    python = tmp_path / "python3"
    # Over ssh, both may be one.
    python.write_text(f'#!/bin/sh\ncat >/dev/null\nprintf %s "{PRINTED}" >&{descriptor}\nexit 1\n')
    python.chmod(0o755)
    run = {
        "locust_url": "http://127.0.0.1:9",
        "users": 1,
        "spawn_rate": 1,
        "run_time": 5,
        "artifacts_dir": f"{tmp_path}/artifacts",
    }
    host = {"ansible_connection": "local", "ansible_python_interpreter": str(python)}
    (tmp_path / "hosts.json").write_text(json.dumps({"all": {"hosts": {"vm1": host}}}))
    (tmp_path / "play.yml").write_text(
        json.dumps([{"hosts": "all", "gather_facts": False, "tasks": [{"devsecops.monitor_lab.locust_run": run}]}])
    )
    done = ansible_playbook(tmp_path / "play.yml", f"--inventory={tmp_path}/hosts.json")
    assert done.returncode == 2
    assert "KeyError: 'users'" in done.stdout.partition("verdict")[0].partition("msg:")[2]
