# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""`./lab report`: what it has Ansible play, without an environment of its own."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._locust.arguments import REPORT

from tests.checks.tree import CHECKOUT

PLAYBOOK = CHECKOUT / "playbooks" / "report.yml"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """One with an environment that is there, whose Ansible says how it was called."""
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    (tmp_path / "requirements.txt").touch()
    (tmp_path / ".venv" / "requirements.txt").touch()
    shutil.copy(CHECKOUT / "lab", tmp_path)
    # Root needs no sudo.
    for name, says in (("ansible-playbook", "$@"), ("python", "$@"), ("id", "0")):
        program = tmp_path / ".venv" / "bin" / name
        program.write_text(f'#!/bin/sh\nprintf "%s\\n" "{says}"\n')
        program.chmod(0o755)
    return tmp_path


def lab(checkout: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [checkout / "lab", *arguments], env=dict(os.environ), capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(
    ("arguments", "played"),
    [
        ([], []),
        (["20261123T055142Z-4c62"], ["-elab_report_run='20261123T055142Z-4c62'"]),
        (["one", "--against", "two"], ["-elab_report_run='one'", "-elab_report_against='two'"]),
        (["--against", "two", "-i", "mine.yml"], ["-elab_report_against='two'", "-i", "mine.yml"]),
        (
            ["--from", "2h", "--to", "2026-11-23 07:00"],
            ["-elab_report_from='2h'", "-elab_report_to='2026-11-23 07:00'"],
        ),
        (["-i", "mine.yml"], ["-i", "mine.yml"]),
    ],
)
def test_what_it_plays(arguments: list[str], played: list[str], checkout: Path) -> None:
    done = lab(checkout, "report", *arguments)
    assert done.stdout.splitlines() == ["playbooks/report.yml", *played], done.stderr


def test_a_name_without_a_value_is_told(checkout: Path) -> None:
    done = lab(checkout, "report", "--against")
    assert (done.returncode, done.stderr) == (1, "lab: --against wants a value\n")


def test_the_first_run_leaves_a_report_and_others_do_not(checkout: Path) -> None:
    assert "locust_run_report=true" in lab(checkout, "up").stdout
    (checkout / "artifacts" / "one").mkdir(parents=True)
    (checkout / "artifacts" / "one" / "summary.json").touch()
    assert "locust_run_report=true" not in lab(checkout, "up").stdout
    assert "locust_run_report" not in lab(checkout, "run").stdout


def test_every_option_has_its_variable() -> None:
    (task,) = (each for each in yaml.safe_load(PLAYBOOK.read_text())[1]["tasks"] if each["name"] == "Make the page")
    options = task["devsecops.monitor_lab.lab_report"]
    assert options.keys() == REPORT["argument_spec"].keys()
    for option, text in options.items():
        assert f"lab_report_{option} |" in text, option


def test_the_usage_names_it() -> None:
    shown = subprocess.run([CHECKOUT / "lab", "help"], capture_output=True, text=True, check=True).stdout
    assert "./lab report [RUN] [--against RUN]" in " ".join(shlex.split(shown))
