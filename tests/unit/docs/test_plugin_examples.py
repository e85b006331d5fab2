# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""The examples in plugins' own documentation: tasks that use the plugin, and options and filters that exist."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from jinja2 import nodes

from tests.checks.jinja import ENVIRONMENT, expressions_of
from tests.checks.tree import CHECKOUT
from tests.role_calls import tasks_in
from tests.unit.docs.test_examples import COLLECTION, PLUGINS, options_of

DOCUMENTED = sorted(
    path.relative_to(CHECKOUT / "plugins").with_suffix("")
    for folder in ("modules", "filter", "lookup")
    for path in (CHECKOUT / "plugins" / folder).glob("*.py")
)
FILTERS = {f"{COLLECTION}{path.name}" for path in DOCUMENTED if path.parts[0] == "filter"}


def example(plugin: Path) -> str:
    text = importlib.import_module(f"{PLUGINS}.{'.'.join(plugin.parts)}").EXAMPLES
    assert isinstance(text, str)
    return text


def tasks(plugin: Path) -> list[dict[str, Any]]:
    return [task for task in tasks_in(yaml.safe_load(example(plugin))) if "hosts" not in task and "block" not in task]


def wrong_options(task: dict[str, Any]) -> Iterator[str]:
    for name, options in task.items():
        if name.startswith(COLLECTION) and isinstance(options, dict):
            yield from sorted(options.keys() - options_of(name.removeprefix(COLLECTION)).keys())


@pytest.mark.parametrize("plugin", DOCUMENTED, ids=str)
def test_an_example_uses_its_plugin(plugin: Path) -> None:
    name = f"{COLLECTION}{plugin.name}"
    assert tasks(plugin)
    if plugin.parts[0] == "modules":
        assert any(name in task for task in tasks(plugin))
    else:
        assert re.search(rf"\b{re.escape(name)}\b", example(plugin))


@pytest.mark.parametrize("plugin", DOCUMENTED, ids=str)
def test_what_an_example_names_exists(plugin: Path) -> None:
    assert [option for task in tasks(plugin) for option in wrong_options(task)] == []
    for expression in expressions_of(yaml.safe_load(example(plugin))):
        used = {one.name for one in ENVIRONMENT.parse("{{" + expression + "}}").find_all(nodes.Filter)}
        assert {name for name in used if name.startswith(COLLECTION)} <= FILTERS


@pytest.mark.parametrize("plugin", [path for path in DOCUMENTED if path.parts[0] == "modules"], ids=str)
def test_no_option_is_for_the_plugin_itself(plugin: Path) -> None:
    """What an action plugin adds for its module is documented for nobody."""
    assert [option for option in options_of(plugin.name) if option.startswith("_")] == []


def test_a_wrong_option_is_found() -> None:
    assert list(wrong_options({f"{COLLECTION}locust_run": {"users": 1, "usres": 2}})) == ["usres"]
