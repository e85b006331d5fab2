# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""verify.yml fails where Prometheus answers, and one of its targets does not. What Prometheus says is made up here."""

from __future__ import annotations

import json
import subprocess
import sys
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from tests.checks.tree import CHECKOUT
from tests.plays import ansible_playbook
from tests.small_server import Act, reply, server
from tests.stranger import listening

TARGET = "http://127.0.0.1:9/metrics"


def prometheus(health: str) -> Act:
    """Say this of the one target."""
    body = json.dumps({"data": {"version": "3.5.0", "activeTargets": [{"health": health, "scrapeUrl": TARGET}]}})

    def act(request: BaseHTTPRequestHandler) -> None:
        reply(500 if health == "unknown to it" and "targets" in request.path else 200, body)(request)

    return act


def verified(url: str, folder: Path, **more: Any) -> subprocess.CompletedProcess[str]:
    """Play verify.yml where there is nothing but a Prometheus, at this URL."""
    host = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
    (folder / "hosts.json").write_text(json.dumps({"prometheus": {"hosts": {"mon1": host}}}))
    given = {"monitor_lab_prometheus_url": url, "monitor_lab_host": {}, "ansible_become": False, **more}
    return ansible_playbook(
        CHECKOUT / "playbooks" / "verify.yml",
        f"--inventory={folder}/hosts.json",
        f"--extra-vars={json.dumps(given)}",
        # Nothing of the lab is asked through it.
        http_proxy="http://127.0.0.1:9",
        no_proxy="",
    )


@pytest.mark.parametrize(
    ("health", "says"),
    [("up", ""), ("down", f"No answer from {TARGET}"), ("unknown to it", "Prometheus does not tell its targets")],
)
def test_a_target_that_is_not_up_is_told_of(health: str, says: str, tmp_path: Path) -> None:
    with server(prometheus(health)) as served:
        done = verified(served.url, tmp_path)
    assert "3.5.0" in done.stdout, done.stdout
    assert (done.returncode != 0) == bool(says), done.stdout
    assert says in " ".join(done.stdout.split())
    assert ("No answer from" in done.stdout) == (health == "down")


def test_its_password_goes_nowhere_else(tmp_path: Path) -> None:
    (tmp_path / "prometheus_password").write_text("geheim")
    closed = {"monitor_lab_is_closed": True, "monitor_lab_tls": "off", "monitor_lab_secrets_dir": str(tmp_path)}
    with listening() as stranger, listening(redirect=stranger.url) as (prometheus_url, asked):
        verified(prometheus_url, tmp_path, **closed)
    # How it is, and its targets.
    assert {"buildinfo" in request for request in asked} == {True, False}
    assert [request for request in asked if "Authorization: Basic" not in request] == []
    assert stranger.heard == []
