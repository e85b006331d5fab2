# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""The files of the checkout, as they are in the working tree: tracked, or not yet and not ignored."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]


def working_tree(checkout: Path = CHECKOUT) -> list[Path]:
    """Return the paths, relative to `checkout`, of all its files."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listing = subprocess.run(command, cwd=checkout, capture_output=True, check=True, text=True).stdout
    return [Path(name) for name in listing.split("\0") if name and (checkout / name).is_file()]


def copy_as_collection(collections: Path, checkout: Path = CHECKOUT) -> Path:
    """Copy the checkout's files to where Ansible's tools expect a collection, and return that folder.

    ansible-test refuses a checkout that is linked into an `ansible_collections` tree, and ansible-lint would follow
    the link inside the checkout.
    """
    collection = collections / "ansible_collections" / "devsecops" / "monitor_lab"
    for path in working_tree(checkout):
        target = collection / path
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(checkout / path, target, follow_symlinks=False)
    return collection
