# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""`site.yml` that changes nothing, on a Locust with 1, 4 and 12 hosts of workers.

The hosts are those of the tests, containers with systemd. They work on the same processors as the controller, which
those of a real lab don't: the processor time that is printed is the controller's share alone.
"""

from __future__ import annotations

import json
import re
import resource
import tempfile
from pathlib import Path

from benchmarks import Row
from benchmarks._play import play
from tests.checks.tree import CHECKOUT
from tests.role_readme import ROLES, load

SHARED = CHECKOUT / "molecule" / "shared"
WORKER_HOSTS = (1, 4, 12)
# In turns, and the best of each counts: what else the machine does can only slow a round down.
ROUNDS = 2
# There already, so that the first deployment does not install them twelve times at once.
PACKAGES = load(ROLES / "monitor_lab" / "vars" / "distributions" / "Debian.yml")["monitor_lab_distribution"]["packages"]
ENGINE = PACKAGES["docker"] + PACKAGES["modules"]


def workers(count: int) -> list[str]:
    return [f"load{number}" for number in range(1, count + 1)]


def inventory(scratch: Path, worker_hosts: int) -> dict[str, object]:
    """Return the lab's groups; `locust1` is the master. Its users would load nobody: no run is made."""
    return {
        "all": {
            "vars": {
                "monitor_lab_secrets_dir": str(scratch / "secrets"),
                "monitor_lab_artifacts_dir": str(scratch / "artifacts"),
                "locust_host": "http://127.0.0.1:1",
                "locust_worker_processes": 1,
            }
        },
        "test_hosts": {
            "hosts": {
                name: {"test_host_release": "bookworm", "test_host_packages": ENGINE}
                for name in ("locust1", *workers(max(WORKER_HOSTS)))
            }
        },
        "locust": {"hosts": {"locust1": {}}},
        "locust_workers": {"hosts": {name: {} for name in workers(worker_hosts)}},
    }


def on_hosts(scratch: Path, playbook: Path, worker_hosts: int) -> tuple[float, str]:
    """Wall time in seconds of a playbook on the first so many hosts of workers, and what it printed."""
    groups = scratch / f"{worker_hosts}.yml"
    # JSON is YAML.
    groups.write_text(json.dumps(inventory(scratch, worker_hosts)), encoding="utf-8")
    return play(
        playbook,
        [scratch / "inventory", groups],
        MOLECULE_EPHEMERAL_DIRECTORY=str(scratch),
        MOLECULE_SCENARIO_NAME="bench",
        ANSIBLE_HOST_KEY_CHECKING="false",
    )


def processor_seconds() -> float:
    """Of all processes that this one started and that have ended; containers are not among them."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def unchanged(scratch: Path, worker_hosts: int) -> float:
    before = processor_seconds()
    seconds, output = on_hosts(scratch, CHECKOUT / "site.yml", worker_hosts)
    if re.search(r"changed=[1-9]", output):
        raise SystemExit(f"not everything was in place:\n{output}")
    used = processor_seconds() - before
    print(f"{worker_hosts} hosts of workers: {seconds:.1f} s, {used:.1f} s of the controller's processors", flush=True)
    return seconds


def measure() -> list[Row]:
    most = max(WORKER_HOSTS)
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        (scratch / "inventory").mkdir()
        try:
            on_hosts(scratch, SHARED / "create.yml", most)
            on_hosts(scratch, CHECKOUT / "site.yml", most)
            rounds = [{count: unchanged(scratch, count) for count in WORKER_HOSTS} for _round in range(ROUNDS)]
        finally:
            on_hosts(scratch, SHARED / "destroy.yml", most)
    best = {count: min(seconds[count] for seconds in rounds) for count in WORKER_HOSTS}
    few = min(WORKER_HOSTS)
    return [
        Row(
            f"seconds for each further host of workers, {few} to {count}",
            f"{best[count]:.1f} s",
            f"{best[few]:.1f} s",
            (best[count] - best[few]) / (count - few),
            0.5,
            at_least=False,
        )
        for count in WORKER_HOSTS
        if count > few
    ]
