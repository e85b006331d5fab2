# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""Files that may change while the service runs."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path


def state(paths: Iterable[Path]) -> list[tuple[int, int, int] | None]:
    """Return what differs after a write, a rename or the swap of a link that a path leads through; None for no file."""
    found: list[tuple[int, int, int] | None] = []
    for path in paths:
        try:
            status = path.stat()
        except OSError:
            found.append(None)
        else:
            found.append((status.st_ino, status.st_mtime_ns, status.st_size))
    return found
