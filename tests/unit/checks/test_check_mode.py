# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
from __future__ import annotations

from pathlib import Path

import pytest

from tests.checks.check_mode import READ, UNTRUE, findings
from tests.checks.tree import CHECKOUT, working_tree

TASKS = Path("roles/thing/tasks/main.yml")
PLAY = "containers.podman.podman_play: {kube_file: x}"


@pytest.mark.parametrize(
    "text",
    [
        "- {ansible.builtin.file: {path: x}}",
        "- {community.docker.docker_volume: {name: x}}",
        "- {PLAY, when: not ansible_check_mode}",
        "- {PLAY, when: [x, not ansible_check_mode]}",
        "- {when: not ansible_check_mode, block: [{name: y, when: x, block: [{PLAY}]}]}",
        "- {ansible.builtin.uri: {url: x}, check_mode: false}",
        "- {ansible.builtin.command: x, check_mode: false, changed_when: false}",
        "- {kubernetes.core.k8s_info: {kind: x}, check_mode: false}",
        "- {ansible.builtin.uri: {method: POST}, check_mode: true}",
    ],
)
def test_what_changes_nothing_in_check_mode(text: str) -> None:
    assert findings(TASKS, text.replace("PLAY", PLAY)) == []


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("- {PLAY}", "add `not ansible_check_mode`"),
        ("- {PLAY, when: x}", "add `not ansible_check_mode`"),
        ("- {PLAY, when: x or not ansible_check_mode}", "add `not ansible_check_mode`"),
        ("- {block: [{when: not ansible_check_mode, block: []}], always: [{PLAY}]}", "add `not"),
        ("- {hosts: all, tasks: [{PLAY}]}", "add `not ansible_check_mode`"),
        ("- {community.general.thing: {}}", "read in its source"),
        ("- {ansible.builtin.uri: {method: POST}, check_mode: false}", "changed_when: false"),
        ("- {ansible.builtin.command: x, check_mode: false}", "changed_when: false"),
    ],
)
def test_what_may(text: str, says: str) -> None:
    (finding,) = findings(TASKS, text.replace("PLAY", PLAY))
    assert says in finding


def test_tests_do_as_they_like() -> None:
    assert findings(Path("molecule/default/prepare.yml"), f"- {{{PLAY}}}") == []


def test_no_module_is_named_that_nobody_uses() -> None:
    texts = [
        (CHECKOUT / path).read_text()
        for path in working_tree()
        if path.suffix == ".yml" and path.parts[0] in ("roles", "playbooks")
    ]
    assert [module for module in READ | UNTRUE if not any(f"{module}:" in text for text in texts)] == []
