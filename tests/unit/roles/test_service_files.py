# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""Who gets to the files that services have on a host: to it, their users are ordinary ones, as `nobody` is."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._differences import whole_files

from tests.checks.tree import CHECKOUT
from tests.made_up import table_of
from tests.plays import ansible_playbook, shown
from tests.role_readme import ROLES

TABLE = table_of(CHECKOUT)
NAMES = [entry["name"] for entry in TABLE]


def is_alone(folder: dict[str, Any]) -> bool:
    return (folder["state"], folder["owner"], folder["mode"]) == ("directory", 0, "0700")


@pytest.fixture(scope="module")
def worked_out(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Of a host that runs all of a closed lab."""
    folder = tmp_path_factory.mktemp("services")
    # As a role finds its own.
    (folder / "templates").mkdir()
    for template in ROLES.glob("*/templates/*"):
        (folder / "templates" / template.name).symlink_to(template)
    parts = [ROLES / role / part / "main.yml" for role in ("monitor_lab", *NAMES) for part in ("defaults", "vars")]
    files = ", ".join(f"'{name}': __{name}_files" for name in NAMES)
    asked = f"{{'files': {{{files}}}, 'authority': monitor_lab_access.locust.ca_path}}"
    play = {
        "hosts": "localhost",
        "connection": "local",
        "gather_facts": False,
        "vars_files": [str(part) for part in parts if part.exists()],
        "tasks": [{"ansible.builtin.debug": {"msg": f"{{{{ {asked} | to_json }}}}"}}],
    }
    (folder / "play.yml").write_text(json.dumps([play]))
    groups: dict[str, Any] = {group: {"hosts": {"localhost": {}}} for entry in TABLE for group in entry["groups"]}
    (folder / "hosts.json").write_text(json.dumps(groups))
    (folder / "password_salt").write_text("0" * 64)
    given = {
        "monitor_lab_secrets_dir": str(folder),
        "monitor_lab_address": "192.0.2.1",
        "monitor_lab_host": {"cpus": 2, "docker": None, "podman": None},
        "role_path": str(ROLES / "locust"),
    }
    done = ansible_playbook(
        folder / "play.yml", f"--inventory={folder}/hosts.json", f"--extra-vars={json.dumps(given)}", cwd=folder
    )
    assert done.returncode == 0, done.stdout
    (found,) = shown(done)
    return dict(found)


@pytest.fixture(scope="module")
def files(worked_out: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """Service: what it wants, in its order."""
    return {name: whole_files(wanted) for name, wanted in worked_out["files"].items()}


@pytest.mark.parametrize("name", NAMES)
def test_no_user_of_the_host_gets_to_what_a_service_has(files: dict[str, list[dict[str, Any]]], name: str) -> None:
    own = [file for file in files[name] if file["owner"] != 0 or file["secret"]]
    assert own, "the lab is closed"
    for file in own:
        before = files[name][: files[name].index(file)]
        assert [one for one in before if is_alone(one) and file["path"].startswith(f"{one['path']}/")], file["path"]


@pytest.mark.parametrize("name", NAMES)
def test_everyone_on_a_host_may_trust_the_lab(
    worked_out: dict[str, Any], files: dict[str, list[dict[str, Any]]], name: str
) -> None:
    """A load run is no root's."""
    (authority,) = [file for file in files[name] if file["path"] == worked_out["authority"]]
    assert authority["mode"] == "0644"
    assert not [one for one in files[name] if is_alone(one) and authority["path"].startswith(f"{one['path']}/")]
