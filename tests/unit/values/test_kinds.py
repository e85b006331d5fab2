# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""Each kind of value takes what works and says of everything else what to write."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._values import KINDS

GOOD: dict[str, list[Any]] = {
    "port": [1, 65535, "9090"],
    "count": [1, "120", 10**9],
    "amount": [0, "0", 11985],
    "memory": ["6m", "512m", "512Mi", "1.5g", 1073741824],
    "processors": [1, "2", 0.5, 1.0, "0.01"],
    "bytes": ["2GB", "512MB", "1024B", "1.5GB", "2GiB"],
    "storage": ["1Gi", "500M", "1.5Ti"],
    "duration": ["5s", "15d", "1h30m", "1y2w3d4h5m6s7ms", "100ms"],
    "url": [
        "http://127.0.0.1:9090",
        "https://grafana.example.com/lab",
        "http://user:word@proxy:3128",
        "http://[::1]:80",
    ],
    "server": ["mail.example.org:587", "127.0.0.1:25", "[::1]:25", "mail:25"],
    "address": ["127.0.0.1", "::1", "mon1", "mon-1.example.com", "my_host"],
    "tag": ["v3.5.0", "12.1.1", 3, "latest", "2.47.0-beta_1", f"12.1.1@sha256:{'0' * 64}"],
    "image": [
        "python:3.11-slim-bookworm",
        "prom/prometheus",
        "localhost:5000/lab__x/a.b-c:v1",
        f"postgres@sha256:{'a' * 64}",
        f"registry.example.com:5000/lab/postgres:17.7@sha256:{'0' * 64}",
    ],
    "sha256": ["0" * 64],
    "registry": ["", "docker.io", "localhost:5000", "registry.example.com:5000/lab/images"],
    "label": ["monitor-lab", "a", "a" * 63],
    "name": ["team-a", "7", "a" * 15],
    "host folder": ["/etc/monitor_lab", "/srv/my.lab/files", "/opt/..lab", "/etc/lab/"],
}
BAD: dict[str, list[Any]] = {
    "port": [0, 65536, -1, "nine", "", True, 90.5, "9_0", "٩٠", " 9090", "9090\n", "9" * 5000],
    "count": [0, "-1", "many", "1.0", True],
    "amount": [-1, "", 0.5, False],
    "memory": ["512", "1k", "5.9m", "0", "", "lots", "512x", True],
    "processors": [0, "0.0", -1, 0.001, "all", "", True, "1e3"],
    "bytes": ["2G", "2gb", "2 GB", "0B", 2, ""],
    "storage": ["512m", "1073741824", "0Gi", "1gi", "", "1 Gi"],
    "duration": ["0", "0s", "", "5", 5, "5 s", "1m1h", "5seconds", "1.5h", "5s5s"],
    "url": [
        "",
        "127.0.0.1:9090",
        "mon1",
        "ftp://mon1",
        "http://",
        "http://:80",
        "http://mon1:port",
        "http://a b",
        "http://a\n",
    ],
    "server": ["", "mail.example.org", "mail.example.org:", ":587", "smtp://mail:587", "mail 1:25", "::1:25"],
    "address": ["", "http://mon1", "mon1:9090", "mon 1", "-mon1", "mon1/x"],
    "tag": [
        "",
        "grafana/grafana:12",
        ".1",
        "v 1",
        "v1\n",
        f"@sha256:{'0' * 64}",
        f"v1@sha256:{'0' * 63}",
        f"v1@sha256:{'A' * 64}",
        f"v1@sha512:{'0' * 128}",
        f"v1@sha256:{'0' * 64}\n",
        "v1@",
    ],
    "image": [
        "",
        "Python:3",
        "https://docker.io/python",
        "python:",
        "prom//prometheus",
        "a b",
        f"@sha256:{'0' * 64}",
        f"python@sha256:{'0' * 63}",
        "python:3@sha256:latest",
        "python@3",
    ],
    "sha256": ["", "0" * 63, "A" * 64, f"sha256:{'0' * 64}"],
    "registry": ["https://docker.io", "docker io", "docker.io/", "/lab", "registry:port"],
    "name": ["", "Team", "team_a", "-a", "a-", "a" * 16, "a/b"],
    "label": ["", "Monitor", "monitor_lab", "-lab", "lab-", "a" * 64],
    "host folder": [
        "",
        "/",
        "/etc",
        "etc/monitor_lab",
        "/etc/..",
        "/etc/../..",
        "/etc/monitor lab",
        "~/lab",
        "/etc/",
        "//",
    ],
}
ON_THE_CONTROLLER = {"file", "folder", "made folder"}
# What Locust is given: test_load_files.py.
OF_LOCUST = {"load", "arguments", "environment", "secrets"}
# test_rules.py of the rules.
OF_RULES = {"thresholds"}
# test_grafana_settings.py.
OF_GRAFANA = {"grafana settings", "grafana environment", "grafana plugins", "grafana data sources"}
# test_pods.py.
OF_PODS = {"autoscaling", "pod"}
# test_prometheus_settings.py.
OF_PROMETHEUS = {f"prometheus {kind}" for kind in ("flags", "global", "labels", "remotes", "targets")}
ELSEWHERE = ON_THE_CONTROLLER | OF_LOCUST | OF_RULES | OF_GRAFANA | OF_PODS | OF_PROMETHEUS


def test_every_kind_is_tried() -> None:
    assert GOOD.keys() == BAD.keys() == KINDS.keys() - ELSEWHERE


@pytest.mark.parametrize(("kind", "value"), [(kind, value) for kind, values in GOOD.items() for value in values])
def test_what_works_is_taken(kind: str, value: Any) -> None:
    assert KINDS[kind](value) is None


@pytest.mark.parametrize(("kind", "value"), [(kind, value) for kind, values in BAD.items() for value in values])
def test_what_does_not_work_is_refused_with_what_to_write(kind: str, value: Any) -> None:
    wrong = KINDS[kind](value)
    assert wrong
    assert wrong.startswith("{} is ")
    assert "; write " in wrong


def test_files_and_folders_are_looked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "a file"
    file.touch()
    nowhere = tmp_path / "nowhere"
    taken = {
        kind: [path for path in (file, tmp_path, nowhere) if not KINDS[kind](str(path))] for kind in ON_THE_CONTROLLER
    }
    assert taken == {"file": [file], "folder": [tmp_path], "made folder": [tmp_path, nowhere]}
    # An empty path is the current folder to pathlib.
    assert all(KINDS[kind]("") for kind in ON_THE_CONTROLLER)
    for kind in ("file", "folder"):
        assert str(KINDS[kind](str(nowhere))).startswith("there is no {} on the controller; write ")
    too_long = "x" * 5000
    assert KINDS["file"](too_long) and KINDS["folder"](too_long)
    # root may read everything.
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    assert KINDS["file"](str(file)) == "{} on the controller cannot be read; allow it to who runs Ansible"
