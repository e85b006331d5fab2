# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""Nothing of a bundle is used before all of it was verified on the controller."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._bundle import MANIFEST, manifest

from tests.plays import ansible_playbook

LOOKED: dict[str, Any] = {
    "free_memory_mb": 9999,
    "free_disk_mb": 9999,
    "distribution": {"tested": {"Debian": ["12"]}},
    "docker": {"containers": {}, "images": {}},
    "podman": None,
}
FACTS = {
    "distribution": "Debian",
    "distribution_version": "12",
    "distribution_major_version": "12",
    "effective_user_id": 0,
    "user_id": "root",
    "architecture": "x86_64",
}


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    folder = tmp_path / "bundle"
    (folder / "images").mkdir(parents=True)
    (folder / "images" / "made_up.tar").write_text("image")
    (folder / MANIFEST).write_text(manifest(str(folder)))
    return folder


def play(folder: Path, role: str, entry: str, **variables: Any) -> subprocess.CompletedProcess[str]:
    name = {"name": f"devsecops.monitor_lab.{role}", "tasks_from": entry, "rolespec_validate": False}
    done = {"ansible.builtin.debug": {"msg": "It went on."}}
    plays = [{"hosts": "localhost", "gather_facts": False, "tasks": [{"ansible.builtin.include_role": name}, done]}]
    (folder / "play.yml").write_text(json.dumps(plays))
    given = {"monitor_lab_host": LOOKED, "ansible_facts": FACTS, **variables}
    return ansible_playbook(folder / "play.yml", "--inventory=localhost,", f"--extra-vars={json.dumps(given)}")


def test_the_preflight_refuses_a_bundle_that_was_altered(bundle: Path, tmp_path: Path) -> None:
    variables = {"monitor_lab_bundle": str(bundle)}
    taken = play(tmp_path, "container_engine", "preflight", **variables)
    assert taken.returncode == 0, taken.stdout
    (bundle / "images" / "made_up.tar").write_text("another")
    (bundle / "images" / "further.tar").touch()
    refused = play(tmp_path, "container_engine", "preflight", **variables)
    assert refused.returncode != 0
    said = " ".join(refused.stdout.split())
    assert (
        f"monitor_lab_bundle: {bundle} is not as playbooks/bundle.yml made it: images/made_up.tar was altered,"
        " images/further.tar was added. Bring it to the controller again, or make a new one with playbooks/bundle.yml;"
        " nothing was changed."
    ) in said
    assert "It went on." not in said


def test_a_role_that_is_used_alone_takes_no_image_of_such_a_bundle(bundle: Path, tmp_path: Path) -> None:
    (bundle / MANIFEST).unlink()
    refused = play(
        tmp_path, "image", "main", monitor_lab_bundle=str(bundle), image_wanted={"name": "made_up"}, image_ahead=True
    )
    assert refused.returncode != 0
    assert "it has no SHA256SUMS, so it is of an older version" in " ".join(refused.stdout.split())
