# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the monitor_lab contributors
"""Where the steps of a run keep what they share: a directory of this user's alone, in the user's home."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from .transport import LocustError

NAME = "monitor_lab-runs"


def private_directory() -> Path:
    """Return the directory, which is there. Raises `LocustError` where it is not this user's alone."""
    try:
        path = Path.home() / ".cache" / NAME
        path.parent.mkdir(exist_ok=True)
        path.mkdir(mode=0o700, exist_ok=True)
    # Without a home, the first in Python 3.9, the last since. Where others write, too, they could take the name.
    except (KeyError, OSError, RuntimeError) as error:
        raise LocustError(f"this user has no home for what a run keeps; let HOME be one: {error}") from None
    found = path.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
        raise LocustError(f"{path} is not a directory of this user's own; remove it, or let HOME be one")
    if found.st_mode & 0o077:
        path.chmod(0o700)
    return path
