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
from tests.plays import ansible_playbook
from tests.role_readme import ROLES, groups_of, load

# A bare host, on which nothing listens: this machine is not looked at, which may have a lab.
LOOKED: dict[str, Any] = {
    "ansible_facts": {"ansible_service_mgr": "systemd"},
    "cpus": 2,
    "free_memory_mb": 8192,
    "free_disk_mb": 65536,
    "podman_ulimits": [],
    "cgroups": ["/sys/fs/cgroup"],
    "listeners": [],
    "packages": {"missing": [], "interrupted": []},
    "distribution": load(ROLES / "monitor_lab" / "vars" / "distributions" / "Debian.yml")["monitor_lab_distribution"],
    "units": {},
    "firewall": {"ufw": False, "firewalld": False, "ufw_rules": []},
    "files": {},
    "docker": None,
    "podman": None,
}


def plays(block: Block) -> list[dict[str, Any]]:
    parsed = yaml.safe_load(block.text)
    return [one for one in parsed if "hosts" in one] if isinstance(parsed, list) else []


EXAMPLES = [block for page in pages() for block in blocks(page, "yaml") if plays(block)]
# A cluster is asked in check mode too.
ROLES_PLAYED = sorted({block.page.parts[1] for block in EXAMPLES if block.page.parts[0] == "roles"} - {"cluster"})


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


def test_each_role_has_an_example() -> None:
    roles = {page for page in pages() if page.parts[0] == "roles"}
    assert roles - {block.page for block in EXAMPLES} == set()


@pytest.mark.parametrize("role", ROLES_PLAYED)
def test_an_example_works_as_written(role: str, inventory: Path, tmp_path: Path) -> None:
    """But that nothing is changed: the hosts are in the role's groups, and nothing that it needs is left out."""
    (block,) = blocks(Path("roles", role, "README.md"), "yaml")
    (play,) = plays(block)
    if groups_of(role):
        play["post_tasks"] = [{"ansible.builtin.debug": {"msg": f"it answers at {{{{ monitor_lab_{role}_url }}}}"}}]
    playbook = tmp_path / "play.yml"
    playbook.write_text(json.dumps([play]))
    given = {
        "monitor_lab_host": LOOKED,
        "monitor_lab_secrets_dir": str(tmp_path / "secrets"),
        "monitor_lab_cache_dir": str(tmp_path / "cache"),
        "image_registry": "127.0.0.1:9",
    }
    done = ansible_playbook(
        playbook, "--check", f"--inventory={inventory}", f"--extra-vars={json.dumps(given)}", ANSIBLE_BECOME_EXE="none"
    )
    assert done.returncode == 0, done.stdout
    if groups_of(role):
        assert "it answers at http://127.0.0.1:" in done.stdout
