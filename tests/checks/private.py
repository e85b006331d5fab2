# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""No role, playbook or scenario reads a role's variable that begins with two underscores."""

from __future__ import annotations

import re
from pathlib import Path

from tests.checks.tree import CHECKOUT

PRIVATE = re.compile(r"(?<![A-Za-z0-9_])__([a-z][a-z0-9_]*)")
ROLES = sorted((path.parent.name for path in (CHECKOUT / "roles").glob("*/tasks")), key=len, reverse=True)


def owner(variable: str) -> str:
    """Return the role that a private variable belongs to: the one with the longest name that it begins with."""
    return next((role for role in ROLES if variable.startswith(f"{role}_")), "")


def findings(path: Path, text: str) -> list[str]:
    """Return the reads of other roles' private variables in the file at `path`, relative to the checkout."""
    if path.parts[0] not in ("roles", "playbooks", "molecule") or path.suffix not in (".yml", ".j2"):
        return []
    own = path.parts[1] if path.parts[0] == "roles" else ""
    return [
        f"{path.as_posix()}:{number}: __{variable} is private to {owner(variable) or 'nobody known'}"
        for number, line in enumerate(text.splitlines(), start=1)
        for variable in PRIVATE.findall(line)
        if owner(variable) != own
    ]
