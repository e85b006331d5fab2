# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""Who gets to the files that services have on a host: to it, their users are ordinary ones, as `nobody` is."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._differences import file_differences, whole_files

from tests.checks.tree import CHECKOUT
from tests.made_up import table_of
from tests.plays import ansible_playbook, reading, shown
from tests.role_readme import ROLES

TABLE = table_of(CHECKOUT)
NAMES = [entry["name"] for entry in TABLE]


def is_alone(folder: dict[str, Any]) -> bool:
    return (folder["state"], folder["owner"], folder["mode"]) == ("directory", 0, "0700")


def worked_out(folder: Path, **variables: Any) -> dict[str, Any]:
    """Of a host that runs all of a lab, at an address."""
    # As a role finds its own.
    (folder / "templates").mkdir()
    for template in ROLES.glob("*/templates/*"):
        (folder / "templates" / template.name).symlink_to(template)
    files = ", ".join(f"'{name}': __{name}_files" for name in NAMES)
    asked = f"{{'files': {{{files}}}, 'authority': monitor_lab_access.locust.ca_path | default('')}}"
    play = reading(("monitor_lab", *NAMES), {"ansible.builtin.debug": {"msg": f"{{{{ {asked} | to_json }}}}"}})
    (folder / "play.yml").write_text(json.dumps([play]))
    groups: dict[str, Any] = {group: {"hosts": {"localhost": {}}} for entry in TABLE for group in entry["groups"]}
    (folder / "hosts.json").write_text(json.dumps(groups))
    (folder / "password_salt").write_text("0" * 64)
    given = {
        "monitor_lab_secrets_dir": str(folder),
        "monitor_lab_address": "192.0.2.1",
        "monitor_lab_host": {"cpus": 2, "docker": None, "podman": None},
        "role_path": str(ROLES / "locust"),
        **variables,
    }
    done = ansible_playbook(
        folder / "play.yml", f"--inventory={folder}/hosts.json", f"--extra-vars={json.dumps(given)}", cwd=folder
    )
    assert done.returncode == 0, done.stdout
    (found,) = shown(done)
    files_of = {name: whole_files(wanted) for name, wanted in found["files"].items()}
    return {"authority": found["authority"], "files": files_of}


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return worked_out(tmp_path_factory.mktemp("closed"))


@pytest.fixture(scope="module")
def files(closed: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """Service: what it wants, in its order."""
    return dict(closed["files"])


@pytest.mark.parametrize("name", NAMES)
def test_no_user_of_the_host_gets_to_what_a_service_has(files: dict[str, list[dict[str, Any]]], name: str) -> None:
    own = [file for file in files[name] if file["owner"] != 0 or file["secret"]]
    assert own, "the lab is closed"
    for file in own:
        before = files[name][: files[name].index(file)]
        assert [one for one in before if is_alone(one) and file["path"].startswith(f"{one['path']}/")], file["path"]


@pytest.mark.parametrize("name", NAMES)
def test_everyone_on_a_host_may_trust_the_lab(
    closed: dict[str, Any], files: dict[str, list[dict[str, Any]]], name: str
) -> None:
    """A load run is no root's."""
    (authority,) = [file for file in files[name] if file["path"] == closed["authority"]]
    assert authority["mode"] == "0644"
    assert not [one for one in files[name] if is_alone(one) and authority["path"].startswith(f"{one['path']}/")]


def as_seen(file: dict[str, Any]) -> dict[str, Any]:
    content = Path(file["src"]).read_bytes() if "src" in file else str(file.get("content")).encode()
    sha256 = {"sha256": hashlib.sha256(content).hexdigest()} if file["state"] == "file" else {}
    return {"kind": file["state"], **{key: file[key] for key in ("owner", "group", "mode")}, **sha256}


def test_a_lab_that_was_open_is_closed_by_one_deployment(
    closed: dict[str, Any], files: dict[str, list[dict[str, Any]]], tmp_path: Path
) -> None:
    before = worked_out(tmp_path, monitor_lab_exposed=True)["files"]
    seen = {file["path"]: as_seen(file) for wanted in before.values() for file in wanted}
    assert [name for name in NAMES if file_differences(before[name], seen)] == []
    # What of each is due, beside what all have.
    due = {name: file_differences(files[name], seen) for name in NAMES}
    own = {name: [line for line in lines if closed["authority"] not in line] for name, lines in due.items()}
    assert [name for name in NAMES if not own[name]] == []
