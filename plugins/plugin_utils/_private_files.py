# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the monitor_lab contributors
"""Secrets that are made on the controller, in files of its user's own."""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Iterable
from pathlib import Path

# Nobody guesses one, none has to be quoted anywhere, and each is a key of the service's, too.
BYTES = 32


class FileError(Exception):
    """Which file can't be written, and why."""


def write(path: Path, content: bytes, mode: int = 0o600) -> None:
    """Write a file in one piece: whoever reads it meanwhile has what was there before. Raises FileError.

    Folders that are not there are made, and are its owner's alone.
    """
    try:
        for missing in reversed([folder for folder in path.parents if not folder.exists()]):
            missing.mkdir(mode=0o700)
        with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
            file.write(content)
        Path(file.name).chmod(mode)
        Path(file.name).replace(path)
    except OSError as error:
        raise FileError(f"{path} can't be written: {error.strerror}") from error


def make_passwords(folder: Path, names: Iterable[str], is_tried: bool) -> list[str]:
    """Make those that are not there, each of 64 hex digits, and return their names.

    Nothing is written where that `is_tried` only. Raises FileError.
    """
    made = [name for name in names if not (folder / name).exists()]
    for name in made if not is_tried else []:
        write(folder / name, secrets.token_hex(BYTES).encode())
    return made
