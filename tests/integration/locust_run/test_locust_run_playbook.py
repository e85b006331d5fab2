# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""load_run.yml with a real Locust, as `./lab run` plays it: what it runs by itself, and what it ends with."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.checks.tree import CHECKOUT
from tests.integration.locust_run.real_locust import Locusts, Target
from tests.locusts import EACH_VERSION


def run(folder: Path, url: str, **variables: Any) -> subprocess.CompletedProcess[str]:
    host = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable, "ansible_become": False}
    (folder / "hosts.json").write_text(json.dumps({"locust": {"hosts": {"load1": host}}}))
    given = {
        "locust_run_locust_url": url,
        "locust_run_time": "6s",
        "locust_run_artifacts_dir": str(folder / "artifacts"),
        # Nothing of it is asked for.
        "monitor_lab_host": {},
        "monitor_lab_secrets_dir": str(folder / "secrets"),
        **variables,
    }
    command = [
        *(sys.executable, "-m", "tools.judged", "playbooks/load_run.yml"),
        *(f"--inventory={folder}/hosts.json", f"--extra-vars={json.dumps(given)}"),
    ]
    return subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=False, timeout=240)


@pytest.mark.parametrize("version", EACH_VERSION)
def test_a_verdict_and_its_exit_code(version: str, locusts: Locusts, target: Target, tmp_path: Path) -> None:
    locust = locusts.start(version)
    passed = run(tmp_path, locust.url, locust_run_host=target.url)
    assert passed.returncode == 0, passed.stdout + passed.stderr
    (summary,) = (tmp_path / "artifacts").glob("*/summary.json")
    assert json.loads(summary.read_text())["settings"]["users"] == 10
    failed = run(tmp_path, locust.url, locust_run_host=target.url, locust_run_thresholds=["p95 < 0.001"])
    assert failed.returncode == 2, failed.stdout + failed.stderr
    assert "p95 < 0.001 breached" in failed.stdout + failed.stderr


def test_the_deployed_host_is_loaded_unless_the_run_names_another(
    locusts: Locusts, target: Target, tmp_path: Path
) -> None:
    """The role alike sets the fact; here it is given."""
    locust = locusts.start("2.47.0")
    assert run(tmp_path, locust.url, locust_host=target.url).returncode == 0
    (start,) = (line for line in locust.changes() if "/swarm" in line)
    assert f"host={target.url}" in start.replace("%3A", ":").replace("%2F", "/")


def test_no_locust_is_no_verdict(tmp_path: Path) -> None:
    nobody = run(tmp_path, "http://127.0.0.1:9")
    assert nobody.returncode == 1
    assert "no answer from Locust at http://127.0.0.1:9" in nobody.stdout + nobody.stderr
