# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""`--tags` does what people expect of it: that service with what it needs, the checks alone, or the questions alone."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.checks.tree import copy_as_collection
from tests.made_up import table_of
from tests.plays import ansible_playbook

TOLD = [{"name": "Say that it ran", "ansible.builtin.debug": {"msg": "ran {{ role_name }} {{ room }}"}}]
# Instead of the module, which waits for services that are not there.
NO_ANSWER = """
from ansible.plugins.action import ActionBase

class ActionModule(ActionBase):
    def run(self, tmp=None, task_vars=None):
        return {"answers": []}
"""
HOSTS = {
    "tokenization": "a",
    "locust": "b",
    "locust_workers": "c",
    "locust_exporter": "a",
    "node_exporter": "c",
    "container_exporter": "b",
    "alertmanager": "b",
    "prometheus": "b",
    "grafana": "c",
}


def differs(role: str) -> dict[str, Any]:
    """The task that answers what differs of a service: all of it, or nothing where it is the one called `same`."""
    return {
        "name": "Say that it differs",
        "ansible.builtin.set_fact": {f"{role}_differences": "{{ differences }}"},
        "vars": {"differences": "{{ [] if same | default('') in [role_name, 'all'] else ['all of it'] }}"},
        "when": "room == 'differences'",
    }


@pytest.fixture(scope="module")
def collection(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy whose roles do nothing but say that they ran, the tasks in a file that is included."""
    checkout = copy_as_collection(tmp_path_factory.mktemp("tags"))
    for tasks in checkout.glob("roles/*/tasks"):
        if tasks.parent.name == "monitor_lab":
            for room in ("main", "look"):
                (tasks / f"{room}.yml").write_text("[]")
            continue
        for path in tasks.glob("*.yml"):
            path.unlink()
        for room in ("main", "preflight", "differences", "image", "ahead"):
            (tasks / f"{room}.yml").write_text(
                json.dumps([{"name": "Go on", "ansible.builtin.include_tasks": "told.yml", "vars": {"room": room}}])
            )
        (tasks / "told.yml").write_text(json.dumps([*TOLD, differs(tasks.parent.name)]))
    # A question of what was looked at, whatever else is done.
    (checkout / "roles" / "tokenization" / "tasks" / "same_key.yml").write_text("[]")
    (checkout / "plugins" / "action" / "lab_services_info.py").write_text(NO_ANSWER)
    return checkout


def ran(collection: Path, *arguments: str) -> list[str]:
    """What ran, in order, each once; "asked" for the questions of verify.yml."""
    inventory = {
        "all": {"vars": {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}},
        **{group: {"hosts": {host: {}}} for group, host in HOSTS.items()},
        "others": {"hosts": {"web1": {}}},
    }
    path = collection / "hosts.json"
    path.write_text(json.dumps(inventory))
    done = ansible_playbook(
        "devsecops.monitor_lab.site",
        f"--inventory={path}",
        "--extra-vars=ansible_become=false",
        *arguments,
        cwd=collection,
        ANSIBLE_COLLECTIONS_PATH=str(collection.parents[2]),
    )
    # Nothing is up that could answer what verify.yml asks.
    assert done.returncode == 0 or "No answer from" in done.stdout, done.stdout
    assert "web1" not in done.stdout
    found = re.findall(r"msg: ran (\w+ \w+)|TASK \[(Ask every service of this host)\]", done.stdout)
    return list(dict.fromkeys(told or "asked" for told, _asked in found))


def test_all_runs_in_the_order_of_the_table_across_hosts(collection: Path) -> None:
    names = [entry["name"] for entry in table_of(collection)]
    looked = ["container_engine", "firewall", *names]
    found = ran(collection)
    # Looking needs no order across hosts.
    assert sorted(found[: len(looked)]) == sorted(f"{name} differences" for name in looked)
    assert found[len(looked) :] == [
        "container_engine preflight",
        *(f"{name} preflight" for name in names),
        "container_engine main",
        "firewall main",
        *(f"{name} image" for name in names),
        "image ahead",
        *(f"{name} main" for name in names),
        "asked",
    ]


def test_a_service_of_which_nothing_differs_is_not_entered(collection: Path) -> None:
    found = ran(collection, "--extra-vars=same=prometheus")
    assert {"prometheus preflight", "prometheus image", "prometheus main"} & set(found) == set()
    assert {"locust main", "grafana main", "container_engine main", "asked"} <= set(found)


@pytest.mark.parametrize("role", ["container_engine", "firewall"])
def test_what_services_stand_on_is_not_entered_where_nothing_differs(collection: Path, role: str) -> None:
    found = ran(collection, f"--extra-vars=same={role}")
    assert f"{role} main" not in found
    assert "prometheus main" in found


def test_where_nothing_differs_nothing_is_checked_or_done(collection: Path) -> None:
    found = ran(collection, "--extra-vars=same=all")
    assert [told for told in found if not told.endswith(" differences")] == ["asked"]


@pytest.mark.parametrize("service", ["tokenization", "prometheus", "locust"])
def test_a_service_comes_with_what_it_needs(collection: Path, service: str) -> None:
    assert ran(collection, "--tags", service) == [
        "container_engine differences",
        "firewall differences",
        f"{service} differences",
        "container_engine preflight",
        f"{service} preflight",
        "container_engine main",
        "firewall main",
        f"{service} image",
        "image ahead",
        f"{service} main",
    ]


@pytest.mark.parametrize("same", ["none", "all"])
def test_preflight_checks_all_and_does_no_more(collection: Path, same: str) -> None:
    names = [entry["name"] for entry in table_of(collection)]
    found = ran(collection, "--tags", "preflight", f"--extra-vars=same={same}")
    assert [told for told in found if not told.endswith(" differences")] == [
        "container_engine preflight",
        *(f"{name} preflight" for name in names),
    ]


def test_verify_asks_and_does_no_more(collection: Path) -> None:
    assert ran(collection, "--tags", "verify") == ["asked"]


def test_one_service_is_left_out(collection: Path) -> None:
    assert "grafana main" not in ran(collection, "--skip-tags", "grafana")
