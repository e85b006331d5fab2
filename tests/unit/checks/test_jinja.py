# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
from __future__ import annotations

from pathlib import Path

import pytest

from tests.checks.jinja import findings

TASKS = Path("roles/thing/tasks/main.yml")


@pytest.mark.parametrize(
    "text",
    [
        'a: "{{ x | default([]) }}"',
        "when: x | select | list | length > 0",
        "a: \"{{ {'b': {'c': 1}} | combine({'d': {}}) }}\"",
        "# {% set _ is what nobody may write",
        f"description: {'words ' * 40}",
    ],
)
def test_what_a_template_may_be(text: str) -> None:
    assert findings(TASKS, text) == []


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('a: "{{ x | a | b | c | d | e }}"', "5 filters"),
        ("when: x | a | b | c | d | e", "5 filters"),
        (f'a: "{{{{ {"word + " * 30} 1 }}}}"', "characters"),
        ("a: >-\n  {% set _ = x.append(1) %}{{ x }}", "set _ ="),
        ("block:\n  - that:\n      - x | a | b | c | d | e", "5 filters"),
    ],
)
def test_what_is_a_program(text: str, says: str) -> None:
    (finding,) = findings(TASKS, text)
    assert says in finding


def test_templates_are_read_as_templates() -> None:
    (finding,) = findings(Path("roles/thing/templates/a.j2"), "{% if x %}{{ x | a | b | c | d | e }}{% endif %}")
    assert "5 filters" in finding


def test_tests_may_write_what_they_like() -> None:
    assert findings(Path("molecule/default/verify.yml"), 'a: "{{ x | a | b | c | d | e }}"') == []
