# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""Who may see what Prometheus is configured with."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.plays import ansible_playbook
from tests.prometheus_role import play, worked_out

LOGIN = {"basic_auth": {"username": "it", "password": "geheim"}}
ELSEWHERE = {"url": "https://metrics.example.org/api/v1/write"}


@pytest.mark.parametrize(
    ("given", "is_hidden"),
    [
        ({"prometheus_scrape_configs": [{"job_name": "mine"}]}, False),
        ({"prometheus_scrape_configs": [{"job_name": "mine", **LOGIN}]}, True),
        ({"prometheus_remote_write": [ELSEWHERE], "prometheus_remote_read": [ELSEWHERE]}, False),
        ({"prometheus_remote_write": [{**ELSEWHERE, **LOGIN}]}, True),
        ({"prometheus_remote_read": [{**ELSEWHERE, "authorization": {"credentials": "geheim"}}]}, True),
        ({"prometheus_remote_write": [{"url": "https://it:geheim@metrics.example.org/write"}]}, True),
    ],
)
def test_prometheus_alone_reads_its_configuration(given: dict[str, Any], is_hidden: bool, tmp_path: Path) -> None:
    files = worked_out(tmp_path, **given)["files"]
    (file,) = [file for file in files if file["path"].endswith("/prometheus.yml")]
    assert ("geheim" in file["content"], file["secret"]) == (is_hidden, is_hidden)
    assert (int(file["owner"]), file["mode"]) == (65534, "0400")
    assert "promtool" in file["validate"]


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (
            {"prometheus_config_flags_extra": {"web.listen-address": "0.0.0.0:9090"}},
            "the role itself decides web.listen-address; set monitor_lab_address and monitor_lab_prometheus_port",
        ),
        (
            {"prometheus_global": {"scrape_interval": "15s"}},
            "the role itself decides scrape_interval; set monitor_lab_scrape_interval",
        ),
        ({"prometheus_targets": {"node": ["192.0.2.1:9100"]}}, "prometheus_targets: node is no list of targets"),
    ],
)
def test_what_the_role_decides_is_refused_where_it_is_used_alone(
    given: dict[str, Any], says: str, tmp_path: Path
) -> None:
    done = play(tmp_path, **given)
    assert done.returncode != 0
    assert says in " ".join((done.stdout + done.stderr).split())


def test_what_is_refused_is_neither_put_in_place_nor_shown(tmp_path: Path) -> None:
    file = tmp_path / "prometheus.yml"
    file.write_text("the one before")
    wanted = {"path": str(file), "content": "geheim", "secret": True, "validate": "grep -v geheim %s"}
    role = {"name": "devsecops.monitor_lab.files"}
    applied = {
        "hosts": "localhost",
        "connection": "local",
        "gather_facts": False,
        "vars": {"monitor_lab_host": {"files": {}}, "ansible_python_interpreter": sys.executable},
        "tasks": [{"ansible.builtin.include_role": role, "vars": {"files_wanted": [wanted]}}],
    }
    (tmp_path / "play.yml").write_text(json.dumps([applied]))
    done = ansible_playbook(tmp_path / "play.yml", "--inventory=localhost,")
    assert done.returncode != 0
    assert "failed to validate" in done.stdout
    assert "geheim" not in done.stdout + done.stderr
    assert file.read_text() == "the one before"
