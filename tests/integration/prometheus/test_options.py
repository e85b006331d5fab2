# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""What the role's variables say reaches a real Prometheus: flags, labels, targets of files, others to write and ask."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from tests.integration.locust_exporter.harness import Prometheus, free_port, get, process
from tests.prometheus_role import worked_out
from tests.stranger import Stranger, listening
from tests.waiting import wait_until

LOGIN = {"username": "it", "password": "geheim"}


class Running(NamedTuple):
    prometheus: Prometheus
    stranger: Stranger
    config: Path


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("prometheus")
    port = free_port()
    with listening() as stranger:
        found = worked_out(
            tmp_path_factory.mktemp("role"),
            monitor_lab_address="127.0.0.1",
            monitor_lab_prometheus_port=port,
            monitor_lab_scrape_interval="1s",
            prometheus_targets={
                "mine": [{"targets": [stranger.url.removeprefix("http://")], "labels": {"site": "here"}}]
            },
            prometheus_scrape_configs=[
                {"job_name": "mine", "file_sd_configs": [{"files": ["/etc/prometheus/file_sd/*.yml"]}]}
            ],
            prometheus_global={"evaluation_interval": "7s"},
            prometheus_external_labels={"lab": "one", "number": "1"},
            prometheus_web_external_url="http://people.example.org/prom",
            prometheus_remote_write=[{"url": f"{stranger.url}/write", "basic_auth": LOGIN}],
            prometheus_remote_read=[
                {"url": f"{stranger.url}/read", "read_recent": True, "authorization": {"credentials": "geheim"}}
            ],
            prometheus_config_flags_extra={
                "query.max-samples": 12345,
                "web.enable-admin-api": True,
                "enable-feature": ["exemplar-storage", "no-default-scrape-port"],
            },
        )
        here = {"/etc/prometheus": str(folder), "--storage.tsdb.path=/prometheus": f"--storage.tsdb.path={folder}/data"}
        for file in found["files"]:
            name = file["path"].partition("/prometheus/")[2]
            if "content" in file and name in ("prometheus.yml", "file_sd/mine.yml"):
                (folder / name).parent.mkdir(exist_ok=True)
                (folder / name).write_text(replaced(file["content"], here))
        command = ["prometheus", *(replaced(argument, here) for argument in found["command"])]
        url = f"http://127.0.0.1:{port}"
        with process(command, ready=lambda: bool(get(f"{url}/-/ready"))) as (started, log):
            yield Running(Prometheus(url, started, log), stranger, folder / "prometheus.yml")


def replaced(text: str, others: dict[str, str]) -> str:
    for one, other in others.items():
        text = text.replace(one, other)
    return text


def status(running: Running, of: str) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(get(f"{running.prometheus.url}/api/v1/status/{of}"))["data"]
    return data


def test_promtool_finds_no_fault(running: Running) -> None:
    done = subprocess.run(["promtool", "check", "config", running.config], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_flags_are_set(running: Running) -> None:
    flags = status(running, "flags")
    assert flags["query.max-samples"] == "12345"
    assert flags["web.enable-admin-api"] == "true"
    assert flags["enable-feature"] == "exemplar-storage,no-default-scrape-port"
    # It answers past a proxy, at the root, and people are led to where they come from.
    assert flags["web.external-url"] == "http://people.example.org/prom"


def test_its_global_section_is_the_lab_s_with_what_was_given(running: Running) -> None:
    text = status(running, "config")["yaml"]
    seen = yaml.safe_load(text)["global"]
    assert (seen["scrape_interval"], seen["evaluation_interval"]) == ("1s", "7s")
    assert seen["external_labels"] == {"lab": "one", "number": "1"}
    assert "geheim" not in text


def test_targets_of_files_are_scraped(running: Running) -> None:
    wait_until("a scrape", lambda: running.prometheus.query('up{job="mine",site="here"}') != {})
    assert [request for request in running.stranger.heard if request.startswith("GET /metrics ")]


def test_what_it_scrapes_is_written_elsewhere_and_asked_for_there(running: Running) -> None:
    def heard(beginning: str) -> list[str]:
        running.prometheus.query("up offset 1h")
        return [request for request in running.stranger.heard if request.startswith(beginning)]

    wait_until("something written", lambda: bool(heard("POST /write ")))
    assert "Authorization: Basic aXQ6Z2VoZWlt" in heard("POST /write ")[0]
    wait_until("something asked", lambda: bool(heard("POST /read ")))
    assert "Authorization: Bearer geheim" in heard("POST /read ")[0]
