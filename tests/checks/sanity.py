# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""A home for `ansible-test sanity` that holds the pip which it would otherwise download from a host of its own."""

from __future__ import annotations

import os
from importlib.metadata import distribution
from pathlib import Path

# The version in the name is the one that ansible-core 2.19 asks for. Run with get-pip's arguments, this file installs
# that version by means of the pip of this environment.
NAME = "get_pip_24_2.py"
SHIM = """\
import runpy
import sys

sys.path.insert(0, {directory!r})
sys.argv[1:] = ["install", *(option for option in sys.argv[1:] if option not in ("--no-setuptools", "--no-wheel"))]
runpy.run_module("pip", run_name="__main__", alter_sys=True)
"""


def sanity_home() -> Path:
    """Return the folder to set HOME to. It stays in the user's cache with the environments that ansible-test makes."""
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "monitor_lab" / "ansible-test"
    cache = home / ".ansible" / "test" / "cache"
    pip = cache.parent / "pip"
    pip.mkdir(parents=True, exist_ok=True)
    cache.mkdir(exist_ok=True)
    link(pip / "pip", Path(str(distribution("pip").locate_file("pip"))))
    # The user's own settings of pip, such as a mirror.
    for name in (".config", ".pip"):
        link(home / name, Path.home() / name)
    (cache / NAME).write_text(SHIM.format(directory=str(pip)), encoding="utf-8")
    return home


def link(path: Path, target: Path) -> None:
    path.unlink(missing_ok=True)
    path.symlink_to(target)
