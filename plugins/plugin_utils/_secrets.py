# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the monitor_lab contributors
"""Which files in the lab's folder of secrets the lab made, and may remove, and which somebody put there.

The lab keeps a record of what it makes there, in the form of sha256sum(1): a file that is another since is somebody's
own.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

RECORD = "made_here"
# A Grafana of somebody else has its password in the last one, written by them.
_MADE_BEFORE = ("tokenization_private_key", "tokenization_bearer_token", "tokenization_postgres_password")
_GRAFANA = "grafana_admin_password"


def secrets_record(folder: str, foreign_grafana: bool, made: Sequence[str] = ()) -> str:
    """Return the record of a folder with the files of these relative paths, as they are now. Raises OSError.

    Where there is none yet, it is the one of what labs made there before they kept any.
    """
    top = Path(folder)
    record = top / RECORD
    if record.exists():
        lines = record.read_text(encoding="utf-8").splitlines()
    else:
        names = _MADE_BEFORE if foreign_grafana else (*_MADE_BEFORE, _GRAFANA)
        lines = [_line(top, top / name) for name in names if (top / name).is_file()]
    kept = [line for line in lines if line.partition("  ")[2] not in made]
    return "".join(f"{line}\n" for line in [*kept, *(_line(top, top / name) for name in made)])


def secrets_in(folder: str, foreign_grafana: bool) -> dict[str, list[str]]:
    """Return the paths in the folder and below. Raises OSError.

    They are those of files that the lab C(made), its record included, those of C(others), and the C(folders), itself
    included, that are empty without the former, each after what lies in it.
    """
    top = Path(folder)
    recorded = secrets_record(folder, foreign_grafana).splitlines()
    paths = sorted(top.rglob("*"))
    made = [path for path in paths if path == top / RECORD or (path.is_file() and _line(top, path) in recorded)]
    others = [path for path in paths if path not in made and not _has_content(path)]
    kept = {folder for path in others for folder in [path, *path.parents]}
    folders = [path for path in reversed([top, *paths]) if path.is_dir() and path not in kept]
    return {"made": [*map(str, made)], "others": [*map(str, others)], "folders": [*map(str, folders)]}


def strange_secrets(deployed: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the secrets that are deployed, nowhere as the controller has them. Raises OSError.

    Each has the path of the controller's (C(own)) and digests, SHA-256, of where it is deployed (C(found)).
    """
    return [dict(one) for one in deployed if one["found"] and not _digests(Path(one["own"])) & set(one["found"])]


def _digests(path: Path) -> set[str]:
    """Return SHA-256 of a secret as its file has it, alone, and with the end of a line; none of no secret."""
    text = path.read_bytes() if path.exists() else b""
    secret = text.strip()
    return {hashlib.sha256(form).hexdigest() for form in (text, secret, secret + b"\n") if secret}


def _has_content(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink() and any(path.iterdir())


def _line(top: Path, path: Path) -> str:
    return f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(top)}"
