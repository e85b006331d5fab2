# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""What a role says of its arguments, what it does without them, and what its README says are one thing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.role_readme import ROLES, load, readme

NAMES = sorted(path.name for path in ROLES.iterdir() if (path / "tasks").is_dir())


def options_of(role: Path) -> dict[str, Any]:
    specs: dict[str, Any] = load(role / "meta" / "argument_specs.yml")["argument_specs"]["main"]
    return specs.get("options", {})


def defaults_of(role: Path) -> dict[str, Any]:
    path = role / "defaults" / "main.yml"
    return load(path) if path.exists() else {}


def described(options: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    for name, option in options.items():
        yield prefix + name, option
        yield from described(option.get("options", {}), f"{prefix}{name}.")


def test_there_are_roles() -> None:
    assert NAMES


@pytest.mark.parametrize("name", NAMES)
def test_specs_and_defaults_name_the_same_variables(name: str) -> None:
    optional = {option for option, spec in options_of(ROLES / name).items() if not spec.get("required")}
    assert optional == defaults_of(ROLES / name).keys()


@pytest.mark.parametrize("name", NAMES)
def test_a_default_that_the_specs_state_is_the_real_one(name: str) -> None:
    stated = {option: spec["default"] for option, spec in options_of(ROLES / name).items() if "default" in spec}
    defaults = defaults_of(ROLES / name)
    assert stated == {option: defaults[option] for option in stated}


def test_the_registry_that_is_asked_is_the_default_of_the_role_image() -> None:
    asked = load(ROLES / "monitor_lab" / "vars" / "main.yml")["monitor_lab_image_registry"]
    assert f"default('{defaults_of(ROLES / 'image')['image_registry']}')" in asked


@pytest.mark.parametrize("name", NAMES)
def test_every_argument_has_a_type_and_a_description(name: str) -> None:
    lacking = [
        option
        for option, spec in described(options_of(ROLES / name))
        if not spec.get("type") or not spec.get("description") or (spec["type"] == "list" and "elements" not in spec)
    ]
    assert lacking == []


@pytest.mark.parametrize("name", NAMES)
def test_variables_carry_the_name_of_their_role(name: str) -> None:
    public = {*options_of(ROLES / name), *defaults_of(ROLES / name)}
    constant = {variable for path in (ROLES / name / "vars").rglob("*.yml") for variable in load(path)}
    assert [variable for variable in public if not variable.startswith(f"{name}_")] == []
    # One without underscores is an answer, for other roles to read; the check `private` holds them to that.
    assert [variable for variable in constant if not variable.removeprefix("__").startswith(f"{name}_")] == []


@pytest.mark.parametrize("name", NAMES)
def test_the_readme_is_the_generated_one(name: str) -> None:
    committed = (ROLES / name / "README.md").read_text(encoding="utf-8")
    assert committed == readme(ROLES / name), "run .venv/bin/python -m tests.role_readme"
