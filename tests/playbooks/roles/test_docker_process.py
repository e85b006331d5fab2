# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""Where no systemd keeps Docker, and /run outlives a reboot: a number that Docker had may be another process's."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.plays import ansible_playbook

Started = Callable[[str], subprocess.Popen[bytes]]


@pytest.fixture
def started(tmp_path: Path) -> Iterator[Started]:
    """What starts a process of a name, with its number in a file of that name."""
    processes = []

    def start(name: str) -> subprocess.Popen[bytes]:
        # A process is named by its file.
        program = shutil.copy("/bin/sleep", tmp_path / "bin" / name)
        process = subprocess.Popen([program, "300"])
        processes.append(process)
        # Until somebody has waited for it, it counts as running.
        threading.Thread(target=process.wait).start()
        (tmp_path / name).write_text(f"{process.pid}\n")
        return process

    (tmp_path / "bin").mkdir()
    yield start
    for process in processes:
        process.kill()


def play(folder: Path, tasks: str, *arguments: str, **variables: object) -> subprocess.CompletedProcess[str]:
    role = {"name": "devsecops.monitor_lab.container_engine", "tasks_from": tasks}
    hosts = {"hosts": "localhost", "connection": "local", "gather_facts": False}
    (folder / "play.yml").write_text(json.dumps([{**hosts, "tasks": [{"ansible.builtin.include_role": role}]}]))
    given = {"ansible_python_interpreter": sys.executable, **variables}
    options = ["--inventory=localhost,", f"--extra-vars={json.dumps(given)}", *arguments]
    return ansible_playbook(folder / "play.yml", *options)


def test_numbers_of_what_is_gone_are_forgotten(started: Started, tmp_path: Path) -> None:
    files = {name: tmp_path / name for name in ("dockerd", "containerd", "other", "gone")}
    for name in ("containerd", "other"):
        started(name)
    files["gone"].write_text(f"{2**22}\n")
    given = [{"name": "containerd", "path": str(files["containerd"])}]
    given += [{"name": "dockerd", "path": str(files[name])} for name in ("other", "gone", "dockerd")]
    done = play(tmp_path, "forget_process", __container_engine_pid_files=given)
    assert done.returncode == 0, done.stdout
    assert [name for name, path in files.items() if path.exists()] == ["containerd"]


@pytest.mark.parametrize("name", ["dockerd", "other"])
def test_no_other_process_is_stopped(started: Started, name: str, tmp_path: Path) -> None:
    process = started(name)
    done = play(tmp_path, "stop_process", __container_engine_pid_file=str(tmp_path / name))
    assert done.returncode == 0, done.stdout
    assert not (tmp_path / name).exists()
    assert (process.poll() is not None) == (name == "dockerd")


@pytest.mark.parametrize("mode", [[], ["--check"]], ids=["", "check"])
def test_a_docker_that_something_else_started_is_not_started_again(
    started: Started, mode: list[str], tmp_path: Path
) -> None:
    process = started("other")
    facts = {"ansible_facts": {"service_mgr": "none"}}
    done = play(tmp_path, "restart", *mode, __container_engine_pid_file=str(tmp_path / "other"), **facts)
    assert done.returncode != 0
    assert "Docker was started by something else than the lab" in " ".join(done.stdout.split())
    assert process.poll() is None
