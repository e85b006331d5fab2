# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the monitor_lab contributors
"""What a bundle is made of, written down when it is made and held against it before it is used."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

# As sha256sum(1) writes and checks it.
MANIFEST = "SHA256SUMS"
_LINE = re.compile(r"([0-9a-f]{64})  (.+)")


def manifest(folder: str) -> str:
    """Return the checksums of all files below a folder, a line each, but of the manifest itself. Raises OSError."""
    return "".join(f"{_sha256(path)}  {name}\n" for name, path in sorted(_files(Path(folder)).items()))


def faults(folder: str, manifest_sha256: str = "") -> list[str]:
    """Return what of a bundle is not as its manifest says, a text each: what is missing, was altered or was added.

    With `manifest_sha256` the manifest itself has to be that one, and nothing else is told where it is another.
    """
    written = Path(folder, MANIFEST)
    try:
        content = written.read_bytes()
        if manifest_sha256 and hashlib.sha256(content).hexdigest() != manifest_sha256:
            return [f"{MANIFEST} was altered: monitor_lab_bundle_sha256 is another's"]
        wanted = {}
        for line in content.decode().splitlines():
            found = _LINE.fullmatch(line)
            if not found:
                return [f"{MANIFEST} has a line that is no checksum"]
            wanted[found[2]] = found[1]
        there = _files(Path(folder))
        return [
            *(f"{name} is missing" for name in wanted if name not in there),
            *(f"{name} was altered" for name in wanted if name in there and _sha256(there[name]) != wanted[name]),
            *(f"{name} was added" for name in sorted(there) if name not in wanted),
        ]
    except FileNotFoundError:
        return [f"it has no {MANIFEST}, so it is of an older version, or not whole"]
    except (OSError, UnicodeDecodeError) as error:
        return [f"it cannot be read: {error}"]


def _files(folder: Path) -> dict[str, Path]:
    """Return what lies below a folder by its name there, links to other folders among it, which are nobody's files."""
    found = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*")}
    return {name: path for name, path in found.items() if (path.is_symlink() or not path.is_dir()) and name != MANIFEST}


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(2**20):
            digest.update(piece)
    return digest.hexdigest()
