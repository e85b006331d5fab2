# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""What examples give roles and modules is what their specifications want: all that is required, each of its type."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from tests.documents import Block, blocks, pages
from tests.role_readme import ROLES, load
from tests.unit.docs.commands import plays_of
from tests.unit.docs.test_examples import COLLECTION, ids, options_of
from tests.unit.docs.test_plugin_examples import DOCUMENTED, tasks

SPECS: dict[str, dict[str, Any]] = {
    path.parts[-3]: load(path)["argument_specs"]["main"].get("options", {})
    for path in sorted(ROLES.glob("*/meta/argument_specs.yml"))
}
VARIABLES = {name: option for options in SPECS.values() for name, option in options.items()}
YAML = [block for page in pages() for block in blocks(page, "yaml")]
OF_ROLES = [block for block in YAML if block.page.parts[0] == "roles"]
MODULES = [plugin for plugin in DOCUMENTED if plugin.parts[0] == "modules"]


def is_template(value: Any) -> bool:
    return isinstance(value, str) and "{{" in value


def specification(options: Mapping[str, Any], given: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return what the options of a documentation are to Ansible; what is given as a template may be of any type."""
    found: dict[str, Any] = {}
    for name, option in options.items():
        values = [one[name] for one in given if name in one]
        if any(map(is_template, values)):
            found[name] = {"type": "raw", "required": option.get("required", False)}
            continue
        found[name] = {key: option[key] for key in ("type", "elements", "required", "choices") if key in option}
        below = option.get("options") or option.get("suboptions")
        if below:
            elements = [each for value in values for each in (value if isinstance(value, list) else [value])]
            found[name]["options"] = specification(below, [each for each in elements if isinstance(each, dict)])
    return found


def faults(options: Mapping[str, Any], given: Mapping[str, Any]) -> list[str]:
    checked = ArgumentSpecValidator(specification(options, [given])).validate(dict(given))
    assert isinstance(checked.error_messages, list)
    return checked.error_messages


def variables_of(value: Any) -> Iterator[dict[str, Any]]:
    """Yield the roles' variables that a value has, a mapping for each place."""
    if isinstance(value, dict):
        yield {name: one for name, one in value.items() if name in VARIABLES}
        value = list(value.values())
    if isinstance(value, list):
        for one in value:
            yield from variables_of(one)


@pytest.mark.parametrize("block", OF_ROLES, ids=ids(OF_ROLES))
def test_a_role_s_example_gives_what_the_role_wants(block: Block) -> None:
    (play,) = plays_of(block.text)
    assert play["roles"][-1] == f"{COLLECTION}{block.page.parts[1]}"
    given = play.get("vars", {})
    for role in play["roles"]:
        options = SPECS[role.removeprefix(COLLECTION)]
        assert faults(options, {name: value for name, value in given.items() if name in options}) == []


@pytest.mark.parametrize("block", YAML, ids=ids(YAML))
def test_variables_are_of_their_types(block: Block) -> None:
    for document in yaml.safe_load_all(block.text):
        for given in variables_of(document):
            assert faults({name: VARIABLES[name] for name in given}, given) == []


@pytest.mark.parametrize("plugin", MODULES, ids=str)
def test_an_example_gives_what_the_module_wants(plugin: Path) -> None:
    module = f"{COLLECTION}{plugin.name}"
    given = [task[module] or {} for task in tasks(plugin) if module in task]
    assert [wrong for one in given if (wrong := faults(options_of(plugin.name), one))] == []


def test_what_is_wrong_is_found() -> None:
    options = {
        "url": {"type": "str", "required": True},
        "users": {"type": "int"},
        "stages": {"type": "list", "elements": "dict", "suboptions": {"mode": {"choices": ["a", "b"]}}},
    }
    assert faults(options, {"url": "x", "users": 1, "stages": [{"mode": "a"}]}) == []
    assert faults(options, {"url": "x", "users": "{{ y }}", "stages": [{"mode": "{{ z }}"}, {"mode": "a"}]}) == []
    (said,) = faults(options, {})
    assert "url" in said
    for wrong in ({"users": "many"}, {"stages": [{"mode": "c"}]}, {"usres": 1}):
        assert len(faults(options, {"url": "x", **wrong})) == 1
