# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""A playbook's wall time."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from tests.checks.tree import CHECKOUT


def play(playbook: Path, inventories: Sequence[Path], **environment: str) -> tuple[float, str]:
    """Run a playbook; return its seconds and what it printed. SystemExit where it fails."""
    environment = {**os.environ, "ANSIBLE_CONFIG": str(CHECKOUT / "ansible.cfg"), **environment}
    # Libraries come from bytecode, as they do wherever nobody forbids Python to keep it.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    command = ["ansible-playbook", *(f"--inventory={inventory}" for inventory in inventories), str(playbook)]
    start = time.monotonic()
    done = subprocess.run(command, cwd=CHECKOUT, env=environment, capture_output=True, text=True, check=False)
    seconds = time.monotonic() - start
    if done.returncode != 0:
        raise SystemExit(f"{playbook.name} failed:\n{done.stdout}{done.stderr}")
    return seconds, done.stdout
