# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""The cases of the exercise name what is there, and the faults undo what they do, whatever becomes of them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from jinja2 import Environment

from tests import alert_cases
from tests.checks.tree import CHECKOUT
from tests.made_up import table_of

CASES = alert_cases.exercise()["exercise_cases"]
FAULTS = {name for name, case in CASES.items() if "fault" in case}
ATTACKS = CHECKOUT / "files" / "locust" / "attacks"
# Says what it was called with. One that is asked for something tells it, and one that is to fail does.
PROGRAM = """#!/bin/sh
echo "${0##*/} $*" >>"$JOURNAL"
[ "${0##*/}" != "$FAILS" ] || exit 9
[ "$1" != inspect ] || echo "$INSPECTED"
"""
# In a container it would have 64 MiB. It tells what it takes in the place of waiting.
PYTHON = """#!/bin/sh
[ "$1" = run ] || exec echo image
while [ "$1" != -c ]; do shift; done
exec "$PYTHON" -c "import time; time.sleep = lambda seconds: print(open('/proc/self/status').read())
$2"
"""


def script_of(name: str) -> str:
    """As it reaches the host."""
    return Environment(autoescape=True).from_string(CASES[name]["fault"]["script"]).render()


class Host:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.journal = folder / "journal"
        for name in ("docker", "mount", "umount", "mkdir", "rmdir", "dd", "sleep"):
            self.has(name, PROGRAM)

    def has(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text)
        (self.folder / name).chmod(0o755)

    def does(self, script: str, fails: str = "", inspected: str = "") -> subprocess.CompletedProcess[str]:
        around = {"JOURNAL": str(self.journal), "FAILS": fails, "INSPECTED": inspected, "PYTHON": sys.executable}
        path = f"{self.folder}:{os.environ['PATH']}"
        return subprocess.run(
            ["sh", "-euc", script],
            env={**os.environ, **around, "PATH": path},
            capture_output=True,
            text=True,
            check=False,
        )

    def did(self) -> list[str]:
        return self.journal.read_text().splitlines()


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host(tmp_path)


def test_a_case_says_what_it_does_and_nothing_else() -> None:
    for name, case in CASES.items():
        assert case.keys() <= {"attack", "fault", "run", "must", "labels", "may"}, name
        assert case.keys() & {"attack", "fault", "run"}, name
        assert "must" in case or "may" not in case, name


def test_each_attack_has_a_case_and_each_case_its_attack() -> None:
    used = {case["attack"].get("class", name) for name, case in CASES.items() if "attack" in case}
    assert used == {path.stem for path in ATTACKS.glob("[!_]*.py")}


def test_no_more_users_than_an_attack_takes_and_no_longer() -> None:
    for name, case in CASES.items():
        if "attack" in case:
            text = (ATTACKS / f"{case['attack'].get('class', name)}.py").read_text()
            found = {
                what: eval(value) for what, value in re.findall(r"^    (most_\w+) = ([\d *]+)$", text, re.MULTILINE)
            }
            assert case["attack"]["users"] <= found["most_users"], name
            assert case["attack"]["seconds"] <= found["most_seconds"], name


def test_the_first_ones_are_three_attacks() -> None:
    first = alert_cases.exercise()["exercise_first"]
    assert len(first) == 3
    assert all("attack" in CASES[name] for name in first)


def test_faults_are_where_a_part_of_the_lab_is() -> None:
    groups = {group for entry in table_of(CHECKOUT) for group in entry["groups"]}
    assert {CASES[name]["fault"]["group"] for name in FAULTS} <= groups


def test_each_fault_is_looked_at() -> None:
    """At the vault that is locked by tests/integration/exercise."""
    looked_at = {"container_stopped", "worker_killed", "disk_filling", "memory_squeezed"}
    assert looked_at | {"endpoint_failure", "run_failing"} == FAULTS


@pytest.mark.parametrize("fails", ["", "sleep"])
def test_what_was_stopped_is_started(fails: str, host: Host) -> None:
    done = host.does(script_of("container_stopped"), fails)
    assert (done.returncode != 0) == bool(fails)
    container = "monitor-lab-locust-exporter"
    assert host.did() == [f"docker stop {container}", "sleep 45", f"docker start {container}"]


DISK = "/mnt/monitor-lab-exercise"
FILLED = [
    f"mkdir {DISK}",
    f"mount --types tmpfs --options size=64m,mode=0755 monitor-lab-exercise {DISK}",
    "docker restart monitor-lab-node-exporter",
    f"dd if=/dev/zero of={DISK}/full bs=1M count=62 status=none",
    "sleep 45",
]


@pytest.mark.parametrize(
    ("fails", "last"), [("", 5), ("mkdir", 1), ("mount", 2), ("dd", 4), ("sleep", 5), ("umount", 5)]
)
def test_what_was_filled_is_gone(fails: str, last: int, host: Host) -> None:
    done = host.does(script_of("disk_filling"), fails)
    assert (done.returncode != 0) == (fails not in ("", "umount"))
    undone = [f"umount {DISK}", f"rmdir {DISK}", "docker restart monitor-lab-node-exporter"]
    assert host.did() == FILLED[:last] + undone


def test_one_worker_is_killed(host: Host) -> None:
    """The first child of the container's first process."""
    forks = (
        "import subprocess, sys; child = subprocess.Popen(['cat']); print('forked', flush=True); sys.exit(child.wait())"
    )
    with subprocess.Popen([sys.executable, "-c", forks], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as main:
        assert main.stdout
        main.stdout.readline()
        done = host.does(script_of("worker_killed"), inspected=str(main.pid))
        assert done.returncode == 0, done.stderr
        assert main.wait(10) == 256 - 9
    assert host.did() == ["docker inspect --format {{.State.Pid}} monitor-lab-locust-workers", "sleep 30"]


def test_nearly_all_of_64_mib_is_taken(host: Host) -> None:
    host.has("docker", PYTHON)
    done = host.does(script_of("memory_squeezed"))
    assert done.returncode == 0, done.stderr
    (taken,) = re.findall(r"^RssAnon:\s+(\d+) kB$", done.stdout, re.MULTILINE)
    assert 60 * 1024 <= int(taken) < 61 * 1024
