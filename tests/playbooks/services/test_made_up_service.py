# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""A service that is added is its role and its entry, and what was forgotten of one is noticed."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from tests import made_up, plays
from tests.checks.tree import CHECKOUT, copy_as_collection

PLAY = [
    {
        "hosts": "all",
        "gather_facts": False,
        "tasks": [
            {"ansible.builtin.import_role": {"name": "devsecops.monitor_lab.monitor_lab", "tasks_from": "inventory"}},
            {
                "ansible.builtin.debug": {"msg": "{{ seen | to_json }}"},
                "vars": {
                    "seen": {
                        "services": "{{ monitor_lab_services }}",
                        "volumes": "{{ monitor_lab_volumes }}",
                        "jobs": "{{ monitor_lab_services "
                        "| devsecops.monitor_lab.scrape_configs(*scraping, groups=groups, hostvars=hostvars) }}",
                        "bundle": "{{ monitor_lab_services | selectattr('image') | map(attribute='name') }}",
                        "faults": "{{ monitor_lab_services | devsecops.monitor_lab.port_faults(*taken) }}",
                    },
                    "scraping": ["{{ monitor_lab_access }}", "/etc"],
                    "taken": [
                        "{{ group_names }}",
                        "127.0.0.1",
                        [{"address": "0.0.0.0", "port": 9999, "program": "nginx", "service": None}],
                    ],
                },
            },
        ],
    }
]


@pytest.fixture(scope="module")
def collection(tmp_path_factory: pytest.TempPathFactory) -> Path:
    checkout = copy_as_collection(tmp_path_factory.mktemp("made_up"))
    made_up.add(checkout)
    return checkout


def played(collection: Path, folder: Path, hosts: str, *arguments: str | Path) -> dict[str, Any]:
    """What the lab of an inventory knows, shown on one of its hosts."""
    (folder / "play.yml").write_text(json.dumps([{**PLAY[0], "hosts": hosts}]))
    done = plays.ansible_playbook(
        folder / "play.yml",
        f"--extra-vars=ansible_python_interpreter={sys.executable}",
        *arguments,
        cwd=folder,
        ANSIBLE_COLLECTIONS_PATH=str(collection.parents[2]),
    )
    assert done.returncode == 0, done.stdout
    (seen,) = plays.shown(done)
    assert isinstance(seen, dict)
    return seen


@pytest.fixture(scope="module")
def shown(collection: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the lab knows of it, from the table of a lab on one machine."""
    inventory = f"--inventory={collection}/inventory/local.yml"
    return played(collection, tmp_path_factory.mktemp("play"), "localhost", inventory)


def test_nothing_of_a_service_is_forgotten() -> None:
    assert made_up.forgotten(CHECKOUT) == []


def test_a_service_that_is_added_is_whole(collection: Path) -> None:
    assert made_up.forgotten(collection) == []


@pytest.mark.parametrize(
    ("without", "says"),
    [
        ("volume", "made_up: the table has the volumes [], and the role ['monitor-lab-made-up']"),
        ("image", "made_up: the table and the role differ on image"),
        ("metrics", "made_up: no host comes to monitor_lab_made_up_port: say in clients which groups' do"),
        ("group", "made_up: inventory/local.yml has no group made_up"),
        ("row", "made_up: docs/architecture.md does not name the role"),
    ],
)
def test_what_is_left_out_is_noticed(without: str, says: str, tmp_path: Path) -> None:
    checkout = copy_as_collection(tmp_path)
    made_up.add(checkout, without)
    assert says in made_up.forgotten(checkout)


def test_a_role_without_an_entry_is_noticed(tmp_path: Path) -> None:
    checkout = copy_as_collection(tmp_path)
    (checkout / "roles" / "new" / "tasks").mkdir(parents=True)
    assert made_up.forgotten(checkout) == ["the role new has no entry in the table"]


def test_what_is_scraped_is_deployed_before_prometheus_waits_for_it(tmp_path: Path) -> None:
    checkout = copy_as_collection(tmp_path)
    made_up.add(checkout)
    table = checkout / made_up.TABLE
    entry = made_up.part("entry.yml", 2)
    table.write_text(table.read_text().replace(entry, "").replace("\n# The table with", f"{entry}\n# The table with"))
    assert made_up.forgotten(checkout) == ["made_up: is scraped, and deployed after Prometheus"]


def test_ports_summary_and_health_come_from_the_entry(shown: dict[str, Any]) -> None:
    (service,) = [service for service in shown["services"] if service["name"] == "made_up"]
    assert service["url"] == "http://127.0.0.1:9999"
    assert service["ports"] == [{"variable": "monitor_lab_made_up_port", "port": 9999, "clients": []}]
    (fault,) = shown["faults"]
    assert fault.startswith("port 9999, which made_up needs, is taken by nginx.")
    assert fault.endswith("choose another port with monitor_lab_made_up_port.")


def test_teardown_bundle_and_prometheus_come_from_the_entry(shown: dict[str, Any]) -> None:
    assert "monitor-lab-made-up" in shown["volumes"]
    assert "made_up" in shown["bundle"]
    (job,) = [job for job in shown["jobs"] if job["job_name"] == "made_up"]
    assert job["static_configs"] == [{"targets": ["127.0.0.1:9999"]}]


def test_a_part_that_the_lab_is_without_is_named_nowhere(collection: Path, tmp_path: Path) -> None:
    inventory = tmp_path / "hosts.yml"
    inventory.write_text(
        json.dumps({"prometheus": {"hosts": {"mon1": {"ansible_connection": "local"}}}, "web": {"hosts": {"web1": {}}}})
    )
    found = played(collection, tmp_path, "mon1", f"--inventory={inventory}")
    assert [service["url"] for service in found["services"] if service["name"] != "prometheus"] == [""] * 8
    assert [job["static_configs"] for job in found["jobs"]] == [[{"targets": ["127.0.0.1:9090"]}]]


def test_an_existing_grafana_is_where_grafana_answers(collection: Path, tmp_path: Path) -> None:
    """The verdict of a run is written there, too."""
    elsewhere = "https://grafana.example.org"
    inventory = f"--inventory={collection}/inventory/local.yml"
    found = played(collection, tmp_path, "localhost", inventory, f"--extra-vars=grafana_external_url={elsewhere}")
    (grafana,) = [service for service in found["services"] if service["name"] == "grafana"]
    assert (grafana["url"], grafana["elsewhere"]) == (elsewhere, True)
