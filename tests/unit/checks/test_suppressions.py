# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
from __future__ import annotations

from pathlib import Path

import pytest

from tests.checks.suppressions import findings

HASH = "#"  # The samples must not count as suppressions of this file.


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("roles/locust/tasks/main.yml", f"- name: Start  {HASH} noqa: name[casing]"),
        ("lab.py", f"import os  {HASH} noqa"),
        ("lab.py", f"import os  {HASH} pylint: disable=unused-import"),
        ("lab.py", f"import os  {HASH} pylint: disable=unused-import  {HASH} it may be needed"),
        ("plugins/module_utils/run.py", f"run()  {HASH} pylint: disable=ansible-bad-function"),
        ("plugins/modules/locust_run.py", f"import tomllib  {HASH} novm"),
        ("plugins/module_utils/run.py", f"x = y  {HASH} type: ignore"),
        ("plugins/module_utils/run.py", f"x = y  {HASH} type: ignore[assignment]"),
        ("roles/locust/tasks/main.yml", "  ignore_errors: true"),
        ("roles/locust/tasks/main.yml", "- failed_when: false"),
        (".ansible-lint", "---\nskip_list:\n  - no-changed-when"),
        (".ansible-lint", "warn_list: []"),
        (".config/ansible-lint.yml", "exclude_paths: [molecule]"),
        (".ansible-lint-ignore", ""),
        ("tests/sanity/ignore-2.19.txt", ""),
    ],
)
def test_found(path: str, text: str) -> None:
    assert len(findings(Path(path), text)) == 1


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("roles/locust/tasks/main.yml", "  failed_when: result.rc not in [0, 3]"),
        ("plugins/module_utils/run.py", f"run()  {HASH} pylint: disable=ansible-bad-function  {HASH} it goes on"),
        (".ansible-lint", "profile: production\noffline: true"),
        ("plugins/module_utils/run.py", f"x = y  {HASH} type: ignore[assignment]  {HASH} the stub says str"),
    ],
)
def test_not_found(path: str, text: str) -> None:
    assert findings(Path(path), text) == []
