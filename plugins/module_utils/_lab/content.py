# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the monitor_lab contributors
"""What an image is made from: which files belong to it, their hash, and the archive that its build takes."""

from __future__ import annotations

import hashlib
import os
import tarfile
from collections.abc import Iterable
from pathlib import Path
from typing import Optional

LEFT_BEHIND = ("__pycache__", "wheels")


def files(path: Path) -> list[tuple[str, Path]]:
    """Return the files of a folder with their names in it, sorted; of a file, itself. Raises FileNotFoundError.

    What Python and tools leave behind is passed over.
    """
    if path.is_file():
        return [(path.name, path)]
    if not path.is_dir():
        raise FileNotFoundError(f"there is no {path}")
    names = [(file.relative_to(path), file) for file in path.rglob("*") if file.is_file()]
    return sorted((str(name), file) for name, file in names if not any(map(_is_left_behind, name.parts)))


def _is_left_behind(part: str) -> bool:
    return part.startswith(".") or part in LEFT_BEHIND or part.endswith(".egg-info")


def content_hash(paths: Iterable[Path], text: str = "") -> str:
    """Return SHA-256 over names and contents, and a text, cut to twelve hexadecimal digits."""
    digest = hashlib.sha256(text.encode())
    for path in paths:
        for name, file in files(path):
            digest.update(f"\0{name}\0".encode())
            digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()[:12]


def pack(
    folder: Path, wheels: Path, requirements: Optional[Path], destination: Path, libraries: Iterable[Path] = ()
) -> None:
    """Write a build's context as a compressed tar. The destination exists only when it is whole.

    It holds the folder's files, those of each library in a folder of its name, wheels/ and requirements-user.txt, which
    is empty where none is given.
    """
    # Its own name: two controllers of one user may pack the same at the same time.
    part = destination.with_suffix(f".{os.getpid()}.part")
    with tarfile.open(str(part), "w:gz", compresslevel=1) as archive:
        for name, file in files(folder):
            archive.add(str(file), name)
        for library in libraries:
            for name, file in files(library):
                archive.add(str(file), f"{library.name}/{name}")
        for file in sorted(wheels.iterdir()):
            archive.add(str(file), f"wheels/{file.name}")
        if requirements:
            archive.add(str(requirements), "requirements-user.txt")
        else:
            archive.addfile(tarfile.TarInfo("requirements-user.txt"))
    part.replace(destination)
