# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""What is left of a process that is ended, and of one that ended before; no Locust is needed for that."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._locust import process
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._locust.client import LocustClient
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._locust.plan import plan_from
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._locust.state import Launched
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._locust.transport import LocustError

from tests.waiting import wait_until


@pytest.fixture
def started(tmp_path: Path) -> Iterator[Any]:
    made: list[subprocess.Popen[bytes]] = []

    def start(script: str) -> Launched:
        one = subprocess.Popen(["sh", "-c", script], start_new_session=True)
        made.append(one)
        return Launched(one.pid, process._born(one.pid), str(tmp_path))

    yield start
    for one in made:
        one.kill()
        one.wait()


def running(launched: Launched) -> list[int]:
    return [pid for pid, _fields in process._processes(launched)]


def test_what_a_process_left_behind_is_ended(started: Any) -> None:
    launched = started("sleep 300 & sleep 300 & sleep 300")
    wait_until("all run", lambda: len(running(launched)) == 4)
    os.kill(launched.pid, signal.SIGKILL)
    wait_until("the first is gone", lambda: launched.pid not in running(launched))
    assert len(running(launched)) == 3
    process.terminate(launched, time)
    assert running(launched) == []


def test_who_ends_is_told_once_and_gives_its_exit_code(tmp_path: Path) -> None:
    script = (
        'trap "echo told >>seen; over=1" TERM; echo up >seen; until [ "$over" ]; do sleep 0.1; done; sleep 1; exit 7'
    )
    kept = subprocess.Popen(process._kept(["sh", "-c", script], tmp_path, 60, 60), cwd=tmp_path, start_new_session=True)
    launched = Launched(kept.pid, process._born(kept.pid), str(tmp_path))
    seen = tmp_path / "seen"
    wait_until("it runs", lambda: seen.exists() and "up" in seen.read_text(), 30)
    assert process.terminate(launched, time, 60) == 7
    assert seen.read_text() == "up\ntold\n"
    kept.wait()


def test_what_does_not_listen_is_killed(started: Any) -> None:
    launched = started("trap '' TERM; while :; do sleep 1; done")
    time.sleep(0.3)
    assert process.terminate(launched, time, 0.5) is None
    assert running(launched) == []


def test_processes_of_another_with_the_same_number_are_left_alone(started: Any) -> None:
    launched = started("sleep 300")
    earlier = Launched(launched.pid, str(int(launched.born or 0) - 100), launched.directory)
    process.terminate(earlier, time)
    assert running(earlier) == [] and running(launched)


def test_used_time_counts_all_processes(started: Any) -> None:
    launched = started("(while :; do :; done) & while :; do :; done")
    wait_until("time was used", lambda: (process.cpu_seconds(launched) or 0) > 0.2, 30)
    process.terminate(launched, time)
    assert process.cpu_seconds(launched) is None


def test_of_a_long_log_the_end_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    launched = Launched(1, None, str(tmp_path))
    assert process.read_log(launched) == ""
    monkeypatch.setattr(process, "MAX_LOG", 10)
    (tmp_path / process.LOG).write_bytes(b"x" * 100 + b"the end\xff")
    assert process.read_log(launched) == "xxthe end\ufffd"


def options(tmp_path: Path, script: str, **given: Any) -> dict[str, Any]:
    command = tmp_path / "a locust"
    command.write_text(f"#!/bin/sh\n{script}\n")
    command.chmod(0o755)
    (tmp_path / "locustfile.py").touch()
    return {
        "mode": "process",
        "locust_command": str(command),
        "locustfile": str(tmp_path / "locustfile.py"),
        "locust_url": "http://127.0.0.1:1",
        "chdir": None,
        "tags": None,
        "users": 1,
        "run_time": "5s",
        **given,
    }


def launch(tmp_path: Path, given: dict[str, Any]) -> Launched:
    directory = tmp_path / "run"
    directory.mkdir()
    return process.launch(given, plan_from(given), LocustClient(given["locust_url"], timeout=0.5), directory, time)


@pytest.mark.parametrize(
    ("script", "problem"),
    [
        ("echo first; printf '\\033[31mno such shop' >&2; exit 1", r"did not start: \\x1b\[31mno such shop"),
        (
            '[ "$1" = --version ] && echo locust 2.8.6; exit 1',
            r"did not start: this is Locust 2\.8\.6; 2\.15\.1 or newer",
        ),
        ('[ "$1" = --version ] && echo locust 2.47.0; echo bad >&2; exit 1', "did not start: bad"),
        ("sleep 300", "did not answer within 1 s, which is start_max_wait"),
    ],
)
def test_a_start_that_fails_says_why_and_leaves_nothing(tmp_path: Path, script: str, problem: str) -> None:
    with pytest.raises(LocustError, match=problem) as error:
        launch(tmp_path, options(tmp_path, script, start_max_wait="1s"))
    assert str(error.value).isprintable()
    left = [path for path in Path("/proc").glob("[0-9]*/cmdline") if str(tmp_path).encode() in _read(path)]
    assert left == []


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def test_settings_are_in_a_file_for_nobody_else_and_not_in_the_command(tmp_path: Path) -> None:
    given = options(
        tmp_path,
        'echo "$@" >seen; env >environment; exit 1',
        chdir=str(tmp_path),
        locust_options={"key": "s3cret", "processes": 2},
        start_max_wait="5s",
    )
    with pytest.raises(LocustError, match="did not start"):
        launch(tmp_path, given)
    directory = tmp_path / "run"
    assert (directory / "settings.json").stat().st_mode & 0o777 == 0o600
    assert "s3cret" in (directory / "settings.json").read_text()
    # The last that was asked is the version.
    assert "s3cret" not in (tmp_path / "seen").read_text() + (tmp_path / "environment").read_text()
    settings = process._settings(given, plan_from(given))
    assert settings["master_port"] == settings["master_bind_port"] != 5557
