# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""report.yml on a lab across hosts: none of them is asked, and Prometheus gets its login over TLS that is trusted."""

from __future__ import annotations

import base64
import http.server
import json
import ssl
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme
import yaml

from tests.checks.tree import CHECKOUT
from tests.plays import ansible_playbook
from tests.unit.report.made_run import EARLIER, NAME, made_run

# None of them is there (RFC 5737).
HOSTS = {
    "locust": {"hosts": {"locust1": {"ansible_host": "192.0.2.12"}}},
    "prometheus": {"hosts": {"mon1": {"ansible_host": "192.0.2.14"}}},
}
PASSWORD = "of-these-tests"


@pytest.fixture
def secrets(tmp_path: Path) -> Path:
    folder = tmp_path / "secrets"
    folder.mkdir()
    (folder / "prometheus_password").write_text(PASSWORD)
    return folder


@pytest.fixture
def prometheus(secrets: Path) -> Iterator[tuple[str, list[str]]]:
    """One that knows nothing, and the logins that it was asked with."""
    authority = trustme.CA()
    (secrets / "tls").mkdir()
    authority.cert_pem.write_to_path(str(secrets / "tls" / "authority.crt"))
    logins: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            logins.append(self.headers.get("Authorization", ""))
            body = json.dumps({"status": "success", "data": {"resultType": "matrix", "result": []}}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *arguments: object) -> None:
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"https://127.0.0.1:{server.server_address[1]}", logins
    server.shutdown()
    thread.join()
    server.server_close()


def play(tmp_path: Path, *arguments: str, **variables: Any) -> subprocess.CompletedProcess[str]:
    (tmp_path / "hosts.json").write_text(json.dumps(HOSTS))
    given = {"lab_report_artifacts_dir": str(tmp_path / "artifacts"), **variables}
    return ansible_playbook(
        "playbooks/report.yml", f"--inventory={tmp_path}/hosts.json", f"--extra-vars={json.dumps(given)}", *arguments
    )


def test_the_labs_prometheus_gets_its_login(prometheus: tuple[str, list[str]], secrets: Path, tmp_path: Path) -> None:
    made_run(tmp_path / "artifacts")
    url, logins = prometheus
    done = play(tmp_path, monitor_lab_prometheus_url=url, monitor_lab_secrets_dir=str(secrets))
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"msg: {tmp_path}/artifacts/{NAME}/lab_report.html" in done.stdout
    assert set(logins) == {"Basic " + base64.b64encode(f"prometheus:{PASSWORD}".encode()).decode()}
    assert (
        f"Prometheus at {url} has nothing of this time"
        in (tmp_path / "artifacts" / NAME / "lab_report.html").read_text()
    )
    assert PASSWORD not in done.stdout + done.stderr


def test_another_prometheus_does_not(prometheus: tuple[str, list[str]], secrets: Path, tmp_path: Path) -> None:
    made_run(tmp_path / "artifacts")
    url, logins = prometheus
    authority = str(secrets / "tls" / "authority.crt")
    named = {"lab_report_prometheus_url": url, "lab_report_prometheus_ca_path": authority}
    done = play(tmp_path, monitor_lab_secrets_dir=str(secrets), **named)
    assert done.returncode == 0, done.stdout + done.stderr
    assert set(logins) == {""}


def test_check_mode_writes_nothing(secrets: Path, tmp_path: Path) -> None:
    made_run(tmp_path / "artifacts")
    url = {"lab_report_prometheus_url": "http://127.0.0.1:9"}
    done = play(tmp_path, "--check", monitor_lab_secrets_dir=str(secrets), **url)
    assert "changed=1" in done.stdout
    assert not (tmp_path / "artifacts" / NAME / "lab_report.html").exists()


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"lab_report_run": "nobody"}, "/artifacts/nobody has no summary.json, so it is no load run"),
        ({"lab_report_against": NAME}, f"against: {NAME} is the run itself; without run, it is the last one"),
        ({"lab_report_from": "soon"}, "from: 'soon' is no moment"),
        ({"lab_report_run": NAME, "lab_report_from": "2h"}, "parameters are mutually exclusive: from|run"),
        ({"lab_report_to": "2h"}, "missing parameter(s) required by 'to': from"),
        ({"lab_report_prometheus_url": "ftp://x"}, "prometheus_url must be http://HOST[:PORT][/PATH]"),
    ],
)
def test_what_can_not_be_made_is_told(options: dict[str, str], problem: str, secrets: Path, tmp_path: Path) -> None:
    for name in (EARLIER, NAME):
        made_run(tmp_path / "artifacts", name)
    url = {"lab_report_prometheus_url": "http://127.0.0.1:9"}
    done = play(tmp_path, monitor_lab_secrets_dir=str(secrets), **{**url, **options})
    assert done.returncode != 0
    assert problem in " ".join((done.stdout + done.stderr).split()).replace("''", "'")


@pytest.mark.parametrize(
    ("module", "options"),
    [
        ("lab_report", {}),
        ("locust_run", {"users": 1, "run_time": "5s", "report": True, "locust_url": "http://127.0.0.1:9"}),
    ],
)
def test_without_matplotlib_nothing_is_begun(module: str, options: dict[str, Any], tmp_path: Path) -> None:
    # As where it is not installed.
    (tmp_path / "sitecustomize.py").write_text("import sys\nsys.modules['matplotlib'] = None\n")
    task = {f"devsecops.monitor_lab.{module}": {"artifacts_dir": str(tmp_path / "artifacts"), **options}}
    (tmp_path / "play.yml").write_text(
        yaml.safe_dump([{"hosts": "localhost", "connection": "local", "gather_facts": False, "tasks": [task]}])
    )
    path = f"{tmp_path}:{CHECKOUT}"
    done = ansible_playbook(tmp_path / "play.yml", "--inventory=localhost,", PYTHONPATH=path)
    assert done.returncode != 0
    told = " ".join((done.stdout + done.stderr).split())
    assert "matplotlib, which draws the graphs, is not there for" in told
    assert "-m pip install matplotlib" in told
    assert not (tmp_path / "artifacts").exists()
