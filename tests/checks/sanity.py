# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""A home for `ansible-test sanity` that holds the pip which it would otherwise download from a host of its own."""

from __future__ import annotations

import os
import re
from importlib.metadata import distribution
from pathlib import Path

# Run with get-pip's arguments, this file installs the pip that is asked for by means of the pip of this environment.
SHIM = """\
import runpy
import sys

sys.path.insert(0, {directory!r})
sys.argv[1:] = ["install", *(option for option in sys.argv[1:] if option not in ("--no-setuptools", "--no-wheel"))]
runpy.run_module("pip", run_name="__main__", alter_sys=True)
"""


def wanted() -> str:
    """Return the name of the file that this environment's ansible-core looks for, with a version of pip in it."""
    source = distribution("ansible-core").locate_file("ansible_test/_internal/python_requirements.py")
    (version,) = re.findall(r"^ +pip='([\d.]+)',$", Path(str(source)).read_text(encoding="utf-8"), re.MULTILINE)
    return f"get_pip_{version.replace('.', '_')}.py"


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
    (cache / wanted()).write_text(SHIM.format(directory=str(pip)), encoding="utf-8")
    return home


def link(path: Path, target: Path) -> None:
    path.unlink(missing_ok=True)
    path.symlink_to(target)
