# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""Real Locust versions for the tests, each in an environment of its own."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.environments import environment

VERSIONS = ("2.15.1", "2.20.1", "2.31.8", "2.46.3", "2.47.0")
# For tests that run on each: the oldest and the newest always, what lies between before a release.
EACH_VERSION = (VERSIONS[0], *(pytest.param(one, marks=pytest.mark.release) for one in VERSIONS[1:-1]), VERSIONS[-1])


def locust_executable(version: str, geventhttpclient: str | None = None) -> Path:
    """Return the `locust` command of `version`, installing it on first use, with the newest of all it stands on.

    With a version of geventhttpclient it is that which its published image has.
    """
    if version not in VERSIONS:
        raise ValueError(f"Locust {version} is not one of the tested versions: {', '.join(VERSIONS)}")
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    requirements = [f"locust=={version}"]
    name = f"{version}-python{python}"
    if geventhttpclient is not None:
        requirements.append(f"geventhttpclient=={geventhttpclient}")
        name = f"{version}-geventhttpclient{geventhttpclient}-python{python}"
    return environment(f"locust/{name}", sys.executable, *requirements) / "bin" / "locust"
