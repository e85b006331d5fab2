# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""`site.yml` on a machine where everything is in place: its time against pings, and how many modules it runs."""

from __future__ import annotations

import json
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import Row
from benchmarks._play import pings, play
from tests.checks.tree import CHECKOUT
from tests.role_readme import load

SITE = CHECKOUT / "site.yml"
INVENTORY = CHECKOUT / "inventory" / "local.yml"
# As many modules as site.yml ran when it looked at each service by itself; a constant, since running fewer must pay.
PINGS = 38
# In turns, and the best of each counts: what else the machine does can only slow a round down.
ROUNDS = 3
SHOWN = 10
# Each a lab in which the services are what they are in the whole one: what needs them is left out.
FEWER = ["tokenization", "locust", "locust_workers"]
ONE_MORE = "locust_exporter"


@dataclass(frozen=True)
class Run:
    """A playbook's wall and processor time in seconds, and the modules that it ran: name, task and seconds of each."""

    seconds: float
    processor_seconds: float
    modules: list[dict[str, Any]]


def counted(playbook: Path, inventory: Path, calls: Path) -> Run:
    """Run a playbook that must change nothing."""
    calls.unlink(missing_ok=True)
    played = play(
        playbook,
        [inventory],
        MODULE_CALLS=str(calls),
        ANSIBLE_CALLBACK_PLUGINS=str(Path(__file__).with_name("_callbacks")),
        ANSIBLE_CALLBACKS_ENABLED="module_calls",
    )
    lines = [json.loads(line) for line in calls.read_text(encoding="utf-8").splitlines()]
    if changed := [line["changed"] for line in lines if "changed" in line]:
        raise SystemExit(f"not everything was in place: {playbook.name} changed {', '.join(changed)}; run it again")
    return Run(played.seconds, played.processor_seconds, [line for line in lines if "module" in line])


def of_groups(groups: list[str], path: Path) -> Path:
    """Write the inventory of this machine with these groups alone."""
    inventory = load(INVENTORY)
    children = inventory["all"]["children"]
    inventory["all"]["children"] = {group: children[group] for group in groups}
    # JSON is YAML.
    path.write_text(json.dumps(inventory), encoding="utf-8")
    return path


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
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        calls, playbook = folder / "calls", folder / "ping.yml"
        playbook.write_text(pings(PINGS, "localhost"), encoding="utf-8")
        for _round in range(ROUNDS):
            site.append(counted(SITE, INVENTORY, calls))
            ping.append(counted(playbook, INVENTORY, calls))
        fewer, one_more = (
            len(counted(SITE, of_groups(groups, folder / "groups.yml"), calls).modules)
            for groups in (FEWER, [*FEWER, ONE_MORE])
        )
    modules = site[0].modules
    print(f"the slowest {SHOWN} of {len(modules)} modules")
    for call in sorted(modules, key=lambda call: -call["seconds"])[:SHOWN]:
        print(f"{call['seconds']:6.2f} s  {call['module']}  ({call['task']})")
    for what, runs in ((SITE.name, site), (f"{PINGS} pings", ping)):
        print(f"{what}: {min(run.processor_seconds for run in runs):.1f} s of the processors")
    best, reference = min(run.seconds for run in site), min(run.seconds for run in ping)
    return [
        Row(f"wall time / {PINGS} pings", f"{best:.1f} s", f"{reference:.1f} s", best / reference, 0.6),
        Row("modules that it runs", str(len(modules)), "", len(modules), 10),
        Row(f"modules more for {ONE_MORE}", str(one_more), str(fewer), one_more - fewer, 0),
    ]
