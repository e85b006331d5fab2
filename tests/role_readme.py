# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""Writes each role's README.md from its argument specs and defaults: `.venv/bin/python -m tests.role_readme`."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import yaml

ROLES = Path(__file__).resolve().parent.parent / "roles"
MARKUP = re.compile(r"\b(?:[CEMOPV]|RV)\(([^)]+)\)")


def load(path: Path) -> dict[str, Any]:
    return yaml.safe_load(path.read_text(encoding="utf-8")) or {}


def text(description: str | list[str]) -> str:
    """Return Ansible's documentation markup as Markdown, one paragraph for each item of a list."""
    paragraphs = [description] if isinstance(description, str) else description
    return "\n\n".join(MARKUP.sub(r"`\1`", paragraph.strip()) for paragraph in paragraphs)


def cell(content: str) -> str:
    return " ".join(content.split()).replace("|", "\\|")


def variables(options: dict[str, Any], defaults: dict[str, Any]) -> list[str]:
    lines = ["| variable | type | default | meaning |", "|---|---|---|---|"]
    for name, option in options.items():
        kind = option["type"] + (f" of {option['elements']}" if "elements" in option else "")
        default = defaults.get(name)
        shown = default if isinstance(default, str) and default else json.dumps(default)
        default_cell = "required" if option.get("required") else f"`{shown}`"
        meaning = text(option["description"])
        if "choices" in option:
            meaning += " One of " + ", ".join(f"`{choice}`" for choice in option["choices"]) + "."
        lines.append(f"| `{name}` | {kind} | {cell(default_cell)} | {cell(meaning)} |")
    return lines


def readme(role: Path) -> str:
    specs = load(role / "meta" / "argument_specs.yml")["argument_specs"]
    defaults = load(role / "defaults" / "main.yml") if (role / "defaults").exists() else {}
    main = specs["main"]
    parts = [f"# devsecops.monitor_lab.{role.name}", text(main["short_description"]) + "."]
    if "description" in main:
        parts.append(text(main["description"]))
    parts.append(f"```yaml\n- hosts: all\n  become: true\n  roles:\n    - devsecops.monitor_lab.{role.name}\n```")
    if others := {name: spec for name, spec in specs.items() if name != "main"}:
        parts.append("## Entry points")
        rows = [f"| `{name}` | {cell(text(spec['short_description']))} |" for name, spec in others.items()]
        parts.append("\n".join(["| `tasks_from` | what it does |", "|---|---|", *rows]))
    if main.get("options"):
        parts += ["## Variables", "\n".join(variables(main["options"], defaults))]
    parts.append("<!-- Made by tests/role_readme.py from meta/argument_specs.yml and defaults/main.yml. -->")
    return "\n\n".join(parts) + "\n"


def main() -> None:
    for specs in sorted(ROLES.glob("*/meta/argument_specs.yml")):
        role = specs.parent.parent
        (role / "README.md").write_text(readme(role), encoding="utf-8")


if __name__ == "__main__":
    main()
