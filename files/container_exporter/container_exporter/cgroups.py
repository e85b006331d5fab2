# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""What the kernel says of containers: their cgroups, of version 1 and 2 alike.

Format: https://docs.kernel.org/admin-guide/cgroup-v2.html and https://docs.kernel.org/admin-guide/cgroup-v1/
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

# docker/ID, docker-ID.scope, libpod-ID and libpod-ID.scope: by cgroupfs and by systemd, of Docker and of Podman.
_CONTAINER = re.compile(r"(?:docker-|libpod-)?([0-9a-f]{64})(?:\.scope)?")
# machine.slice/machine-libpod_pod_ID.slice/libpod-ID.scope, below the slice of a container that is a host itself.
_DEEPEST = 6
# cAdvisor tells no limit as 0; version 1 writes it as the largest number of pages.
_NO_LIMIT = 1 << 62


@dataclass(frozen=True)
class Cgroup:
    """A container's cgroup: the folders of its controllers, all one in version 2."""

    memory: Path
    cpu: Path
    cpuacct: Path
    pids: Path
    unified: bool


@dataclass(frozen=True)
class Figures:
    """Bytes, seconds and numbers; None where the kernel's cgroups are without that controller, or it does not run."""

    cpu_seconds: float | None = None
    cfs_periods: int | None = None
    cfs_throttled_periods: int | None = None
    cfs_throttled_seconds: float | None = None
    cpu_quota: int | None = None
    cpu_period: int | None = None
    memory_usage: int | None = None
    memory_working_set: int | None = None
    memory_rss: int | None = None
    memory_cache: int | None = None
    memory_limit: int | None = None
    threads: int | None = None
    threads_max: int | None = None


def find(root: Path) -> dict[str, Cgroup]:
    """Return id → cgroup of all containers below the folder in which the cgroups are mounted."""
    unified = (root / "cgroup.controllers").exists()
    top = root if unified else root / "memory"
    found = {}
    for identity, folder in _containers(top, _DEEPEST):
        path = folder.relative_to(top)
        folders = {name: folder if unified else root / name / path for name in ("memory", "cpu", "cpuacct", "pids")}
        found[identity] = Cgroup(unified=unified, **folders)
    return found


def _containers(folder: Path, depth: int) -> Iterator[tuple[str, Path]]:
    try:
        with os.scandir(folder) as entries:
            names = [entry.name for entry in entries if entry.is_dir(follow_symlinks=False)]
    except OSError:  # It may be gone since it was listed.
        return
    for name in names:
        if match := _CONTAINER.fullmatch(name):
            yield match.group(1), folder / name
        # A pod of Podman's has a folder like a container's, with those of its containers in it.
        if depth:
            yield from _containers(folder / name, depth - 1)


def figures(cgroup: Cgroup) -> Figures | None:
    """Return what a container uses and may use, None where it has ended."""
    if not cgroup.memory.exists() and not cgroup.pids.exists():
        return None
    return _unified(cgroup) if cgroup.unified else _by_controller(cgroup)


def oom_kills(cgroup: Cgroup) -> int | None:
    """Return how many processes the kernel has killed in it for want of memory; None where it has ended."""
    file = cgroup.memory / ("memory.events" if cgroup.unified else "memory.oom_control")
    return _table(file).get("oom_kill")


def _unified(cgroup: Cgroup) -> Figures:
    cpu, memory = _table(cgroup.cpu / "cpu.stat"), _table(cgroup.memory / "memory.stat")
    quota, _space, period = _text(cgroup.cpu / "cpu.max").partition(" ")
    usage, limit = _number(cgroup.memory / "memory.current"), _number(cgroup.memory / "memory.max")
    return Figures(
        cpu_seconds=_scaled(cpu.get("usage_usec"), 10**6),
        cfs_periods=cpu.get("nr_periods"),
        cfs_throttled_periods=cpu.get("nr_throttled"),
        cfs_throttled_seconds=_scaled(cpu.get("throttled_usec"), 10**6),
        cpu_quota=int(quota) if quota.isdecimal() else None,
        cpu_period=int(period) if period.isdecimal() else None,
        memory_usage=usage,
        memory_working_set=_working_set(usage, memory.get("inactive_file")),
        memory_rss=memory.get("anon"),
        memory_cache=memory.get("file"),
        memory_limit=_limit(limit, (cgroup.memory / "memory.max").exists()),
        threads=_number(cgroup.pids / "pids.current"),
        threads_max=_limit(_number(cgroup.pids / "pids.max"), (cgroup.pids / "pids.max").exists()),
    )


def _by_controller(cgroup: Cgroup) -> Figures:
    cpu, memory = _table(cgroup.cpu / "cpu.stat"), _table(cgroup.memory / "memory.stat")
    usage, limit = (_number(cgroup.memory / f"memory.{name}_in_bytes") for name in ("usage", "limit"))
    quota = _number(cgroup.cpu / "cpu.cfs_quota_us")
    return Figures(
        cpu_seconds=_scaled(_number(cgroup.cpuacct / "cpuacct.usage"), 10**9),
        cfs_periods=cpu.get("nr_periods"),
        cfs_throttled_periods=cpu.get("nr_throttled"),
        cfs_throttled_seconds=_scaled(cpu.get("throttled_time"), 10**9),
        cpu_quota=quota if quota and quota > 0 else None,
        cpu_period=_number(cgroup.cpu / "cpu.cfs_period_us"),
        memory_usage=usage,
        memory_working_set=_working_set(usage, memory.get("total_inactive_file")),
        memory_rss=memory.get("total_rss"),
        memory_cache=memory.get("total_cache"),
        memory_limit=_limit(limit, limit is not None),
        threads=_number(cgroup.pids / "pids.current"),
        threads_max=_limit(_number(cgroup.pids / "pids.max"), (cgroup.pids / "pids.max").exists()),
    )


def _working_set(usage: int | None, inactive_file: int | None) -> int | None:
    """Return what cannot be had back by dropping what was read from files."""
    return None if usage is None else max(usage - (inactive_file or 0), 0)


def _limit(value: int | None, stated: bool) -> int | None:
    """Return a limit as cAdvisor tells it: 0 for none, which version 2 writes as C(max); None where nothing says it."""
    if not stated:
        return None
    return 0 if value is None or value > _NO_LIMIT else value


def _scaled(value: int | None, unit: int) -> float | None:
    return None if value is None else value / unit


def _number(file: Path) -> int | None:
    text = _text(file)
    return int(text) if re.fullmatch(r"-?\d+", text) else None


def _table(file: Path) -> Mapping[str, int]:
    """Return a file of lines `name number`; empty where it is not there."""
    pairs = (line.split() for line in _text(file).splitlines())
    return {pair[0]: int(pair[1]) for pair in pairs if len(pair) == 2 and pair[1].isdecimal()}


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="ascii").strip()
    except OSError:  # No such controller, or the container has ended.
        return ""
