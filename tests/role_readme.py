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
# What a role has to be told where it is used alone, as its example shows.
TOLD: dict[str, dict[str, Any]] = {
    "cluster": {
        "cluster_settings": {
            "service": "tokenization",
            "kubeconfig": "",
            "context": "",
            "namespace": "monitor-lab",
            "image_delivery": "registry",
            "image_registry": "registry.example.com/lab",
            "cluster_name": "",
            "rollout_timeout": 120,
        },
    },
    "container": {
        "container_wanted": {
            "name": "monitor-lab-probe",
            "service": "probe",
            "image": "{{ image_found.probe.reference }}",
            "command": [],
            "user": "65534",
            "memory": "64m",
        },
    },
    "files": {
        "files_wanted": [
            {"path": "/etc/probe", "state": "directory"},
            {"path": "/etc/probe/targets.txt", "content": "http://192.0.2.1"},
        ],
    },
    "grafana": {"monitor_lab_prometheus_url": "http://192.0.2.1:9090"},
    "image": {"image_wanted": {"name": "probe", "upstream": "prom/blackbox-exporter:v0.27.0"}},
    "locust_exporter": {"monitor_lab_locust_url": "http://192.0.2.1:8089"},
}
# Roles that have to come before another one, beside that which has Docker on the host.
BEFORE = {"container": ["image"]}
WITHOUT_ENGINE = {"cluster", "container_engine", "files", "firewall", "monitor_lab"}
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


def groups_of(service: str) -> list[str]:
    """Return the groups by which the lab's roles know which hosts run a service; none of what is no service."""
    table = load(ROLES / "monitor_lab" / "vars" / "main.yml")["monitor_lab_service_table"]
    return next((entry["groups"] for entry in table if entry["name"] == service), [])


def example(name: str) -> str:
    """Return a play with this role alone, for hosts of whatever inventory."""
    before = BEFORE.get(name, [])
    told = {key: value for role in [*before, name] for key, value in TOLD.get(role, {}).items()}
    play: dict[str, Any] = {"hosts": "all", "become": True}
    if told:
        play["vars"] = told
    if groups := groups_of(name):
        play["pre_tasks"] = [{"ansible.builtin.group_by": {"key": group}, "changed_when": False} for group in groups]
    engine = [] if name in WITHOUT_ENGINE else ["container_engine"]
    play["roles"] = [f"devsecops.monitor_lab.{role}" for role in [*engine, *before, name]]
    dumped = yaml.dump([play], Dumper=_Indented, sort_keys=False, width=120)
    return f"```yaml\n{dumped}```"


class _Indented(yaml.SafeDumper):
    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)


def readme(role: Path) -> str:
    specs = load(role / "meta" / "argument_specs.yml")["argument_specs"]
    defaults = load(role / "defaults" / "main.yml") if (role / "defaults").exists() else {}
    main = specs["main"]
    parts = [f"# devsecops.monitor_lab.{role.name}", text(main["short_description"]) + "."]
    if "description" in main:
        parts.append(text(main["description"]))
    if groups := groups_of(role.name):
        named = " and ".join(f"`{group}`" for group in groups)
        parts.append(
            f"It runs on the hosts of the group{'s' if len(groups) > 1 else ''} {named}. In a play of your own:"
        )
    parts.append(example(role.name))
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
