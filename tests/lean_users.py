# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""Runs tests of LeanHttpUser with some Locust, in a process of its own: Locust patches what imports it.

The files that are run so are called `inside_*.py`. What they need besides Locust is that of this environment.
"""

from __future__ import annotations

import os
import subprocess
import sysconfig
from pathlib import Path

from tests.checks.tree import CHECKOUT

RUN = """
import sys
sys.path[:0] = [{checkout!r}, {package!r}]
# After the environment's own: its Locust and geventhttpclient are what is tested.
sys.path.append({site!r})
import locust
import pytest
sys.exit(pytest.main(sys.argv[1:]))
"""


def run_inside(python: Path | str, *files: Path) -> None:
    """Run these files with pytest. Raises AssertionError with what it says where one fails."""
    code = RUN.format(
        checkout=str(CHECKOUT), package=str(CHECKOUT / "files" / "locust"), site=sysconfig.get_path("purelib")
    )
    options = ["--quiet", "--noconftest", "-c", os.devnull, "--rootdir", str(CHECKOUT), "-p", "no:cacheprovider"]
    options += ["-p", "tests.integration.lean_http_user.users"]
    # Plugins of pytest that happen to be here are none of that Locust's.
    environment = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    done = subprocess.run(
        [str(python), "-c", code, *options, *map(str, files)],
        cwd=CHECKOUT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=280,
    )
    assert done.returncode == 0, done.stdout[-20000:] + done.stderr[-5000:]
