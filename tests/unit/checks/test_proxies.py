# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
from __future__ import annotations

from pathlib import Path

import pytest

from tests.checks.proxies import findings

TASKS = Path("roles/thing/tasks/main.yml")
MODULE = Path("plugins/module_utils/_lab/thing.py")


@pytest.mark.parametrize(
    "text",
    [
        "- ansible.builtin.uri: {url: x, use_proxy: false}",
        '- ansible.builtin.uri: {url: x, use_proxy: "{{ y }}"}',
        "- ansible.builtin.command: {cmd: x}",
        "- module_defaults: {ansible.builtin.uri: {url_username: x}}",
    ],
)
def test_what_says_whether_it_uses_a_proxy(text: str) -> None:
    assert findings(TASKS, text) == []


@pytest.mark.parametrize(
    "text",
    [
        "- ansible.builtin.uri: {url: x}",
        "- block: [{rescue: [{ansible.builtin.get_url: {url: x}}]}]",
        "- {name: y, devsecops.monitor_lab.locust_dashboard: {grafana_url: x}}",
        "- {hosts: all, tasks: [{devsecops.monitor_lab.locust_run: {grafana_url: x}}]}",
    ],
)
def test_what_does_not(text: str) -> None:
    (finding,) = findings(TASKS, text)
    assert finding.endswith("without use_proxy: x")


@pytest.mark.parametrize(
    "text",
    [
        "open_url(x, use_proxy=y)",
        "urls.Request(use_proxy=False)",
        "urllib.request.Request(x)",
        "urllib.request.build_opener(urllib.request.ProxyHandler({}), *y)",
    ],
)
def test_python_that_says_so(text: str) -> None:
    assert findings(MODULE, text) == []


@pytest.mark.parametrize(
    "text", ["open_url(x)", "urls.open_url(x)", "Request(x)", "urlopen(x)", "urllib.request.build_opener(y)"]
)
def test_python_that_does_not(text: str) -> None:
    (finding,) = findings(MODULE, text)
    assert finding.startswith(f"{MODULE}:1: `{text}`")


def test_tests_may_ask_as_they_like() -> None:
    assert findings(Path("tests/x.py"), "urlopen(x)") == []
