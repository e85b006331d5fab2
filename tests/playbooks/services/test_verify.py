# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""verify.yml fails where Prometheus answers, and one of its targets does not. What Prometheus says is made up here."""

from __future__ import annotations

import contextlib
import http.server
import json
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.checks.tree import CHECKOUT
from tests.plays import ansible_playbook

TARGET = "http://127.0.0.1:9/metrics"


@contextlib.contextmanager
def prometheus(health: str) -> Iterator[str]:
    """Yield the URL of a server that says this of its one target."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            target = {"health": health, "scrapeUrl": TARGET}
            body = json.dumps({"data": {"version": "3.5.0", "activeTargets": [target]}}).encode()
            self.send_response(500 if health == "unknown to it" and "targets" in self.path else 200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *arguments: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.parametrize(
    ("health", "says"),
    [("up", ""), ("down", f"No answer from {TARGET}"), ("unknown to it", "Prometheus does not tell its targets")],
)
def test_a_target_that_is_not_up_is_told_of(health: str, says: str, tmp_path: Path) -> None:
    host = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
    (tmp_path / "hosts.json").write_text(json.dumps({"prometheus": {"hosts": {"mon1": host}}}))
    with prometheus(health) as url:
        given: dict[str, Any] = {"monitor_lab_prometheus_url": url, "monitor_lab_host": {}, "ansible_become": False}
        done = ansible_playbook(
            CHECKOUT / "playbooks" / "verify.yml",
            f"--inventory={tmp_path}/hosts.json",
            f"--extra-vars={json.dumps(given)}",
            # Nothing of the lab is asked through it.
            http_proxy="http://127.0.0.1:9",
            no_proxy="",
        )
    assert "3.5.0" in done.stdout, done.stdout
    assert (done.returncode != 0) == bool(says), done.stdout
    assert says in " ".join(done.stdout.split())
    assert ("No answer from" in done.stdout) == (health == "down")
