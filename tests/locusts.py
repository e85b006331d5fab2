# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""Real Locust versions for the tests, each in an environment of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from uv import find_uv_bin

VERSIONS = ("2.15.1", "2.20.1", "2.31.8", "2.46.3", "2.47.0")
# For tests that run on each: the oldest and the newest always, what lies between before a release.
EACH_VERSION = (VERSIONS[0], *(pytest.param(one, marks=pytest.mark.release) for one in VERSIONS[1:-1]), VERSIONS[-1])


def locust_executable(version: str, geventhttpclient: str | None = None) -> Path:
    """Return the `locust` command of `version`, installing it on first use, with the newest of all it stands on.

    With a version of geventhttpclient it is that which its published image has.

    The environments stay in the user's cache. One is made beside its final place and then renamed, so that an
    interrupted or a simultaneous run never leaves or meets half an environment.
    """
    if version not in VERSIONS:
        raise ValueError(f"Locust {version} is not one of the tested versions: {', '.join(VERSIONS)}")
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "monitor_lab" / "locust"
    requirements = [f"locust=={version}"]
    name = f"{version}-python{python}"
    if geventhttpclient is not None:
        requirements.append(f"geventhttpclient=={geventhttpclient}")
        name = f"{version}-geventhttpclient{geventhttpclient}-python{python}"
    environment = cache / name
    if not environment.exists():
        cache.mkdir(parents=True, exist_ok=True)
        _install(requirements, environment)
    return environment / "bin" / "locust"


def _install(requirements: list[str], environment: Path) -> None:
    uv = find_uv_bin()
    made = Path(tempfile.mkdtemp(prefix=f"{environment.name}-", dir=environment.parent))
    try:
        # Relocatable: the scripts must find their interpreter after the rename.
        make = [uv, "venv", "--quiet", "--relocatable", "--clear", "--python", sys.executable, str(made)]
        subprocess.run(make, check=True)
        # They are started by the hundred, and reading the sources anew would be two thirds of each start.
        install = [uv, "pip", "install", "--quiet", "--compile-bytecode", "--python", str(made / "bin" / "python")]
        subprocess.run([*install, *requirements], check=True)
        try:
            made.rename(environment)
        except OSError:
            if not environment.exists():
                raise
    finally:
        shutil.rmtree(made, ignore_errors=True)
