# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""Plays of the documentation, and of each role's README, in somebody else's inventory, which has none of our groups."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.documents import Block, blocks, pages
from tests.plays import ansible_playbook, shown
from tests.role_readme import groups_of
from tests.unit.docs.test_plugin_examples import DOCUMENTED, example

# As tests/playbooks/roles/test_role_alone.py has it: no host is looked at.
LOOKED: dict[str, Any] = {"monitor_lab_host": {"listeners": [], "docker": None, "podman": None, "cpus": 2}}


def plays(block: Block) -> list[dict[str, Any]]:
    parsed = yaml.safe_load(block.text)
    return [one for one in parsed if "hosts" in one] if isinstance(parsed, list) else []


EXAMPLES = [block for page in pages() for block in blocks(page, "yaml") if plays(block)]
SERVICES = sorted(
    block.page.parts[1] for block in EXAMPLES if block.page.parts[0] == "roles" and groups_of(block.page.parts[1])
)


@pytest.fixture(scope="module")
def inventory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("inventory") / "hosts.json"
    host = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
    path.write_text(json.dumps({"web": {"hosts": {"one": host}}}))
    return path


@pytest.mark.parametrize("block", EXAMPLES, ids=[f"{block.page}-{number}" for number, block in enumerate(EXAMPLES)])
def test_ansible_takes_it(block: Block, inventory: Path, tmp_path: Path) -> None:
    playbook = tmp_path / "play.yml"
    playbook.write_text(block.text)
    done = ansible_playbook(playbook, "--syntax-check", f"--inventory={inventory}")
    assert done.returncode == 0, done.stderr


def test_ansible_takes_the_examples_of_plugins(inventory: Path, tmp_path: Path) -> None:
    """All in one playbook. Their options and filters: tests/unit/docs/test_plugin_examples.py."""
    written = [one for plugin in DOCUMENTED for one in yaml.safe_load(example(plugin))]
    assert len(written) >= len(DOCUMENTED)
    playbook = tmp_path / "examples.yml"
    whole = [one for one in written if "hosts" in one]
    playbook.write_text(
        yaml.safe_dump([*whole, {"hosts": "web", "tasks": [one for one in written if one not in whole]}])
    )
    done = ansible_playbook(playbook, "--syntax-check", f"--inventory={inventory}")
    assert done.returncode == 0, done.stderr


def test_each_role_has_an_example() -> None:
    roles = {page for page in pages() if page.parts[0] == "roles"}
    assert roles - {block.page for block in EXAMPLES} == set()


@pytest.mark.parametrize("service", SERVICES)
def test_a_role_knows_the_hosts_of_its_example(service: str, inventory: Path, tmp_path: Path) -> None:
    """They are in the role's groups, and nothing that it needs is left out."""
    (block,) = blocks(Path("roles", service, "README.md"), "yaml")
    (play,) = plays(block)
    role = play.pop("roles")[-1]
    play |= {
        "gather_facts": False,
        "become": False,
        "tasks": [
            {"ansible.builtin.import_role": {"name": role, "tasks_from": "preflight", "public": True}},
            {"ansible.builtin.debug": {"msg": f"{{{{ monitor_lab_{service}_url | to_json }}}}"}},
        ],
    }
    playbook = tmp_path / "play.yml"
    playbook.write_text(json.dumps([play]))
    done = ansible_playbook(playbook, f"--inventory={inventory}", f"--extra-vars={json.dumps(LOOKED)}")
    assert done.returncode == 0, done.stdout
    assert shown(done)[-1].startswith("http://127.0.0.1:")
