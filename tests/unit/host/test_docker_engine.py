# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""What a host has in Docker, as its engine tells over its socket; here a small one answers there."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import ThreadingUnixStreamServer
from typing import Any

import pytest
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._lab.host import docker, hashed

INFO = {
    **{"ServerVersion": "26.1.5", "NCPU": 4, "CpuCfsPeriod": True, "CpuCfsQuota": True},
    **{"PidsLimit": True, "SwapLimit": False},
}
IMAGES = [{"Id": "sha256:1", "RepoTags": ["grafana/grafana:12.1.1"], "RepoDigests": []}]
GRAFANA = {
    **{"Image": "sha256:1", "State": {"Status": "running"}, "HostConfig": {"NetworkMode": "host"}},
    "Config": {"Image": "grafana/grafana:12.1.1", "User": "472", "Cmd": None, "Env": ["A=1=2", "PATH"], "Labels": None},
}
LISTED = [
    {"Names": ["/monitor-lab-grafana"], "Id": "g", "Image": "grafana/grafana:12.1.1", "State": "running"},
    {"Names": ["/monitor-lab-gone"], "Id": "n", "Image": "x", "State": "exited"},
    {"Names": ["/database"], "Id": "d", "Image": "postgres:17", "State": "paused"},
]
ENGINE = {
    **{"/info": INFO, "/images/json": IMAGES, "/containers/json?all=true": LISTED, "/containers/g/json": GRAFANA},
    "/images/sha256:1/json": {"Config": {"Cmd": ["grafana"], "WorkingDir": "/usr/share/grafana"}},
}
NO_PROGRAM: dict[str, Any] = {"command": [], "entrypoint": [], "environment": {}, "labels": {}, "working_dir": ""}


@contextmanager
def engine(path: Path, answers: Mapping[str, Any]) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            content = json.dumps(answers.get(self.path, {"message": "no such thing"})).encode()
            self.send_response(200 if self.path in answers else 404)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *args: Any) -> None:
            """Nobody reads them."""

    with ThreadingUnixStreamServer(str(path), Handler) as served:
        served.daemon_threads = True
        thread = threading.Thread(target=served.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield str(path)
        served.shutdown()
        thread.join()


def test_containers_of_the_lab_are_told_in_full_and_others_by_their_state(tmp_path: Path) -> None:
    with engine(tmp_path / "docker.sock", ENGINE) as path:
        found = docker(path)
    assert found == {
        "version": "26.1.5",
        "limits": {"cpus": 4, "pids": True, "swap": False},
        "images": {"grafana/grafana:12.1.1": "sha256:1"},
        "containers": {
            "database": {"image": "postgres:17", "state": "paused"},
            # It ended after it was listed.
            "monitor-lab-gone": {"image": "x", "state": "exited"},
            "monitor-lab-grafana": {
                **{"image": "grafana/grafana:12.1.1", "image_id": "sha256:1", "state": "running", "user": "472"},
                "host_config": {"NetworkMode": "host"},
                **{**NO_PROGRAM, "environment": hashed({"A": "1=2"})},
                "of_image": {**NO_PROGRAM, "command": ["grafana"], "working_dir": "/usr/share/grafana"},
            },
        },
    }


def test_an_image_may_be_gone(tmp_path: Path) -> None:
    left = {path: answer for path, answer in ENGINE.items() if path != "/images/sha256:1/json"}
    with engine(tmp_path / "docker.sock", left) as path:
        found = docker(path)
    assert found is not None
    assert found["containers"]["monitor-lab-grafana"]["of_image"] == NO_PROGRAM


@pytest.mark.parametrize("without", ["CpuCfsPeriod", "CpuCfsQuota"])
def test_a_kernel_that_cannot_limit_processors_is_told(without: str, tmp_path: Path) -> None:
    with engine(tmp_path / "docker.sock", {**ENGINE, "/info": {**INFO, without: False}}) as path:
        found = docker(path)
    assert found is not None
    assert found["limits"]["cpus"] == 0


def test_no_engine_is_none(tmp_path: Path) -> None:
    assert docker(str(tmp_path / "docker.sock")) is None
