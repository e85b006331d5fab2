# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""Secrets that are made on the controller."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils import _private_files as private_files


def test_passwords_are_made_once_and_are_their_users_own(tmp_path: Path) -> None:
    folder = tmp_path / "config" / "secrets"
    assert private_files.make_passwords(folder, ["a", "b"], False) == ["a", "b"]
    first, other = (folder / "a").read_text(), (folder / "b").read_text()
    assert first != other
    # What the service takes for its key.
    assert len(bytes.fromhex(first)) == 32
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
    assert {folder.stat().st_mode & 0o777, folder.parent.stat().st_mode & 0o777} == {0o700}
    assert private_files.make_passwords(folder, ["a", "b", "c"], False) == ["c"]
    assert (folder / "a").read_text() == first


def test_nothing_is_written_in_check_mode(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    assert private_files.make_passwords(folder, ["a"], True) == ["a"]
    assert not folder.exists()


def test_a_folder_that_cannot_be_made_is_told_of(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(private_files.FileError, match="can't be written"):
        private_files.write(tmp_path / "file" / "secrets" / "a", b"")
