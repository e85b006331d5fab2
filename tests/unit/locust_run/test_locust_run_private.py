# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""What the steps of a run keep on a host: where nobody else gets at it, and no longer than it is needed."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._locust.lock import (
    await_timer,
    one_at_a_time,
    remember_timer,
)
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._locust.plan import BadOptionError, plan_from
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._locust.private import private_directory
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._locust.steps import carry_out
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._locust.transport import LocustError

from tests.unit.locust_run.memory_locust import Clock


def locks() -> list[Path]:
    return sorted(private_directory().glob("lock-*"))


def test_directory_is_the_users_alone() -> None:
    path = private_directory()
    assert path.is_relative_to(Path.home())
    assert path.stat().st_mode & 0o777 == 0o700
    path.chmod(0o755)
    assert private_directory().stat().st_mode & 0o777 == 0o700


def test_directory_that_is_a_link_is_refused(tmp_path: Path) -> None:
    (Path.home() / ".cache").mkdir()
    (Path.home() / ".cache" / "monitor_lab-runs").symlink_to(tmp_path)
    with pytest.raises(LocustError, match="is not a directory of this user's own"):
        private_directory()


def test_directory_of_another_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    private_directory()
    stranger = os.geteuid() + 1
    monkeypatch.setattr(os, "geteuid", lambda: stranger)
    with pytest.raises(LocustError, match="is not a directory of this user's own"):
        private_directory()


def test_who_has_no_home_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Elsewhere somebody could take the name before, and none of this user's runs would begin."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setenv("HOME", "/proc/nowhere")
    with pytest.raises(LocustError, match=r"let HOME be one: .*/proc/nowhere"):
        private_directory()
    monkeypatch.delenv("HOME")
    monkeypatch.setattr("os.getuid", lambda: 2**31)
    with pytest.raises(LocustError, match="let HOME be one"):
        private_directory()
    assert list(tmp_path.iterdir()) == []


def test_directory_of_a_run_has_a_plain_name() -> None:
    with pytest.raises(BadOptionError, match=r"^_step: "):
        carry_out({"users": 1, "run_time": "1s"}, {"name": "look", "run_id": "../elsewhere"}, Clock())


def test_a_link_is_no_lock(tmp_path: Path) -> None:
    with one_at_a_time("http://a", Clock()):
        (lock,) = locks()
    lock.unlink()
    lock.symlink_to(tmp_path / "victim")
    with pytest.raises(LocustError, match="cannot be opened"), one_at_a_time("http://a", Clock()):
        pass
    assert not (tmp_path / "victim").exists()


def test_locks_of_other_locusts_are_removed_when_their_timers_are_past() -> None:
    clock = Clock()
    for number in range(20):
        with one_at_a_time(f"http://{number}", clock) as file:
            remember_timer(file, clock.time() + 60 * (number == 7))
    with one_at_a_time("http://a", clock):
        # That of this one, and that of a timer that goes on.
        assert len(locks()) == 2
    clock.sleep(61)
    with one_at_a_time("http://b", clock):
        assert len(locks()) == 1


def test_a_lock_that_is_held_is_not_removed() -> None:
    clock = Clock()
    with one_at_a_time("http://a", clock):
        (held,) = locks()
        with one_at_a_time("http://b", clock):
            assert held in locks()


def test_a_lock_that_was_removed_while_it_was_waited_for_is_made_anew() -> None:
    clock = Clock()
    entered = threading.Event()

    def wait() -> None:
        with one_at_a_time("http://a", clock):
            entered.set()
            assert len(locks()) == 1

    with one_at_a_time("http://a", clock):
        thread = threading.Thread(target=wait)
        thread.start()
        assert not entered.wait(0.3)
        locks()[0].unlink()
    thread.join(5)
    assert entered.is_set()


def test_a_lock_with_something_else_in_it_remembers_no_timer() -> None:
    clock = Clock()
    with one_at_a_time("http://a", clock) as file:
        file.write("\x00 not a time")
    plan = plan_from({"users": 1, "run_time": "5s"})
    with one_at_a_time("http://a", clock) as file:
        await_timer(file, {"state": "stopped", "version": "2.15.1"}, plan, clock)
