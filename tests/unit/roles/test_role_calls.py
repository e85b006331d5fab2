# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""What another role calls is a function: each call is compared with what is stated, so that no run pays for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.checks.tree import CHECKOUT
from tests.role_calls import Call, all_calls, calls_in, faults, specs_of, undeclared, unknown_in_names
from tests.role_readme import ROLES

NAMES = sorted(path.parent.name for path in ROLES.glob("*/tasks"))
CALLS = all_calls(CHECKOUT)
SPECS = {
    "main": {
        "options": {"thing_name": {"type": "str", "required": True}, "thing_size": {"type": "int"}},
    },
    "absent": {"short_description": "Removes it"},
}


def test_calls_are_found() -> None:
    assert len(CALLS) > 20


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.place)
def test_every_call_has_the_arguments_that_are_stated(call: Call) -> None:
    assert faults(call, specs_of(ROLES / call.role)) == []


@pytest.mark.parametrize("name", NAMES)
def test_every_variable_that_a_role_reads_is_stated(name: str) -> None:
    assert undeclared(ROLES / name) == []


@pytest.mark.parametrize("name", NAMES)
def test_no_name_of_a_task_leads_to_a_warning(name: str) -> None:
    assert unknown_in_names(ROLES / name) == []


@pytest.mark.parametrize("name", NAMES)
def test_every_entry_point_that_is_stated_is_there(name: str) -> None:
    there = {path.stem for path in (ROLES / name / "tasks").glob("*.yml")}
    assert specs_of(ROLES / name).keys() - there == set()


@pytest.mark.parametrize(
    ("entry", "arguments", "says"),
    [
        ("main", {"thing_name"}, []),
        ("main", {"thing_name", "thing_size"}, []),
        ("main", {"thing_size"}, ["here: thing needs thing_name"]),
        ("main", {"thing_name", "thing_sise"}, ["here: thing has no argument thing_sise"]),
        ("absent", {"thing_name"}, ["here: thing has no argument thing_name"]),
        ("remove", set(), ["here: thing states no entry point remove"]),
    ],
)
def test_a_wrong_call_is_noticed(entry: str, arguments: set[str], says: list[str]) -> None:
    assert faults(Call("here", "thing", entry, frozenset(arguments), True), SPECS) == says


def test_calls_in_blocks_and_of_other_entry_points_are_found(tmp_path: Path) -> None:
    path = tmp_path / "main.yml"
    path.write_text("""
- name: Outer
  block:
    - name: Inner
      ansible.builtin.include_role:
        name: devsecops.monitor_lab.thing
        tasks_from: absent.yml
        rolespec_validate: false
      vars: {thing_name: a, other: b}
""")
    (call,) = calls_in(path, tmp_path)
    assert call == Call("main.yml: Inner", "thing", "absent", frozenset({"thing_name"}), False)


def test_a_variable_that_nobody_states_is_noticed(tmp_path: Path) -> None:
    role = tmp_path / "thing"
    for folder in ("meta", "tasks", "defaults"):
        (role / folder).mkdir(parents=True)
    (role / "meta" / "argument_specs.yml").write_text("argument_specs: {main: {options: {thing_name: {type: str}}}}")
    (role / "defaults" / "main.yml").write_text("thing_size: 1")
    (role / "tasks" / "main.yml").write_text("""
- name: Do it
  ansible.builtin.command: "{{ thing_name }} {{ thing_size }} {{ thing_colour }} {{ thing_found }}"
  register: thing_found
""")
    assert undeclared(role) == ["thing_colour"]


def test_what_has_no_value_in_a_name_yet_is_noticed(tmp_path: Path) -> None:
    for folder, text in {
        "meta/argument_specs": """
argument_specs: {main: {options: {thing_name: {required: true}, thing_size: {}, thing_x: {}}}}
""",
        "defaults/main": "thing_x: 1",
        "tasks/main": """
- {name: "Have {{ thing_name }} and {{ thing_x }}"}
- {name: "Have {{ thing_size }}", when: thing_size is defined}
- {name: "Have {{ item }}", loop: [1]}
- block: [{name: "Have {{ __thing_answer.rc }}", register: __thing_answer}]
""",
    }.items():
        (tmp_path / folder).parent.mkdir(exist_ok=True)
        (tmp_path / f"{folder}.yml").write_text(text)
    assert [line.rpartition(": ")[2] for line in unknown_in_names(tmp_path)] == ["thing_size", "item", "__thing_answer"]
