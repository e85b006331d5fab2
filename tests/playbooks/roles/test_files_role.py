# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""The role puts all files in place, says which it changed, and shows no secret in doing so."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._lab import host

from tests.plays import ansible_playbook, shown

SECRET = "geheim"
OWN = {"owner": os.getuid(), "group": os.getgid()}
LOUD = ("--diff", "-vvvv")


def played(folder: Path, files: list[dict[str, Any]], *options: str) -> subprocess.CompletedProcess[str]:
    """Play the role on this machine as it is found, and show the paths that were changed."""
    # Extra variables are shown where Ansible is told to say much.
    variables = {
        "monitor_lab_host": {"files": host.files([folder / "lab"])},
        "files_wanted": [{**OWN, **file} for file in files],
    }
    tasks = [
        {"ansible.builtin.include_role": {"name": "devsecops.monitor_lab.files"}},
        {"ansible.builtin.debug": {"msg": "{{ files_changed | to_json }}"}},
    ]
    play = {"hosts": "one", "gather_facts": False, "vars": variables, "tasks": tasks}
    (folder / "play.yml").write_text(json.dumps([play]))
    one = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
    (folder / "hosts.json").write_text(json.dumps({"all": {"hosts": {"one": one}}}))
    done = ansible_playbook(folder / "play.yml", f"--inventory={folder}/hosts.json", *options)
    assert SECRET not in done.stdout + done.stderr
    return done


def changed(done: subprocess.CompletedProcess[str], lab: Path) -> list[str]:
    assert done.returncode == 0, done.stdout
    return [str(Path(path).relative_to(lab)) for path in shown(done)[0]]


@pytest.fixture
def lab(tmp_path: Path) -> Path:
    """Where the role writes; it is not there."""
    return tmp_path / "lab"


def wanted(lab: Path) -> list[dict[str, Any]]:
    (lab.parent / "binary").write_bytes(bytes(range(256)))
    (lab.parent / "token").write_text(f"{SECRET}-token")
    return [
        {"path": str(lab), "state": "directory", "whole": True},
        {"path": str(lab / "words.yml"), "content": "greeting: Grüße, 世界 {{ '{{' }}\n", "mode": "0640"},
        {"path": str(lab / "empty"), "content": ""},
        {"path": str(lab / "binary"), "src": str(lab.parent / "binary")},
        {"path": str(lab / "long"), "content": "0123456789abcdef" * 2**16},
        {"path": str(lab / "keys"), "state": "directory", "mode": "0700"},
        {"path": str(lab / "keys" / "password"), "content": f"{SECRET}-ä", "mode": "0400", "secret": True},
        {"path": str(lab / "keys" / "token"), "src": str(lab.parent / "token"), "mode": "0400", "secret": True},
        {"path": str(lab / "other"), "content": SECRET, "wanted": False},
    ]


FILES = ["words.yml", "empty", "binary", "long", "keys/password", "keys/token"]


def contents(lab: Path) -> dict[str, bytes]:
    return {str(path.relative_to(lab)): path.read_bytes() for path in lab.rglob("*") if path.is_file()}


def test_all_are_put_in_place_and_a_second_run_sends_nothing(lab: Path) -> None:
    files = wanted(lab)
    tried = played(lab.parent, files, "--check", *LOUD)
    assert changed(tried, lab) == FILES
    assert not lab.exists()
    done = played(lab.parent, files, *LOUD)
    assert changed(done, lab) == FILES
    assert contents(lab) == {
        "words.yml": "greeting: Grüße, 世界 {{\n".encode(),
        "empty": b"",
        "binary": bytes(range(256)),
        "long": b"0123456789abcdef" * 2**16,
        "keys/password": f"{SECRET}-ä".encode(),
        "keys/token": f"{SECRET}-token".encode(),
    }
    modes = {path.name: path.stat().st_mode & 0o777 for path in (lab, lab / "words.yml", *lab.glob("keys/*"))}
    assert modes == {"lab": 0o755, "words.yml": 0o640, "password": 0o400, "token": 0o400}
    # The same is shown before as afterwards.
    for played_so in (tried, done):
        assert "+greeting: Grüße, 世界 {{" in played_so.stdout
        assert f"{lab}/keys/password has another content, which is secret" in played_so.stdout
        assert f"{lab}/binary has another content, which is no text" in played_so.stdout
    again = played(lab.parent, files, "-vvvv")
    assert changed(again, lab) == []
    assert "changed=0" in again.stdout
    assert "lab_files.py" in done.stdout
    assert "lab_files.py" not in again.stdout


