# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""What others make of the artifact: Galaxy, who builds an execution environment, and who shows its documentation."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

import yaml

from tests.checks.tree import copy_as_collection
from tests.environments import environment

# It wants older packages than other tools here, so it has an environment of its own.
IMPORTER = "0.4.44"


def said(command: list[str], cwd: Path, **env: str) -> tuple[bool, str]:
    """Return whether a command passed, and all that it printed, where nothing of this checkout is in its way."""
    around = {name: value for name, value in os.environ.items() if name != "ANSIBLE_CONFIG"}
    done = subprocess.run(
        command,
        cwd=cwd,
        env={**around, **env},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.returncode == 0, done.stdout


def imported(artifact: Path) -> list[str]:
    """Return what Galaxy's importer says of the artifact that is no good."""
    packages = [f"galaxy-importer=={IMPORTER}", *(f"{name}=={version(name)}" for name in ("ansible", "ansible-core"))]
    folder = environment(f"galaxy-importer/{IMPORTER}-ansible{version('ansible')}", sys.executable, *packages) / "bin"
    command = [str(folder / "python"), "-m", "galaxy_importer.main", artifact.name]
    passed, text = said(command, artifact.parent, PATH=f"{folder}:{os.environ['PATH']}")
    lines = [line for line in text.splitlines() if line.startswith(("WARNING", "ERROR"))]
    return lines if passed else [*lines, *text.splitlines()[-20:]]


def introspected(collections: Path) -> list[str]:
    """Return what ansible-builder finds wrong, or finds otherwise than the collection says it."""
    passed, text = said(["ansible-builder", "introspect", "--sanitize", str(collections)], collections)
    if not passed:
        return text.splitlines()
    found = yaml.safe_load(text)["python"]
    names = sorted(requirement.split()[0].rstrip("=>.0123456789") for requirement in found)
    wanted = ["bcrypt", "matplotlib", "pip"]
    return [] if names == wanted else [f"ansible-builder takes {found}, not {wanted}"]


def documented(collections: Path) -> list[str]:
    """Return what antsibull-docs says where it makes the pages of docs.ansible.com."""
    pages = collections.parent / "pages"
    pages.mkdir(mode=0o700)
    command = ["antsibull-docs", "collection", "--use-current", "--fail-on-error", "--dest-dir", str(pages)]
    passed, text = said([*command, "devsecops.monitor_lab"], collections, ANSIBLE_COLLECTIONS_PATH=str(collections))
    made = list(pages.glob("collections/devsecops/monitor_lab/*.rst"))
    return [] if passed and made and not text else [*text.splitlines(), f"{len(made)} pages"]


def main() -> int:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        build = ["ansible-galaxy", "collection", "build", "--output-path", name]
        passed, text = said(build, copy_as_collection(folder / "checkout"))
        if not passed:
            print(text)
            return 1
        (artifact,) = folder.glob("*.tar.gz")
        collections = folder / "collections"
        install = ["ansible-galaxy", "collection", "install", "--no-deps", "--collections-path", str(collections)]
        passed, text = said([*install, str(artifact)], folder, ANSIBLE_COLLECTIONS_PATH=str(collections))
        if not passed:
            print(text)
            return 1
        found = {
            "galaxy-importer": imported(artifact),
            "ansible-builder": introspected(collections),
            "antsibull-docs": documented(collections),
        }
    for tool, lines in found.items():
        print(f"{tool}: {'nothing found' if not lines else ''}", *lines, sep="\n  " if lines else "")
    return int(any(found.values()))


if __name__ == "__main__":
    sys.exit(main())
