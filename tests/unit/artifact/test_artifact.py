# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""What `ansible-galaxy collection build` puts into the artifact, from a checkout in which more lies about."""

from __future__ import annotations

import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from tests.checks.tree import copy_as_collection, working_tree

FOLDERS = {"LICENSES", "changelogs", "docs", "files", "meta", "playbooks", "plugins", "roles"}
# People keep inventories of their own beside the examples.
FILES = {
    *map(Path, ("CHANGELOG.rst", "CONTRIBUTING.md", "LICENSE", "README.md", "REUSE.toml", "SECURITY.md")),
    *map(Path, ("inventory/lab.yml", "inventory/local.yml")),
}
# Galaxy's own.
MADE = {"FILES.json", "MANIFEST.json"}
# What people and tools leave in a checkout.
STRAY = (
    "secrets.txt",
    "artifacts/20261128T120000Z-0000/summary.json",
    "archives/grafana.tar",
    "inventory/mine.yml",
    "devsecops-monitor_lab-0.0.1.tar.gz",
    ".venv/lib/python3.11/site-packages/example.py",
    "plugins/module_utils/__pycache__/duration.cpython-311.pyc",
    "files/tokenization/tokenization/__pycache__/app.cpython-311.pyc",
    "files/tokenization/.mypy_cache/3.11/tokenization/app.data.json",
    "files/tokenization/.venv/lib/python3.11/site-packages/example.py",
    "files/tokenization/build/lib/tokenization/app.py",
    "files/tokenization/tokenization.egg-info/SOURCES.txt",
)


@pytest.fixture(scope="module")
def artifact(tmp_path_factory: pytest.TempPathFactory) -> set[Path]:
    """The files in it, without Galaxy's own."""
    folder = tmp_path_factory.mktemp("artifact")
    checkout = copy_as_collection(folder)
    for name in STRAY:
        path = checkout / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("stray\n")
    galaxy = str(Path(sys.executable).with_name("ansible-galaxy"))
    command = [galaxy, "collection", "build", "--output-path", str(folder)]
    built = subprocess.run(command, cwd=checkout, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    (path,) = folder.glob("*.tar.gz")
    with tarfile.open(path) as archive:
        names = {member.name for member in archive if not member.isdir()}
    assert names >= MADE
    return {Path(name) for name in names - MADE}


def test_nothing_that_lies_about_gets_in(artifact: set[Path]) -> None:
    assert not artifact & {Path(name) for name in STRAY}


def test_what_is_listed_is_shipped_whole_and_nothing_else(artifact: set[Path]) -> None:
    """Roles build images from folders that they take whole, and know an image by its folder's content."""
    source = {path for path in working_tree() if path.parts[0] in FOLDERS}
    assert artifact == source | FILES, "list it in galaxy.yml, or keep it elsewhere"