def test_what_was_changed_by_hand_is_put_right_and_told(lab: Path, tmp_path: Path) -> None:
    files = wanted(lab)
    played(lab.parent, files)
    kept = (lab / "binary").stat().st_ino
    (lab / "words.yml").write_text("greeting: none\n")
    (lab / "binary").chmod(0o666)
    (lab / "keys").chmod(0o755)
    (lab / "keys" / "token").chmod(0o600)
    (lab / "keys" / "token").write_text(f"another {SECRET}")
    (lab / "empty").unlink()
    (tmp_path / "somebody's").write_text("kept")
    (lab / "empty").symlink_to(tmp_path / "somebody's")
    (lab / "more" / "below").mkdir(parents=True)
    (lab / "more" / "below" / "file").touch()
    (lab / "other").touch()
    before = contents(lab)
    tried = played(lab.parent, files, "--check", *LOUD)
    assert contents(lab) == before
    done = played(lab.parent, files, *LOUD)
    for played_so in (tried, done):
        assert changed(played_so, lab) == ["words.yml", "empty", "binary", "keys/token"]
        told = " ".join(played_so.stdout.split())
        assert f"changed_folders: - {lab}/keys " in told
        assert f"removed: - {lab}/empty - {lab}/more - {lab}/other " in told
        assert "-greeting: none" in played_so.stdout
    assert (lab / "binary").stat().st_ino == kept
    assert not (lab / "empty").is_symlink()
    assert (tmp_path / "somebody's").read_text() == "kept"
    assert "changed=0" in played(lab.parent, files).stdout


@pytest.mark.parametrize("is_secret", [False, True])
def test_a_content_that_is_refused_leaves_everything(is_secret: bool, lab: Path) -> None:
    files = wanted(lab)
    played(lab.parent, files)
    (lab / "more").write_text("")
    (lab / "words.yml").write_text("greeting: none\n")
    before = contents(lab)
    # Each command prints what it refuses.
    private = {
        "content": f"{SECRET}-2",
        "secret": True,
        "mode": "0400",
        "validate": f"sed -n /{SECRET[:3]}/{{p;q1}} %s",
    }
    public = {"content": "listen: everywhere\n", "validate": "sed -n /listen/{p;q1} %s"}
    refused = {"path": str(lab / "checked.yml"), **(private if is_secret else public)}
    done = played(lab.parent, [*files, refused], *LOUD)
    assert done.returncode != 0
    said = "it ended with 1" if is_secret else "listen: everywhere"
    assert f"{lab}/checked.yml failed to validate: {said}. Nothing was changed." in " ".join(done.stdout.split())
    assert contents(lab) == before


def test_a_content_that_is_accepted_is_written(lab: Path) -> None:
    files = [{"path": str(lab), "state": "directory"}]
    checked = {"path": str(lab / "a.yml"), "content": "listen: here\n", "validate": "grep -q here %s"}
    # What would check it may not be there yet.
    missing = {**checked, "validate": "/nowhere/program %s"}
    assert changed(played(lab.parent, [*files, missing], "--check"), lab) == ["a.yml"]
    assert changed(played(lab.parent, [*files, checked]), lab) == ["a.yml"]
    assert contents(lab) == {"a.yml": b"listen: here\n"}
