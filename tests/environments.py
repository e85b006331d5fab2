# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""Environments of Python for tests that need another Locust, ansible-core or Python than their own, made once."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from uv import find_uv_bin


def environment(name: str, python: str | Path, *install: str) -> Path:
    """Return the folder of the environment `name`, making it on first use by what `uv pip install` is told.

    The environments stay in the user's cache. One is made beside its final place and then renamed, so that an
    interrupted or a simultaneous run never leaves or meets half an environment.
    """
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "monitor_lab"
    place = cache / name
    if not place.exists():
        place.parent.mkdir(parents=True, exist_ok=True)
        _make(place, python, install)
    return place


def _make(place: Path, python: str | Path, install: tuple[str, ...]) -> None:
    uv = find_uv_bin()
    made = Path(tempfile.mkdtemp(prefix=f"{place.name}-", dir=place.parent))
    try:
        # Relocatable: the scripts must find their interpreter after the rename.
        make = [uv, "venv", "--quiet", "--relocatable", "--clear", "--python", str(python), str(made)]
        subprocess.run(make, check=True)
        # They are started by the hundred, and reading the sources anew would be two thirds of each start.
        into = [uv, "pip", "install", "--quiet", "--compile-bytecode", "--python", str(made / "bin" / "python")]
        subprocess.run([*into, *install], check=True)
        try:
            made.rename(place)
        except OSError:
            if not place.exists():
                raise
    finally:
        shutil.rmtree(made, ignore_errors=True)


def runs(python: Path) -> bool:
    return subprocess.run([python, "-c", ""], capture_output=True, check=False).returncode == 0


@functools.cache
def find_python(version: str) -> Path | None:
    """Return this machine's Python of a version such as 3.12, the distribution's or a version manager's."""
    folders = [Path("/usr/bin"), *sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin"))]
    folders += map(Path, os.environ.get("PATH", "").split(":"))
    for candidate in (folder / f"python{version}" for folder in folders):
        # A version manager's shim is there for those too that it does not have.
        if candidate.exists() and runs(candidate):
            return candidate
    return None
