# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""As much of a lab as an exercise takes, without containers: service, Locust, its exporter, and Prometheus.

What takes a minute there takes seconds here: Prometheus looks every second, and the rules look back for ten.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._alert_rules import alert_rules

from tests.checks.tree import CHECKOUT
from tests.integration.locust_exporter.harness import exporter, free_port, get, locust, process
from tests.integration.locustfile.conftest import tokenization
from tests.plays import ansible_playbook
from tests.waiting import wait_until

LOCUST = CHECKOUT / "files" / "locust"
LOCUSTFILES = (LOCUST / "locustfile.py", LOCUST / "run_mark.py")
JOBS = ("tokenization", "locust_exporter")
SHORTER = {"[1m]": "[10s]", "[90s]": "[3s]"}


def rules(without: str) -> str:
    """The lab's, but for one."""
    text = alert_rules({"pending": "2s", "down_for": "2s"}, JOBS)
    for long, short in SHORTER.items():
        assert long in text
        text = text.replace(long, short)
    groups = yaml.safe_load(text)["groups"]
    for group in groups:
        group["rules"] = [rule for rule in group["rules"] if rule.get("alert") != without]
    return json.dumps({"groups": groups})


@dataclass(frozen=True)
class Lab:
    folder: Path
    service: str
    locust: str
    prometheus: str

    def exercise(self, cases: dict[str, Any], **asked: Any) -> subprocess.CompletedProcess[str]:
        """Play it, with these cases in the place of its own."""
        token = f"TOKENIZATION_BEARER_TOKEN_FILE={self.folder}/token"
        given = {
            "monitor_lab_host": {},
            "monitor_lab_tokenization_url": self.service,
            "monitor_lab_locust_url": self.locust,
            "exercise_locust": [
                *("env", f"TOKENIZATION_URL={self.service}", token, f"PYTHONPATH={LOCUST}"),
                *(sys.executable, "-P", "-m", "locust"),
            ],
            "exercise_attacks": str(LOCUST / "attacks"),
            "exercise_cases": cases,
            # Other tests run beside these.
            "exercise_may": ["LatencyHigh"],
            **asked,
        }
        return self._play("exercise.yml", given)

    def report(self, run: str) -> str:
        """Return the page of an exercise."""
        done = self._play("report.yml", {"lab_report_run": run})
        assert done.returncode == 0, done.stdout + done.stderr
        return (self.folder / "artifacts" / run / "lab_report.html").read_text()

    def _play(self, playbook: str, given: dict[str, Any]) -> subprocess.CompletedProcess[str]:
        host = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable, "ansible_become": False}
        inventory = {group: {"hosts": {"lab1": host}} for group in ("tokenization", "locust", "prometheus")}
        (self.folder / "hosts.json").write_text(json.dumps(inventory))
        known = {
            "monitor_lab_secrets_dir": f"{self.folder}/secrets",
            "monitor_lab_artifacts_dir": f"{self.folder}/artifacts",
            "monitor_lab_prometheus_url": self.prometheus,
        }
        return ansible_playbook(
            CHECKOUT / "playbooks" / playbook,
            f"--inventory={self.folder}/hosts.json",
            f"--extra-vars={json.dumps({**known, **given})}",
        )

    def written(self) -> dict[str, str]:
        """What it left: name of a file → its text."""
        (folder,) = (self.folder / "artifacts").glob("exercise-*")
        return {path.name: path.read_text() for path in folder.iterdir() if path.is_file()}


@contextlib.contextmanager
def running(folder: Path, without: str = "") -> Iterator[Lab]:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    (folder / "rules.json").write_text(rules(without))
    with (
        tokenization(folder) as service,
        locust("2.47.0", files=LOCUSTFILES, env={"PYTHONPATH": str(LOCUST)}) as web,
        exporter(web.url) as figures,
    ):
        jobs = dict(zip(JOBS, (service, figures.url), strict=True))
        config = {
            "global": {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"},
            "rule_files": ["rules.json"],
            "scrape_configs": [
                {"job_name": job, "static_configs": [{"targets": [url.removeprefix("http://")]}]}
                for job, url in jobs.items()
            ],
        }
        (folder / "prometheus.yml").write_text(json.dumps(config))
        command = [
            "prometheus",
            f"--config.file={folder}/prometheus.yml",
            f"--storage.tsdb.path={folder}/prometheus",
            f"--web.listen-address=127.0.0.1:{port}",
        ]
        with process(command, ready=lambda: bool(get(f"{url}/-/ready"))):
            wait_until("Prometheus scrapes", lambda: get(f"{url}/api/v1/query?query=up").count(b'"1"') == len(JOBS))
            yield Lab(folder, service, web.url, url)
