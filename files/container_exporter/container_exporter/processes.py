# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""The processes of containers, as every user of the host sees them: how many, since when, with how many files."""

from __future__ import annotations

import os
import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

_ID = re.compile(r"[0-9a-f]{64}")
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass
class Processes:
    """Those of one container; `started` is Unix time. None is what is not known: files, by kernels before 6.2."""

    count: int | None = None
    started: float | None = None
    files: int | None = None


def of(identities: Collection[str], proc: Path) -> dict[str, Processes]:
    """Return id → processes of those of the containers that run. Raises OSError where `proc` is no /proc."""
    boot = _boot_time(proc)
    found: dict[str, Processes] = {}
    for process in proc.iterdir():
        if not process.name.isdecimal():
            continue
        try:
            # Of a container in a pod both are named, the pod first.
            named = [one for one in _ID.findall((process / "cgroup").read_text()) if one in identities]
            if not named:
                continue
            # Past the program's name, which may hold anything: proc_pid_stat(5), field 22.
            ticks = int((process / "stat").read_text().rpartition(")")[2].split()[19])
            # What a directory of /proc has as its size is the number of open files, for everyone to see.
            files = (process / "fd").stat().st_size
        except (FileNotFoundError, ProcessLookupError):  # It has ended.
            continue
        container = found.setdefault(named[0], Processes())
        started = boot + ticks / _TICKS
        container.started = min(container.started or started, started)
        container.count = (container.count or 0) + 1
        # A process has some, always: of none, the kernel doesn't say.
        container.files = (container.files or 0) + files or None
    return found


def _boot_time(proc: Path) -> float:
    match = re.search(r"^btime (\d+)$", (proc / "stat").read_text(), re.MULTILINE)
    return float(match.group(1)) if match else 0.0
