# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""Who may see what Prometheus is configured with."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.plays import ansible_playbook, reading, shown
from tests.role_readme import ROLES

LOGIN = {"job_name": "mine", "basic_auth": {"username": "it", "password": "geheim"}}


@pytest.mark.parametrize(("job", "is_hidden"), [({"job_name": "mine"}, False), (LOGIN, True)])
def test_prometheus_alone_reads_its_configuration(job: dict[str, Any], is_hidden: bool, tmp_path: Path) -> None:
    task = {"ansible.builtin.debug": {"msg": "{{ __prometheus_own_files | to_json }}"}}
    play = reading(("monitor_lab", "prometheus"), task)
    (tmp_path / "templates").symlink_to(ROLES / "prometheus" / "templates")
    (tmp_path / "play.yml").write_text(json.dumps([play]))
    (tmp_path / "hosts.json").write_text(json.dumps({"prometheus": {"hosts": {"localhost": {}}}}))
    given = {
        "prometheus_scrape_configs": [job],
        "__prometheus_reference": "it:1",
        "monitor_lab_files": str(ROLES.parent / "files"),
    }
    done = ansible_playbook(
        tmp_path / "play.yml", f"--inventory={tmp_path}/hosts.json", f"--extra-vars={json.dumps(given)}", cwd=tmp_path
    )
    assert done.returncode == 0, done.stdout
    (files,) = shown(done)
    (file,) = [file for file in files if file["path"].endswith("/prometheus.yml")]
    assert ("geheim" in file["content"], file["secret"]) == (is_hidden, is_hidden)
    assert (int(file["owner"]), file["mode"]) == (65534, "0400")
    assert "promtool" in file["validate"]


def test_what_is_refused_is_neither_put_in_place_nor_shown(tmp_path: Path) -> None:
    file = tmp_path / "prometheus.yml"
    file.write_text("the one before")
    wanted = {"path": str(file), "content": "geheim", "secret": True, "validate": "grep -v geheim %s"}
    role = {"name": "devsecops.monitor_lab.files"}
    play = {
        "hosts": "localhost",
        "connection": "local",
        "gather_facts": False,
        "vars": {"monitor_lab_host": {"files": {}}, "ansible_python_interpreter": sys.executable},
        "tasks": [{"ansible.builtin.include_role": role, "vars": {"files_wanted": [wanted]}}],
    }
    (tmp_path / "play.yml").write_text(json.dumps([play]))
    done = ansible_playbook(tmp_path / "play.yml", "--inventory=localhost,")
    assert done.returncode != 0
    assert "failed to validate" in done.stdout
    assert "geheim" not in done.stdout + done.stderr
    assert file.read_text() == "the one before"
