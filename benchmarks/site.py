# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""`site.yml` on a machine where everything is in place, against a play of as many `ping` tasks."""

from __future__ import annotations

import json
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import Row
from benchmarks._play import play
from tests.checks.tree import CHECKOUT

INVENTORY = CHECKOUT / "inventory" / "local.yml"
# In turns, and the best of each counts: what else the machine does can only slow a round down.
ROUNDS = 3
SHOWN = 10


@dataclass(frozen=True)
class Run:
    """A playbook's wall time in seconds, and the modules that it ran: name, task and seconds of each."""

    seconds: float
    modules: list[dict[str, Any]]


def unchanged(playbook: Path, calls: Path) -> Run:
    """Run a playbook that must change nothing."""
    calls.unlink(missing_ok=True)
    seconds, _printed = play(
        playbook,
        [INVENTORY],
        MODULE_CALLS=str(calls),
        ANSIBLE_CALLBACK_PLUGINS=str(Path(__file__).with_name("_callbacks")),
        ANSIBLE_CALLBACKS_ENABLED="module_calls",
    )
    lines = [json.loads(line) for line in calls.read_text(encoding="utf-8").splitlines()]
    if changed := [line["changed"] for line in lines if "changed" in line]:
        raise SystemExit(f"not everything was in place: {playbook.name} changed {', '.join(changed)}; run it again")
    return Run(seconds, [line for line in lines if "module" in line])


def pings(count: int) -> str:
    tasks = [{"name": f"Ping {number}", "ansible.builtin.ping": {}} for number in range(count)]
    # JSON is YAML.
    return json.dumps([{"name": "Ping", "hosts": "localhost", "gather_facts": False, "become": True, "tasks": tasks}])


def measure() -> list[Row]:
    status = subprocess.run(
        ["ansible-playbook", "-i", str(INVENTORY), "playbooks/verify.yml"],
        cwd=CHECKOUT,
        capture_output=True,
        check=False,
    )
    if status.returncode != 0:
        raise SystemExit("the lab is not up on this machine, and this benchmark does not deploy it: ./lab up")
    site: list[Run] = []
    ping: list[Run] = []
    with tempfile.TemporaryDirectory() as folder:
        calls, playbook = Path(folder) / "calls", Path(folder) / "ping.yml"
        for _round in range(ROUNDS):
            site.append(unchanged(CHECKOUT / "site.yml", calls))
            playbook.write_text(pings(len(site[0].modules)), encoding="utf-8")
            ping.append(unchanged(playbook, calls))
    modules = site[0].modules
    if {len(run.modules) for run in ping} != {len(modules)}:
        raise RuntimeError("the play of pings ran another number of modules")
    print(f"the slowest {SHOWN} of {len(modules)} modules")
    for call in sorted(modules, key=lambda call: -call["seconds"])[:SHOWN]:
        print(f"{call['seconds']:6.2f} s  {call['module']}  ({call['task']})")
    best, reference = min(run.seconds for run in site), min(run.seconds for run in ping)
    return [
        Row("module invocations", str(len(modules)), "", len(modules), 60, at_least=False),
        Row("wall time / as many pings", f"{best:.1f} s", f"{reference:.1f} s", best / reference, 1.5, at_least=False),
    ]
