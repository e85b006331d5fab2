# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""Variables of other hosts whose templates name `hostvars`, which Ansible does not work out from elsewhere."""

from __future__ import annotations

import json
import sys
from typing import Any

import pytest

from tests import plays

TABLE = [{"name": "locust", "groups": ["locust"]}, {"name": "prometheus", "groups": ["prometheus"]}]
INVENTORY = {
    "all": {"vars": {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}},
    "locust": {"hosts": {"locust1": {"monitor_lab_proxy": "http://{{ hostvars.mon1.way }}:3128"}}},
    "prometheus": {"hosts": {"mon1": {"way": "192.0.2.1", "ansible_host": "{{ hostvars.mon1.way }}"}}},
}
SHOWN = {
    "addresses": "{{ table | devsecops.monitor_lab.lab_addresses(groups, hostvars) }}",
    "builder": "{{ ['locust1', 'mon1'] | devsecops.monitor_lab.image_builder(hostvars, 'mon1', '') }}",
    "own": "{{ ['locust1', 'mon1'] | devsecops.monitor_lab.image_builder(hostvars, 'locust1', own_proxy) }}",
}


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("hostvars")
    looked = {"docker": {"version": "26"}}
    play = {
        "hosts": "all",
        "gather_facts": False,
        "tasks": [
            {"ansible.builtin.setup": {"gather_subset": ["!all", "!min", "platform"]}},
            {"ansible.builtin.set_fact": {"monitor_lab_host": looked}},
            {
                "ansible.builtin.debug": {"msg": "{{ seen | to_json }}"},
                "run_once": True,
                "vars": {"table": TABLE, "seen": SHOWN, "own_proxy": "{{ monitor_lab_proxy }}"},
            },
        ],
    }
    (folder / "hosts.json").write_text(json.dumps(INVENTORY))
    (folder / "play.yml").write_text(json.dumps([play]))
    done = plays.ansible_playbook(folder / "play.yml", f"--inventory={folder}/hosts.json")
    assert done.returncode == 0, done.stdout + done.stderr
    (seen,) = plays.shown(done)
    assert isinstance(seen, dict)
    return seen


def test_an_address_that_is_not_known_is_the_name_of_the_host(shown: dict[str, Any]) -> None:
    assert shown["addresses"] == {"locust": "locust1", "prometheus": "mon1"}


def test_a_host_whose_proxy_is_not_known_builds_for_itself_alone(shown: dict[str, Any]) -> None:
    assert (shown["builder"], shown["own"]) == ("mon1", "locust1")
