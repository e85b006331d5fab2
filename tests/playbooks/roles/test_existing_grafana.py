# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""The data source in a Grafana that is somebody else's; it answers as a real Grafana 7.5.5 did."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.plays import ansible_playbook
from tests.stranger import listening

FOUND = {"id": 7, "uid": "monitor-lab-prometheus", "isDefault": True, "jsonData": {}}
NOT_FOUND = {"message": "Data source not found"}
TAKEN = {"message": "data source with the same name already exists"}
CHANGED = {"id": 7, "message": "Datasource updated"}


class Grafana(ThreadingHTTPServer):
    """Gives the answers in order, and keeps what was asked in `seen`."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers: list[tuple[int, Any]] = []
        self.seen: list[tuple[str, str, Any]] = []
        self.url = f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: Grafana

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"] or 0))
        self.server.seen.append((self.command, self.path, json.loads(body or "null")))
        status, answer = self.server.answers.pop(0)
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(answer).encode())

    do_GET = do_POST = do_PUT = _answer

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def grafana() -> Iterator[Grafana]:
    with Grafana() as server:
        threading.Thread(target=server.serve_forever).start()
        yield server
        server.shutdown()


def given_data_source(url: str, folder: Path) -> subprocess.CompletedProcess[str]:
    task = {"ansible.builtin.import_role": {"name": "devsecops.monitor_lab.grafana", "tasks_from": "external"}}
    (folder / "play.yml").write_text(json.dumps([{"hosts": "grafana", "gather_facts": False, "tasks": [task]}]))
    host = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
    (folder / "hosts.json").write_text(json.dumps({"grafana": {"hosts": {"one": host}}}))
    (folder / "grafana_admin_password").write_text("geheim")
    values = {
        "grafana_external_url": url,
        "monitor_lab_prometheus_url": "http://192.0.2.1:9090",
        "monitor_lab_secrets_dir": str(folder),
    }
    return ansible_playbook(
        folder / "play.yml", f"--inventory={folder}/hosts.json", f"--extra-vars={json.dumps(values)}"
    )


def test_a_change_leaves_it_the_default(grafana: Grafana, tmp_path: Path) -> None:
    grafana.answers = [(200, FOUND), (200, CHANGED)]
    done = given_data_source(grafana.url, tmp_path)
    assert done.returncode == 0, done.stdout
    method, path, body = grafana.seen[1]
    assert (method, path, body["isDefault"]) == ("PUT", "/api/datasources/7", True)


def test_why_grafana_refuses_it_is_told(grafana: Grafana, tmp_path: Path) -> None:
    grafana.answers = [(404, NOT_FOUND), (409, TAKEN)]
    done = given_data_source(grafana.url, tmp_path)
    assert done.returncode != 0
    assert TAKEN["message"] in " ".join(done.stdout.split())
    assert "changed=0" in done.stdout


def test_its_password_goes_nowhere_else(tmp_path: Path) -> None:
    with listening() as stranger, listening(redirect=stranger.url) as (grafana, asked):
        done = given_data_source(grafana, tmp_path)
    assert done.returncode != 0
    assert "Status code was 307" in done.stdout
    assert "Authorization: Basic" in asked[0]
    assert stranger.heard == []
