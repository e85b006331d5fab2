# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""exercise.yml says in one message what it lacks, and does nothing then; nor does it in check mode."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.checks.tree import CHECKOUT
from tests.plays import ansible_playbook

LAB = ("tokenization", "locust", "prometheus")


def exercise(
    folder: Path, *arguments: str, groups: tuple[str, ...] = LAB, **asked: Any
) -> subprocess.CompletedProcess[str]:
    host = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable, "ansible_become": False}
    (folder / "hosts.json").write_text(json.dumps({group: {"hosts": {"lab1": host}} for group in groups}))
    given = {
        "monitor_lab_host": {},
        "monitor_lab_secrets_dir": f"{folder}/secrets",
        "monitor_lab_artifacts_dir": f"{folder}/artifacts",
        "monitor_lab_prometheus_url": "http://127.0.0.1:9",
        "exercise_locust": ["touch", f"{folder}/attacked"],
        **asked,
    }
    return ansible_playbook(
        CHECKOUT / "playbooks" / "exercise.yml",
        f"--inventory={folder}/hosts.json",
        f"--extra-vars={json.dumps(given)}",
        *arguments,
    )


def messages(done: subprocess.CompletedProcess[str]) -> list[str]:
    """What Ansible calls an error, each on one line."""
    return [
        " ".join(message.split())
        for message in re.findall(r"^\[ERROR\]: (.+)", done.stdout + done.stderr, re.MULTILINE)
    ]


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"exercise_only": "spikes"}, "there is no case spikes: write spike. Nothing was done."),
        ({"exercise_only": "flood"}, "there is no case flood: there are credential_guessing, slow_client, spike, "),
        ({"exercise_only": "spike", "exercise_all": True}, "--only (exercise_only) is for one case, and --all"),
        ({}, "no answer from Prometheus at http://127.0.0.1:9: "),
    ],
)
def test_what_cannot_be_done_is_told_in_one_message(asked: dict[str, Any], says: str, tmp_path: Path) -> None:
    done = exercise(tmp_path, **asked)
    assert done.returncode != 0
    (message,) = messages(done)
    assert says in message, done.stdout
    assert "Nothing was done." in " ".join(done.stdout.split())
    assert [path.name for path in tmp_path.iterdir()] == ["hosts.json"]


@pytest.mark.parametrize("missing", LAB)
def test_a_lab_without_what_it_takes_is_told(missing: str, tmp_path: Path) -> None:
    done = exercise(tmp_path, groups=tuple(group for group in LAB if group != missing))
    assert done.returncode != 0
    assert "takes a lab with all of tokenization, locust and prometheus. Nothing was done." in " ".join(
        done.stdout.split()
    )


def test_check_mode_shows_the_cases_and_goes_through_none(tmp_path: Path) -> None:
    done = exercise(tmp_path, "--check", exercise_only="worker_killed")
    assert done.returncode == 0, done.stdout
    assert "- baseline\n    - worker_killed\n" in done.stdout
    assert [path.name for path in tmp_path.iterdir()] == ["hosts.json"]


def test_only_takes_a_name() -> None:
    done = subprocess.run(
        ["./lab", "exercise", "--only"], cwd=CHECKOUT, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 1
    assert done.stderr == "lab: --only takes the name of a case\n"
