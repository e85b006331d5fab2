# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""What Ansible sends to a host imports only what arrives there, and nothing points back.

Modules, and what runs on the controller, stand on plugin_utils and module_utils; plugin_utils stand on module_utils;
module_utils know nothing of any of them. One style: plugins, which Ansible loads from anywhere, name ours in full;
module_utils and plugin_utils, which are packages, name each other relatively.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

COLLECTION = "ansible_collections.devsecops.monitor_lab"
OWN = f"{COLLECTION}.plugins"
MODULE_UTILS = f"{OWN}.module_utils"
PLUGIN_UTILS = f"{OWN}.plugin_utils"
# Packages beyond Python's library, by folder. Ansible ships module_utils to hosts, and nothing else of itself.
PACKAGES = ("ansible", "bcrypt", "cryptography", "jinja2", "markupsafe", "matplotlib", "yaml")
CONTROLLER = (*PACKAGES, MODULE_UTILS, PLUGIN_UTILS)
ALLOWED = {
    "module_utils": ("ansible.module_utils.urls", MODULE_UTILS),
    "plugin_utils": CONTROLLER,
    "modules": ("ansible.module_utils", MODULE_UTILS),
    "action": CONTROLLER,
    "filter": CONTROLLER,
    "lookup": CONTROLLER,
    "doc_fragments": (),
}
RELATIVE = ("module_utils", "plugin_utils")


def imported(tree: ast.AST, package: list[str]) -> Iterator[tuple[int, str, bool]]:
    """Yield each import of a module in `package`: its line, the full name, and whether it is a relative one."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name, False) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            yield node.lineno, ".".join([*base, *([node.module] if node.module else [])]), node.level > 0


def findings(path: Path, text: str) -> list[str]:
    """Return the imports that the file at `path`, relative to the checkout, must not have."""
    if path.suffix != ".py" or path.parts[0] != "plugins" or path.parts[1] not in ALLOWED:
        return []
    folder = path.parts[1]
    found = []
    for line, name, relative in imported(ast.parse(text), [*COLLECTION.split("."), *path.parent.parts]):
        if name.split(".")[0] in sys.stdlib_module_names:
            continue
        if not any(name == prefix or name.startswith(f"{prefix}.") for prefix in ALLOWED[folder]):
            found.append(f"{path.as_posix()}:{line}: imports {name}, which is not there at run time or points back")
        elif name.startswith(f"{OWN}.") and relative != (folder in RELATIVE):
            style = "relatively" if folder in RELATIVE else "by its full name"
            found.append(f"{path.as_posix()}:{line}: {name} is imported {style} in {folder}")
    return found
