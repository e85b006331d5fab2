# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""Runs a playbook of a test's own with the Ansible of this environment."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.checks.tree import CHECKOUT


def ansible_playbook(
    playbook: str | Path, *arguments: str | Path, cwd: Path = CHECKOUT, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Return how it ended and what it printed. The collection is the checkout, unless the environment says another."""
    return subprocess.run(
        [Path(sys.executable).with_name("ansible-playbook"), *arguments, playbook],
        env={**os.environ, "ANSIBLE_CONFIG": str(CHECKOUT / "ansible.cfg"), **environment},
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
    )
