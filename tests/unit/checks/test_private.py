# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
from __future__ import annotations

from pathlib import Path

import pytest

from tests.checks.private import findings


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("roles/locust/tasks/main.yml", "{{ __locust_uid }}"),
        ("roles/locust_exporter/tasks/main.yml", "{{ __locust_exporter_uid }} {{ monitor_lab_files }}"),
        ("playbooks/site.yml", "{{ monitor_lab_files }}"),
        ("tests/unit/roles/test_thing.py", "__locust_uid"),
    ],
)
def test_what_may_be_read(path: str, text: str) -> None:
    assert findings(Path(path), text) == []


@pytest.mark.parametrize(
    ("path", "text", "owner"),
    [
        ("roles/locust/tasks/main.yml", "{{ __monitor_lab_files }}", "monitor_lab"),
        ("roles/locust/tasks/main.yml", "{{ __locust_exporter_uid }}", "locust_exporter"),
        ("playbooks/site.yml", "when: __grafana_is_new", "grafana"),
        ("molecule/default/verify.yml", "{{ hostvars.a.__locust_processes }}", "locust"),
    ],
)
def test_what_is_private(path: str, text: str, owner: str) -> None:
    (finding,) = findings(Path(path), text)
    assert finding.endswith(f"is private to {owner}")
