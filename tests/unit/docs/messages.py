# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""What roles, playbooks and plugins say where something is wrong, read from their sources."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

VARIES = "…"
# Where messages are returned, not raised: by those that judge what they were given.
JUDGES = (
    "_alert_rules.py",
    "_bundle.py",
    "_certificates.py",
    "_distribution.py",
    "_hosts.py",
    "_kubernetes.py",
    "_load_files.py",
    "_load_run.py",
    "_load_variables.py",
    "_load_workers.py",
    "_prometheus_settings.py",
    "_services.py",
    "_values.py",
    "_variables.py",
    "finish.py",
    "held.py",
    "look.py",
    "watch.py",
    "workers.py",
)
BEGINNINGS = ("ansible.builtin.assert", "ansible.builtin.fail")


def in_one_line(text: str) -> str:
    """Return a message with one space between words, and an ellipsis for all that varies."""
    text = re.sub(r"\{\{.*?\}\}|\{%.*?%\}|\{\}", VARIES, text, flags=re.DOTALL)
    return re.sub(rf"{VARIES}(\s*{VARIES})+", VARIES, " ".join(text.split()))


def of_tasks(path: Path) -> Iterator[str]:
    """Yield what the tasks of a file fail with: messages of `assert` and `fail`, and what they loop over."""
    yield from (in_one_line(text) for text in _said(yaml.safe_load(path.read_text(encoding="utf-8"))))


def _said(tasks: Any) -> Iterator[str]:
    if isinstance(tasks, list):
        for one in tasks:
            yield from _said(one)
    elif isinstance(tasks, dict):
        for key, value in tasks.items():
            if key in BEGINNINGS:
                yield from (value[name] for name in ("fail_msg", "msg") if name in value)
            elif key == "otherwise":
                yield value
            else:
                yield from _said(value)


def of_python(path: Path) -> Iterator[str]:
    """Yield the sentences that a plugin's source raises, fails with or, where it judges, returns."""
    nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    passed_over = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
    passed_over |= {id(part) for node in nodes if isinstance(node, ast.JoinedStr) for part in node.values}
    for node in nodes:
        if path.name in JUDGES:
            told, fewest = ([] if id(node) in passed_over else [node]), 4
        elif isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
            told, fewest = [*node.exc.args, *(keyword.value for keyword in node.exc.keywords)], 2
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "fail_json":
            told, fewest = [keyword.value for keyword in node.keywords if keyword.arg == "msg"], 2
        else:
            continue
        # What varies may be any number of words.
        yield from (text for text in map(_text, told) if _words(text) >= (2 if VARIES in text else fewest))


def _text(node: ast.AST) -> str:
    """Return a string, or the template of one; empty where `node` is neither."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return in_one_line(node.value)
    if isinstance(node, ast.JoinedStr):
        return in_one_line("".join(_text_of_part(part) for part in node.values))
    return ""


def _text_of_part(part: ast.expr) -> str:
    return part.value if isinstance(part, ast.Constant) and isinstance(part.value, str) else VARIES


def _words(text: str) -> int:
    return len(re.findall(r"(?<!\S)[A-Za-z_']+(?=[\s,.;:)]|$)", text)) if " " in text else 0


def of_front_door(path: Path) -> Iterator[str]:
    """Yield what the script `lab` ends with."""
    yield from re.findall(r"\bneed '([^']+)'", path.read_text(encoding="utf-8"))


def all_messages(checkout: Path) -> dict[str, set[Path]]:
    """Return each message of `lab`, roles, playbooks and plugins, and the files that have it."""
    found: dict[str, set[Path]] = {}
    sources = [
        (checkout / "lab", of_front_door),
        *(
            (path, of_tasks)
            for folder in ("roles", "playbooks")
            for path in checkout.glob(f"{folder}/**/tasks/**/*.yml")
        ),
        *((path, of_tasks) for path in checkout.glob("playbooks/*.yml")),
        *((path, of_python) for path in checkout.glob("plugins/**/*.py")),
    ]
    for path, messages_of in sources:
        for message in messages_of(path):
            found.setdefault(message, set()).add(path.relative_to(checkout))
    return found
