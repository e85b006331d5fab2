# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""What somebody may change by hand of a lab that is up, and what the next `./lab up` has to report for it."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docker

from tests.e2e.conftest import CONFIG

EXPORTER = "monitor-lab-locust-exporter"
PROMETHEUS = "monitor-lab-prometheus"
WORKERS = "monitor-lab-locust-workers"
Tasks = list[tuple[str, str]]
"""Name of a task, and the item of its loop or nothing; of files, what was done with which path."""

FILES = "Put the files in place"


@dataclass(frozen=True)
class Change:
    name: str
    make: Callable[[], object]
    reports: Tasks


def changed(output: str) -> Tasks:
    """Return the tasks of a playbook that changed something, as its output says."""
    found, task, what = [], "", ""
    for line in output.splitlines():
        if begun := re.match(r"TASK \[(?:[\w.]+ : )?(.*)\] \**$", line):
            task = begun[1]
        elif task == FILES and (told := re.match(r"    (?:(\w+):|- (.*))", line)):
            what = told[1] or what
            found += [(what, told[2])] if told[2] else []
        elif task == FILES:
            continue
        elif done := re.match(r"changed: \[\S+\](?: => \(item=(.*)\))?", line):
            found.append((task, done[1] or ""))
    return found


def _container(name: str) -> Any:
    return docker.from_env().containers.get(name)


def _made_anew(name: str, config: dict[str, Any] | None = None, host: dict[str, Any] | None = None) -> None:
    """Put a container in its place that is as it was but for this."""
    engine = docker.from_env().api
    seen = engine.inspect_container(name)
    engine.remove_container(name, force=True)
    wanted = {**seen["Config"], **(config or {}), "HostConfig": {**seen["HostConfig"], **(host or {})}}
    engine.start(engine.create_container_from_config(wanted, name=name))


def _another_environment() -> None:
    seen = docker.from_env().api.inspect_container(EXPORTER)
    _made_anew(EXPORTER, {"Env": [*seen["Config"]["Env"], "PYTHONVERBOSE=1"]})


def _another_image() -> None:
    image = _container(EXPORTER).image
    image.tag("localhost/by-hand", "1")
    _made_anew(EXPORTER, {"Image": "localhost/by-hand:1"})
    docker.from_env().api.remove_image("localhost/by-hand:1", force=True)


def _without_volume() -> None:
    _container(PROMETHEUS).remove(force=True)
    docker.from_env().volumes.get(PROMETHEUS).remove()


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)


def _append(name: str) -> None:
    with (CONFIG / name).open("a") as file:
        file.write("# by hand\n")


def _file(name: str) -> Tasks:
    return [("changed_files", str(CONFIG / name))]


def _runs(name: str) -> Tasks:
    return [(f"Run the container {name}", "")]


STOPPED = Change("a stopped container", lambda: _container(PROMETHEUS).stop(), _runs(PROMETHEUS))
PAUSED = Change("a paused container", lambda: _container(EXPORTER).pause(), _runs(EXPORTER))
REMOVED = Change("a removed container", lambda: _container(EXPORTER).remove(force=True), _runs(EXPORTER))
MEMORY = Change(
    "another memory limit",
    lambda: _made_anew(EXPORTER, host={"Memory": 2**27, "MemorySwap": 2**28}),
    _runs(EXPORTER),
)
ENVIRONMENT = Change("another environment", _another_environment, _runs(EXPORTER))
IMAGE = Change("another image", _another_image, _runs(EXPORTER))
MORE = Change("more than it may", lambda: _made_anew(WORKERS, host={"CapAdd": ["NET_ADMIN"]}), _runs(WORKERS))
UPDATE = Change(
    "docker update", lambda: _run("docker", "update", "--memory=128m", "--memory-swap=1g", EXPORTER), _runs(EXPORTER)
)
LIMITS = Change(
    "docker update of other limits",
    lambda: _run("docker", "update", "--cpus=0.1", "--pids-limit=100", "--memory-swap=-1", WORKERS),
    _runs(WORKERS),
)
PODMAN = Change(
    "Podman's settings",
    lambda: Path("/etc/containers/containers.conf.d/50-monitor-lab.conf").write_text("[containers]\n"),
    [("changed_files", "/etc/containers/containers.conf.d/50-monitor-lab.conf")],
)
CONTENT = Change(
    "a file's content",
    lambda: _append("prometheus/prometheus.yml"),
    [*_file("prometheus/prometheus.yml"), ("Reload a changed configuration", "")],
)
OWNER = Change(
    "a file's owner",
    lambda: os.chown(CONFIG / "locust/load/locustfile.py", 1234, 0),
    _file("locust/load/locustfile.py"),
)
MODE = Change("a file's mode", lambda: (CONFIG / "locust/workers.py").chmod(0o666), _file("locust/workers.py"))
SECRET = Change(
    "a secret's mode",
    lambda: (CONFIG / "locust/keys/bearer_token").chmod(0o444),
    _file("locust/keys/bearer_token"),
)
FOLDER = Change(
    "a folder's mode", lambda: (CONFIG / "prometheus").chmod(0o777), [("changed_folders", str(CONFIG / "prometheus"))]
)
EXTRA = Change(
    "an extra file",
    lambda: (CONFIG / "prometheus/more.yml").write_text("{}\n"),
    [("removed", str(CONFIG / "prometheus/more.yml"))],
)
POD = Change(
    "a removed pod",
    lambda: _run("podman", "pod", "rm", "--force", "tokenization-service-pod-0"),
    [("Run the pod tokenization-service", "")],
)
VOLUME = Change("a removed volume", _without_volume, _runs(PROMETHEUS))
PACKAGE = Change(
    "a removed package", lambda: _run("apt-get", "remove", "--yes", "mmdebstrap"), [("Install packages", "")]
)
# In this order: what a round reports shows, too, that nothing of those before is left; after the last, the next test
# does. The changes of a round are of different services: where anything of one differs, all of its steps are entered.
ROUNDS = [
    [OWNER, STOPPED, PAUSED],
    [MODE, CONTENT, REMOVED],
    [SECRET, FOLDER, MEMORY, POD],
    [LIMITS, EXTRA, ENVIRONMENT, PODMAN],
    [MORE, VOLUME, UPDATE],
    [PACKAGE, IMAGE],
]
