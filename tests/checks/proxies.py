# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""Whoever asks over HTTP says whether the environment's proxy is used: no proxy knows the lab's own addresses."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

FOLDERS = ("roles", "playbooks", "molecule")
# Modules with the option use_proxy, of which each takes the environment's proxy where it is not said.
MODULES = (
    "ansible.builtin.get_url",
    "ansible.builtin.uri",
    "devsecops.monitor_lab.lab_grafana_datasource",
    "devsecops.monitor_lab.locust_dashboard",
    "devsecops.monitor_lab.locust_run",
)
# Of ansible.module_utils.urls.
STATING = ("Request", "fetch_url", "open_url")


def calls_in(document: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield module and options of each task, and of each `module_defaults`, in a YAML document."""
    for child in document if isinstance(document, list) else []:
        yield from calls_in(child)
    if isinstance(document, dict):
        for key, value in document.items():
            if key in MODULES and isinstance(value, dict):
                yield key, value
            elif key != "module_defaults":
                yield from calls_in(value)


def opens_silently(node: ast.AST) -> bool:
    """Tell whether it is a call that asks through the environment's proxy without saying so."""
    if not isinstance(node, ast.Call):
        return False
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    is_of_urllib = isinstance(node.func, ast.Attribute) and ast.unparse(node.func.value) == "urllib.request"
    if name in STATING and not is_of_urllib:
        return all(keyword.arg != "use_proxy" for keyword in node.keywords)
    if name == "build_opener":
        return "ProxyHandler" not in ast.unparse(node)
    return name == "urlopen"


def findings(path: Path, text: str) -> list[str]:
    """Return what asks over HTTP in the file at `path`, relative to the checkout, and says nothing of a proxy."""
    if path.suffix == ".yml" and path.parts[0] in FOLDERS:
        return [
            f"{path.as_posix()}: {module} without use_proxy: {options.get('url') or options.get('grafana_url') or ''}"
            for document in yaml.safe_load_all(text)
            for module, options in calls_in(document)
            if "use_proxy" not in options
        ]
    if path.suffix == ".py" and path.is_relative_to("plugins"):
        return [
            f"{path.as_posix()}:{node.lineno}: `{ast.unparse(node)[:60]}` does not say whether through a proxy"
            for node in ast.walk(ast.parse(text))
            if isinstance(node, ast.Call) and opens_silently(node)
        ]
    return []
