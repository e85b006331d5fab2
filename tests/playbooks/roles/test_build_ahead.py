# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""Plays that share a controller's cache may build the same image at the same time."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._images import PIP

from tests.plays import ansible_playbook


def test_a_build_goes_on_where_another_play_has_made_its_image(tmp_path: Path) -> None:
    """What this one packs is made the very file that the other one would keep, so that it is there in the middle."""
    kept, builds = tmp_path / "kept.tar.gz", tmp_path / "builds"
    (tmp_path / "image").mkdir()
    (tmp_path / "image" / "Dockerfile").write_text("FROM scratch\n")
    build: dict[str, Any] = {
        "name": "made_up",
        "reference": "localhost/made-up:1",
        "builder": "localhost",
        "kept": str(kept),
        "context": {
            "name": "made_up",
            "folder": f"{tmp_path}/image",
            "pip": str(PIP),
            "requirements": "",
            "libraries": [],
            "archive": str(kept),
        },
        "image": {
            "name": "made_up",
            "reference": "localhost/made-up:1",
            "content": "1",
            "archive": f"{builds}/made_up.tar.gz",
            "base": "made-up",
            "packages": [],
            "suite": "bookworm",
        },
    }
    variables = {
        "monitor_lab_hosts": ["localhost"],
        "monitor_lab_host": {"docker": {"images": {}}},
        "image_builds": [build],
        "__image_build_dir": str(builds),
        "ansible_facts": {"architecture": "x86_64"},
    }
    role = {"name": "devsecops.monitor_lab.image", "tasks_from": "ahead"}
    play = {"hosts": "localhost", "gather_facts": False, "tasks": [{"ansible.builtin.include_role": role}]}
    play["environment"] = {"DOCKER_HOST": f"unix://{tmp_path}/none"}
    (tmp_path / "play.yml").write_text(json.dumps([play]))
    done = ansible_playbook(tmp_path / "play.yml", f"--extra-vars={json.dumps(variables)}")
    assert kept.exists(), done.stdout
    assert done.returncode != 0, "there is no Docker to build it in"
    assert "TASK [devsecops.monitor_lab.image : Build the images]" in done.stdout.split("Bring them to the host")[1]
    assert not builds.exists()
