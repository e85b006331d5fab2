# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""What Ansible sends to a host imports only what arrives there, and module_utils know nothing of those who use them."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

OWN = "ansible_collections.devsecops.monitor_lab.plugins"
MODULE_UTILS = f"{OWN}.module_utils"
# Packages beyond Python's library, by folder. Ansible ships module_utils to hosts, and nothing else of itself.
ALLOWED = {
    "plugins/module_utils": ("ansible.module_utils.urls", MODULE_UTILS),
    "plugins/modules": ("ansible.module_utils", MODULE_UTILS),
    "plugins/action": ("ansible", "yaml", MODULE_UTILS),
}


def imported(tree: ast.AST) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            # Relative imports of one level stay in their folder, which is allowed everywhere.
            if node.level == 0:
                yield node.lineno, node.module or ""
            elif node.level > 1:
                yield node.lineno, "." * node.level + (node.module or "")


def findings(path: Path, text: str) -> list[str]:
    """Return the imports that the file at `path`, relative to the checkout, must not have."""
    if path.suffix != ".py" or path.parent.as_posix() not in ALLOWED:
        return []
    allowed = ALLOWED[path.parent.as_posix()]
    return [
        f"{path.as_posix()}:{line}: imports {name}, which is not there at run time or points back"
        for line, name in imported(ast.parse(text))
        if name.split(".")[0] not in sys.stdlib_module_names
        and not any(name == prefix or name.startswith(f"{prefix}.") for prefix in allowed)
    ]
