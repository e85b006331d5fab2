# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""What modules share can be said once, in `module_defaults` of their group."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.plugins.loader import fragment_loader
from ansible.utils.plugin_docs import get_docstring

from tests.checks.tree import CHECKOUT
from tests.plays import ansible_playbook

COLLECTION = "devsecops.monitor_lab"
GROUPS: dict[str, list[str]] = yaml.safe_load((CHECKOUT / "meta/runtime.yml").read_text())["action_groups"]
MODULES = sorted(path.stem for path in (CHECKOUT / "plugins/modules").glob("*.py"))
# Where nobody listens.
CLOSED = "http://127.0.0.1:9"
RUN = {"users": 1, "run_time": "5s"}


def documentation(module: str) -> dict[str, Any]:
    path = CHECKOUT / "plugins/modules" / f"{module}.py"
    read = get_docstring(str(path), fragment_loader, collection_name=COLLECTION)[0]
    assert isinstance(read, dict)
    return read


@pytest.mark.parametrize("module", MODULES)
def test_whoever_shares_the_options_of_a_group_is_in_it_and_says_so(module: str) -> None:
    read = documentation(module)
    shares = [group for group in GROUPS if f"{group}_url" in read.get("options", {})]
    assert [group for group, members in GROUPS.items() if module in members] == shares
    attribute = read.get("attributes", {}).get("action_group", {})
    assert sorted(attribute.get("membership", [])) == sorted(f"{COLLECTION}.{group}" for group in shares)


def test_groups_name_modules_that_exist() -> None:
    assert {module for members in GROUPS.values() for module in members} <= set(MODULES)


@pytest.mark.parametrize(
    ("module", "options", "group", "defaults", "message"),
    [
        ("locust_run_info", {}, "locust", {"locust_url": CLOSED}, f"no answer from Locust at {CLOSED}:"),
        ("locust_run", RUN, "locust", {"locust_url": CLOSED}, f"no answer from Locust at {CLOSED}:"),
        (
            "locust_dashboard",
            {"retries": 0},
            "grafana",
            {"grafana_url": CLOSED, "url_username": "admin", "url_password": "x"},
            f"GET {CLOSED}/api/health: no answer",
        ),
        # Refused with the options, before anything is asked.
        (
            "locust_run",
            RUN,
            "grafana",
            {"url_username": "admin"},
            "missing parameter(s) required by 'url_username': url_password",
        ),
    ],
)
def test_defaults_of_a_group_reach_the_module(
    module: str, options: dict[str, Any], group: str, defaults: dict[str, str], message: str, tmp_path: Path
) -> None:
    play = {
        "hosts": "localhost",
        "connection": "local",
        "gather_facts": False,
        "module_defaults": {f"group/{COLLECTION}.{group}": defaults},
        "tasks": [{f"{COLLECTION}.{module}": options}],
    }
    playbook = tmp_path / "play.yml"
    playbook.write_text(yaml.safe_dump([play]))
    done = ansible_playbook(
        playbook, "--inventory=localhost,", f"--extra-vars=ansible_python_interpreter={sys.executable}", cwd=tmp_path
    )
    told = " ".join((done.stdout + done.stderr).split())
    assert done.returncode != 0
    assert message in told, told
