# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""Removal takes the secrets that the lab made, and leaves and names those of others."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.checks.tree import CHECKOUT
from tests.plays import ansible_playbook


def secret(name: str) -> dict[str, Any]:
    return {"devsecops.monitor_lab.lab_keys": {"secrets_dir": "{{ monitor_lab_secrets_dir }}", "passwords": [name]}}


STAYS = f"{CHECKOUT}/playbooks/templates/stays.j2"
REMOVE = [
    {"ansible.builtin.include_role": {"name": "devsecops.monitor_lab.monitor_lab", "tasks_from": "absent"}},
    {"ansible.builtin.debug": {"msg": "{{ lookup('ansible.builtin.template', '" + STAYS + "').splitlines() }}"}},
]


def play(folder: Path, *tasks: dict[str, Any], options: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    head = {"hosts": "one", "gather_facts": False}
    # Known, as the roles before it leave it in a removal.
    known = {"ansible.builtin.import_role": {"name": "devsecops.monitor_lab.monitor_lab"}}
    (folder / "play.yml").write_text(json.dumps([{**head, "tasks": [known, *tasks]}]))
    host = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
    (folder / "hosts.json").write_text(json.dumps({"grafana": {"hosts": {"one": host}}}))
    given = {
        "monitor_lab_secrets_dir": f"{folder}/secrets",
        "monitor_lab_purge": True,
        "monitor_lab_host": {"distribution": {}},
        "monitor_lab_packages": [],
    }
    done = ansible_playbook(
        folder / "play.yml", f"--inventory={folder}/hosts.json", f"--extra-vars={json.dumps(given)}", *options
    )
    assert done.returncode == 0, done.stdout
    return done


def test_what_somebody_wrote_stays_and_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    play(tmp_path, secret("grafana_admin_password"), secret("tokenization_bearer_token"))
    assert {path.name: path.stat().st_mode & 0o777 for path in folder.iterdir()} == dict.fromkeys(
        ("grafana_admin_password", "tokenization_bearer_token", "made_here"), 0o600
    )
    (folder / "grafana_admin_password").write_text("that of my own Grafana")
    play(tmp_path, *REMOVE, options=("--check",))
    assert len(list(folder.iterdir())) == 3
    done = play(tmp_path, *REMOVE)
    assert [path.name for path in folder.iterdir()] == ["grafana_admin_password"]
    assert f"secrets that the lab did not make: {folder}/grafana_admin_password" in " ".join(done.stdout.split())


def test_nothing_is_left_where_all_is_the_lab_s(tmp_path: Path) -> None:
    play(tmp_path, secret("grafana_admin_password"))
    done = play(tmp_path, *REMOVE)
    assert not (tmp_path / "secrets").exists()
    assert "did not make" not in done.stdout
    assert "changed=0" in play(tmp_path, *REMOVE).stdout
