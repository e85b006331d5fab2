# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""Makes a host's folders as the kernel, Docker and Podman have them; what is in the files is what they write."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

LOCUST, PROMETHEUS, SERVICE, POD = "a" * 64, "b" * 64, "c" * 64, "d" * 64
NEVER = "0001-01-01T00:00:00Z"

BY_CONTROLLER = {
    "memory/memory.usage_in_bytes": "31457280\n",
    "memory/memory.limit_in_bytes": "33554432\n",
    "memory/memory.oom_control": "oom_kill_disable 0\nunder_oom 0\noom_kill 1\n",
    "memory/memory.stat": "cache 0\nrss 0\ntotal_cache 4096\ntotal_rss 20480\ntotal_inactive_file 1048576\n",
    "cpu/cpu.stat": "nr_periods 40\nnr_throttled 12\nthrottled_time 1500000000\nnr_bursts 0\nburst_time 0\n",
    "cpu/cpu.cfs_quota_us": "50000\n",
    "cpu/cpu.cfs_period_us": "100000\n",
    "cpuacct/cpuacct.usage": "100104180\n",
    "pids/pids.current": "2\n",
    "pids/pids.max": "2048\n",
}
UNIFIED = {
    "memory.current": "31457280\n",
    "memory.max": "33554432\n",
    "memory.events": "low 0\nhigh 0\nmax 8\noom 1\noom_kill 1\noom_group_kill 0\n",
    "memory.stat": "anon 20480\nfile 4096\nkernel 12288\ninactive_file 1048576\n",
    "cpu.stat": "usage_usec 100104\nuser_usec 90000\nsystem_usec 10104\nnr_periods 40\nnr_throttled 12\n"
    "throttled_usec 1500000\nnr_bursts 0\nburst_usec 0\n",
    "cpu.max": "50000 100000\n",
    "pids.current": "2\n",
    "pids.max": "2048\n",
}


def write(folder: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


def by_controller(root: Path, path: str, **files: str) -> None:
    """A cgroup of version 1; `files` are named with _ for . and without their controller."""
    for name, text in BY_CONTROLLER.items():
        controller, file = name.split("/")
        write(root / controller / path, {file: files.get(file.replace(".", "_"), text)})


def unified(root: Path, path: str, **files: str) -> None:
    write(root, {"cgroup.controllers": "cpu memory pids\n"})
    write(root / path, {name: files.get(name.replace(".", "_"), text) for name, text in UNIFIED.items()})


def docker(folder: Path, identity: str, name: str, **state: Any) -> None:
    content = {
        "ID": identity,
        "Name": f"/{name}",
        "Config": {"Image": "grafana:12"},
        "State": {"StartedAt": "2026-11-29T16:33:20.585958293Z", "FinishedAt": NEVER, "OOMKilled": False, **state},
    }
    write(folder / identity, {"config.v2.json": json.dumps(content)})


def podman(folder: Path, names: Mapping[str, str]) -> None:
    metadata = json.dumps({"image-name": "localhost/service:1", "name": "service", "created-at": 1795970044})
    listed = [{"id": identity, "names": [name], "metadata": metadata} for identity, name in names.items()]
    write(folder, {"containers.json": json.dumps(listed)})


def process(proc: Path, pid: int, cgroup: str, ticks: int) -> None:
    write(proc, {"stat": "cpu 1 2\nbtime 1795970000\nprocesses 4\n"})
    fields = " ".join(["S", *["0"] * 18, str(ticks), "0"])
    write(proc / str(pid), {"cgroup": cgroup, "stat": f"{pid} (a) b) {fields}\n"})
    (proc / str(pid) / "fd").mkdir()
