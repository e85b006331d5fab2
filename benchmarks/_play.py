# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""What a playbook costs the controller."""

from __future__ import annotations

import json
import os
import re
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.checks.tree import CHECKOUT


@dataclass(frozen=True)
class Played:
    """A playbook's wall time, its processor time with that of all that it ran, and the memory of its largest process.

    That process is Ansible's own, or a fork of it, which shares most of its memory.
    """

    seconds: float
    processor_seconds: float
    memory_mb: float
    output: str


def play(playbook: Path, inventories: Sequence[Path], checkout: Path = CHECKOUT, **environment: str) -> Played:
    """Run a playbook of a checkout. SystemExit where it fails."""
    environment = {**os.environ, "ANSIBLE_CONFIG": str(checkout / "ansible.cfg"), **environment}
    command = ["ansible-playbook", *(f"--inventory={inventory}" for inventory in inventories), str(playbook)]
    with tempfile.TemporaryFile("w+", encoding="utf-8") as printed:
        start = time.monotonic()
        with subprocess.Popen(
            command, cwd=checkout, env=environment, stdout=printed, stderr=subprocess.STDOUT
        ) as process:
            # Popen waits too, but does not tell what the process used.
            _process, status, usage = os.wait4(process.pid, 0)
            seconds = time.monotonic() - start
            process.returncode = os.waitstatus_to_exitcode(status)
        printed.seek(0)
        output = printed.read()
    if process.returncode != 0:
        raise SystemExit(f"{playbook.name} failed:\n{output}")
    return Played(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, output)


def unchanged(played: Played) -> Played:
    """Return what was played. SystemExit where it changed anything: then something else was measured."""
    if re.search(r"changed=[1-9]", played.output):
        raise SystemExit(f"not everything was in place; run it again:\n{played.output}")
    return played


def pings(count: int, hosts: str) -> str:
    """Return a playbook of so many pings; they reach the hosts as the tasks of `site.yml` do."""
    tasks = [{"name": f"Ping {number}", "ansible.builtin.ping": {}} for number in range(count)]
    # JSON is YAML.
    return json.dumps([{"name": "Ping", "hosts": hosts, "gather_facts": False, "become": True, "tasks": tasks}])
