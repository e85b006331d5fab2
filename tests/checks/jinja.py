# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""No program in a template: what is computed is a filter in Python, with a unit test."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from jinja2 import Environment, nodes

FOLDERS = ("roles", "playbooks", "inventory")
LONGEST = 120
MOST_FILTERS = 4
# Keys whose value is an expression without braces.
EXPRESSIONS = ("when", "that", "until", "failed_when", "changed_when")
ASSIGNS_NOTHING = re.compile(r"\{%-?\s*set\s+_\s*=")
ENVIRONMENT = Environment(autoescape=True)


def expressions_in(text: str) -> Iterator[str]:
    """Yield the expressions of a template, without their braces."""
    inside: list[str] | None = None
    for _line, kind, token in ENVIRONMENT.lex(text):
        if kind == "variable_begin":
            inside = []
        elif kind == "variable_end":
            yield "".join(inside or ())
            inside = None
        elif inside is not None:
            inside.append(token)


def expressions_of(value: Any, key: str = "") -> Iterator[str]:
    """Yield all template expressions in a YAML document, without their braces."""
    if isinstance(value, dict):
        for name, child in value.items():
            yield from expressions_of(child, str(name))
    elif isinstance(value, list):
        for child in value:
            yield from expressions_of(child, key)
    elif isinstance(value, str) and "{{" in value:
        yield from expressions_in(value)
    elif isinstance(value, str) and key in EXPRESSIONS:
        yield value


def filters_in(expression: str) -> int:
    return sum(1 for _unused in ENVIRONMENT.parse("{{" + expression + "}}").find_all(nodes.Filter))


def findings(path: Path, text: str) -> list[str]:
    """Return the expressions that are programs in the file at `path`, relative to the checkout, that holds `text`."""
    if path.parts[0] not in FOLDERS or path.suffix not in (".yml", ".j2"):
        return []
    if path.suffix == ".yml":
        expressions = [one for document in yaml.safe_load_all(text) for one in expressions_of(document)]
    else:
        expressions = list(expressions_in(text))
    found = [f"{path.as_posix()}: `set _ =` is a program: write a filter"] if ASSIGNS_NOTHING.search(text) else []
    for expression in expressions:
        shown = " ".join(expression.split())
        filters = filters_in(expression)
        if len(shown) > LONGEST or filters > MOST_FILTERS:
            found.append(f"{path.as_posix()}: {len(shown)} characters, {filters} filters: write a filter: {shown}")
    return found
