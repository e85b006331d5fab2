# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.checks.sanity import sanity_home, wanted
from tests.checks.tree import copy_as_collection, working_tree


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    root = tmp_path / "checkout"
    (root / "roles").mkdir(parents=True)
    for name in ("galaxy.yml", "roles/main.yml", "deleted.yml", "new.yml", "ignored.yml"):
        (root / name).write_text("---\n")
    subprocess.run(["git", "init", "--quiet"], cwd=root, check=True)
    subprocess.run(["git", "add", "galaxy.yml", "roles", "deleted.yml"], cwd=root, check=True)
    (root / "deleted.yml").unlink()
    (root / ".git/info/exclude").write_text("ignored.yml\n")
    return root


def test_files_that_exist_and_are_not_ignored(checkout: Path) -> None:
    assert sorted(working_tree(checkout)) == [Path("galaxy.yml"), Path("new.yml"), Path("roles/main.yml")]


def test_the_copy_holds_the_working_tree(checkout: Path, tmp_path: Path) -> None:
    (checkout / "galaxy.yml").write_text("namespace: devsecops\n")
    copy = copy_as_collection(tmp_path, checkout)
    assert (copy / "galaxy.yml").read_text() == "namespace: devsecops\n"
    assert {path.name for path in copy.rglob("*.yml")} == {"galaxy.yml", "new.yml", "main.yml"}


def test_sanity_finds_its_pip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    for attempt in ("made", "found again"):
        home = sanity_home()
        assert (home / ".ansible/test/cache" / wanted()).is_file(), attempt
        assert (home / ".ansible/test/pip/pip/__main__.py").is_file(), attempt
