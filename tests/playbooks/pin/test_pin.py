# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""The digests of the lab's images are written down as variables, all of them or none."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests import registries
from tests.plays import ansible_playbook

GROUPS = (
    "tokenization",
    "locust",
    "locust_workers",
    "locust_exporter",
    "node_exporter",
    "container_exporter",
    "alertmanager",
    "prometheus",
)
IMAGES = {
    "prom/prometheus:v3.5.0",
    "prom/node-exporter:v1.9.1",
    "prom/alertmanager:v0.28.1",
    "locustio/locust:2.47.0",
    "library/python:3.11-slim-bookworm",
}


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("certificates")
    registries.make_certificates(folder)
    return folder


def pin(folder: Path, *arguments: str, **variables: Any) -> subprocess.CompletedProcess[str]:
    host = {"ansible_connection": "local", "ansible_become": False, "ansible_python_interpreter": sys.executable}
    (folder / "hosts.json").write_text(
        json.dumps({"all": {"hosts": {"one": host}}, **{group: {"hosts": {"one": {}}} for group in GROUPS}})
    )
    given = {"monitor_lab_pins_file": str(folder / "pins.yml"), **variables}
    inventory = f"--inventory={folder}/hosts.json"
    return ansible_playbook("playbooks/pin.yml", inventory, f"--extra-vars={json.dumps(given)}", *arguments)


def test_digests_are_written_down_and_asked_for_anew(certificates: Path, tmp_path: Path) -> None:
    # Of Grafana there is no host, and so no question.
    with registries.serving(certificates, IMAGES, wants_token=True) as server:
        way = {"image_registry": server.name, "monitor_lab_ca_certificate": str(certificates / "ca.crt")}
        done = pin(tmp_path, **way)
        assert done.returncode == 0, done.stdout
        pins = yaml.safe_load((tmp_path / "pins.yml").read_text())
        python = "python:3.11-slim-bookworm"
        assert pins == {
            "prometheus_version": f"v3.5.0@{registries.digest_of('prom/prometheus:v3.5.0')}",
            "node_exporter_version": f"v1.9.1@{registries.digest_of('prom/node-exporter:v1.9.1')}",
            "alertmanager_version": f"v0.28.1@{registries.digest_of('prom/alertmanager:v0.28.1')}",
            "locust_version": f"2.47.0@{registries.digest_of('locustio/locust:2.47.0')}",
            "monitor_lab_python_image": f"{python}@{registries.digest_of(f'library/{python}')}",
        }
        again = pin(tmp_path, f"--extra-vars=@{tmp_path}/pins.yml", **way)
        assert again.returncode == 0, again.stdout
        assert "changed=0" in again.stdout.split("PLAY RECAP")[1].split("one ")[1]


def test_nothing_is_written_where_not_all_is_told(certificates: Path, tmp_path: Path) -> None:
    with registries.serving(certificates, IMAGES - {"prom/prometheus:v3.5.0"}) as server:
        way = {"image_registry": server.name, "monitor_lab_ca_certificate": str(certificates / "ca.crt")}
        lacking = pin(tmp_path, **way)
        said = " ".join(lacking.stdout.split())
        assert (
            f"one: the digests are not told by {server.name}: {server.name}/prom/prometheus:v3.5.0: it has none. Name"
            in said
        )
    silent = pin(tmp_path, **way)
    assert f"not told by {way['image_registry']}: [Errno 111] Connection refused. Name" in " ".join(
        silent.stdout.split()
    )
    assert "image_registry is empty: name the registry" in pin(tmp_path, image_registry="").stdout
    assert [lacking.returncode, silent.returncode] == [2, 2]
    assert not (tmp_path / "pins.yml").exists()
