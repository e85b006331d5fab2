# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""report.yml on a lab across hosts: none of them is asked, and Prometheus gets its login over TLS that is trusted."""

from __future__ import annotations

import base64
import json
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme
import yaml

from tests.checks.tree import CHECKOUT
from tests.plays import ansible_playbook
from tests.small_server import Served, reply, server
from tests.unit.report.made_run import EARLIER, EXERCISE, NAME, made_exercise, made_run

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
def prometheus(secrets: Path) -> Iterator[Served]:
    """One that knows nothing."""
    authority = trustme.CA()
    (secrets / "tls").mkdir()
    authority.cert_pem.write_to_path(str(secrets / "tls" / "authority.crt"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with server(reply(200, json.dumps({"data": {"result": []}})), context) as served:
        yield served


def logins(prometheus: Served) -> set[str | None]:
    return {asked["Authorization"] for asked in prometheus.asked}


def play(tmp_path: Path, *arguments: str, **variables: Any) -> subprocess.CompletedProcess[str]:
    (tmp_path / "hosts.json").write_text(json.dumps(HOSTS))
    given = {"lab_report_artifacts_dir": str(tmp_path / "artifacts"), **variables}
    return ansible_playbook(
        "playbooks/report.yml", f"--inventory={tmp_path}/hosts.json", f"--extra-vars={json.dumps(given)}", *arguments
    )


def test_the_labs_prometheus_gets_its_login(prometheus: Served, secrets: Path, tmp_path: Path) -> None:
    made_run(tmp_path / "artifacts")
    done = play(tmp_path, monitor_lab_prometheus_url=prometheus.url, monitor_lab_secrets_dir=str(secrets))
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"msg: {tmp_path}/artifacts/{NAME}/lab_report.html" in done.stdout
    assert logins(prometheus) == {"Basic " + base64.b64encode(f"prometheus:{PASSWORD}".encode()).decode()}
    assert (
        f"Prometheus at {prometheus.url} has nothing of this time"
        in (tmp_path / "artifacts" / NAME / "lab_report.html").read_text()
    )
    assert PASSWORD not in done.stdout + done.stderr


def test_another_prometheus_does_not(prometheus: Served, secrets: Path, tmp_path: Path) -> None:
    made_run(tmp_path / "artifacts")
    authority = str(secrets / "tls" / "authority.crt")
    named = {"lab_report_prometheus_url": prometheus.url, "lab_report_prometheus_ca_path": authority}
    done = play(tmp_path, monitor_lab_secrets_dir=str(secrets), **named)
    assert done.returncode == 0, done.stdout + done.stderr
    assert logins(prometheus) == {None}


@pytest.mark.parametrize(
    ("kept", "given", "uid"),
    [
        ("grafana_admin_password", {}, "monitor-lab-locust"),
        ("grafana_token", {"grafana_lab": "b"}, "monitor-lab-locust-b"),
    ],
)
def test_it_leads_to_the_dashboard_of_its_lab(
    kept: str, given: dict[str, str], uid: str, secrets: Path, tmp_path: Path
) -> None:
    (secrets / kept).write_text(PASSWORD)
    made_run(tmp_path / "artifacts")
    urls = {"lab_report_prometheus_url": "http://127.0.0.1:9", "grafana_external_url": "https://grafana.example.org"}
    done = play(tmp_path, monitor_lab_secrets_dir=str(secrets), **urls, **given)
    assert done.returncode == 0, done.stdout + done.stderr
    page = (tmp_path / "artifacts" / NAME / "lab_report.html").read_text()
    assert f'href="https://grafana.example.org/d/{uid}?from=' in page


def test_an_exercise_has_its_page_beside_its_table(prometheus: Served, secrets: Path, tmp_path: Path) -> None:
    exercise = made_exercise(tmp_path / "artifacts")
    given = {"monitor_lab_prometheus_url": prometheus.url, "monitor_lab_secrets_dir": str(secrets)}
    done = play(tmp_path, lab_report_run=EXERCISE, **given)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"msg: {exercise.folder}/lab_report.html" in done.stdout
    assert "✓ green" in (exercise.folder / "lab_report.html").read_text()


def test_check_mode_writes_nothing(secrets: Path, tmp_path: Path) -> None:
    made_run(tmp_path / "artifacts")
    url = {"lab_report_prometheus_url": "http://127.0.0.1:9"}
    done = play(tmp_path, "--check", monitor_lab_secrets_dir=str(secrets), **url)
    assert "changed=1" in done.stdout
    assert not (tmp_path / "artifacts" / NAME / "lab_report.html").exists()


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"lab_report_run": "nobody"}, "/artifacts/nobody has neither summary.json nor exercise.json"),
        ({"lab_report_run": EXERCISE, "lab_report_against": NAME}, "against: an exercise is put beside nothing"),
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
    made_exercise(tmp_path / "artifacts")
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
