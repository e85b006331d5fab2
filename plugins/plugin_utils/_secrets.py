# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the monitor_lab contributors
"""Which files in the lab's folder of secrets the lab made, and may remove, and which somebody put there.

The lab keeps a record of what it makes there, in the form of sha256sum(1): a file that is another since is somebody's
own.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

RECORD = "made_here"
# A Grafana of somebody else has its password in the last one, written by them.
_MADE_BEFORE = ("tokenization_private_key", "tokenization_bearer_token", "tokenization_postgres_password")
_GRAFANA = "grafana_admin_password"


def secrets_record(folder: str, foreign_grafana: bool, made: Sequence[str] = ()) -> str:
    """Return the record of a folder with the files of these names, as they are now. Raises OSError.

    Where there is none yet, it is the one of what labs made there before they kept any.
    """
    record = Path(folder) / RECORD
    if record.exists():
        lines = record.read_text(encoding="utf-8").splitlines()
    else:
        names = _MADE_BEFORE if foreign_grafana else (*_MADE_BEFORE, _GRAFANA)
        lines = [_line(Path(folder) / name) for name in names if (Path(folder) / name).is_file()]
    kept = [line for line in lines if line.partition("  ")[2] not in made]
    return "".join(f"{line}\n" for line in [*kept, *(_line(Path(folder) / name) for name in made)])


def secrets_in(folder: str, foreign_grafana: bool) -> dict[str, list[str]]:
    """Return the paths in the folder: C(made) by the lab, its record included, and of C(others). Raises OSError."""
    recorded = secrets_record(folder, foreign_grafana).splitlines()
    found: dict[str, list[str]] = {"made": [], "others": []}
    for path in sorted(Path(folder).iterdir()) if Path(folder).is_dir() else []:
        is_made = path.name == RECORD or (path.is_file() and _line(path) in recorded)
        found["made" if is_made else "others"].append(str(path))
    return found


def _line(path: Path) -> str:
    return f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}"
