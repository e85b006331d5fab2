# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""Reads roles as functions: who calls which entry point with what, and what each states of its arguments."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from jinja2 import nodes

from tests.checks.jinja import ENVIRONMENT, expressions_of
from tests.role_readme import load

COLLECTION = "devsecops.monitor_lab."
CALLS = ("ansible.builtin.include_role", "ansible.builtin.import_role")
BLOCKS = ("block", "rescue", "always", "tasks", "pre_tasks", "post_tasks", "handlers")


@dataclass(frozen=True)
class Call:
    """`arguments` are those of the task's variables that are named after the role."""

    place: str
    role: str
    entry: str
    arguments: frozenset[str]
    validates: bool


def tasks_in(document: Any) -> Iterator[dict[str, Any]]:
    """Yield the tasks of a parsed file of tasks or plays, with those in blocks."""
    for task in document if isinstance(document, list) else []:
        yield task
        for key in BLOCKS:
            yield from tasks_in(task.get(key))


def calls_in(path: Path, root: Path) -> Iterator[Call]:
    """Yield the calls of the collection's own roles in a file of tasks or plays; not those whose role is worked out."""
    for task in tasks_in(yaml.safe_load(path.read_text(encoding="utf-8"))):
        for name in CALLS:
            called = task.get(name, {})
            role = called.get("name", "").removeprefix(COLLECTION)
            if name in task and "{{" not in role:
                yield Call(
                    f"{path.relative_to(root)}: {task['name']}",
                    role,
                    Path(called.get("tasks_from", "main")).stem,
                    frozenset(variable for variable in task.get("vars", {}) if variable.startswith(f"{role}_")),
                    called.get("rolespec_validate", True),
                )


def all_calls(root: Path) -> list[Call]:
    """Return the calls in the roles and playbooks below a checkout."""
    files = [*root.glob("roles/*/tasks/**/*.yml"), *root.glob("playbooks/**/*.yml")]
    return [call for path in sorted(files) for call in calls_in(path, root)]


def faults(call: Call, specs: dict[str, Any]) -> list[str]:
    """Say what is wrong with a call, where `specs` are the entry points of its role."""
    if call.entry not in specs:
        return [f"{call.place}: {call.role} states no entry point {call.entry}"]
    options = specs[call.entry].get("options", {})
    required = {name for name, option in options.items() if option.get("required")}
    return [
        *(f"{call.place}: {call.role} has no argument {name}" for name in sorted(call.arguments - options.keys())),
        *(f"{call.place}: {call.role} needs {name}" for name in sorted(required - call.arguments)),
    ]


def specs_of(role: Path) -> dict[str, Any]:
    specs: dict[str, Any] = load(role / "meta" / "argument_specs.yml")["argument_specs"]
    return specs


def undeclared(role: Path) -> list[str]:
    """Return the variables named after a role that it reads, and neither states, nor sets itself."""
    known = {name for spec in specs_of(role).values() for name in spec.get("options", {})}
    for folder in ("defaults", "vars"):
        for path in (role / folder).rglob("*.yml"):
            known |= load(path).keys()
    read: set[str] = set()
    for path in [*role.rglob("*.yml"), *role.rglob("*.j2")]:
        text = path.read_text(encoding="utf-8")
        if path.parent.name != "meta":
            sources = (
                [text] if path.suffix == ".j2" else ["{{" + one + "}}" for one in expressions_of(yaml.safe_load(text))]
            )
            for source in sources:
                read |= {node.name for node in ENVIRONMENT.parse(source).find_all(nodes.Name)}
        if path.parent.name == "tasks":
            for task in tasks_in(yaml.safe_load(text)):
                known |= {task.get("register", ""), *task.get("ansible.builtin.set_fact", {})}
                known |= set(task.get("vars", {}))
                known |= {task.get("loop_control", {}).get("loop_var", "")}
    # What is named after locust_exporter is not named after locust.
    others = tuple(f"{one.name}_" for one in role.parent.glob(f"{role.name}_*"))
    return sorted(name for name in read - known if name.startswith(f"{role.name}_") and not name.startswith(others))


def unknown_in_names(role: Path) -> list[str]:
    """Return the variables in names of a role's tasks that may have no value there, where Ansible warns of it.

    A name is shown before its task loops or registers, and whether or not the task is skipped.
    """
    specs = specs_of(role)
    defaults = load(role / "defaults" / "main.yml") if (role / "defaults").exists() else {}
    found = []
    for path in sorted(role.glob("tasks/*.yml")):
        options = specs.get(path.stem, {}).get("options", {})
        given = {name for name, option in options.items() if not option.get("required") and name not in defaults}
        for task in tasks_in(load(path)):
            later = {task.get("register"), task.get("loop_control", {}).get("loop_var", "item")} | given
            names = {node.name for node in ENVIRONMENT.parse(task.get("name", "")).find_all(nodes.Name)}
            found += [f"{path.stem}: {task['name']}: {name}" for name in sorted(names & later)]
    return found
