# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""What a controller may replace and remove that another one deployed: the vault's key, and PostgreSQL's password."""

from __future__ import annotations

import base64
import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.cluster_stand_in import served
from tests.plays import ansible_playbook

KEY, OTHER_KEY = "0123456789abcdef" * 4, "fedcba9876543210" * 4
BACKUP = "tokenization_private_key.????-??-??.????????"


def play(folder: Path, entry: str, options: tuple[str, ...] = (), **given: Any) -> subprocess.CompletedProcess[str]:
    role = {"name": "devsecops.monitor_lab.tokenization", "tasks_from": entry, "rolespec_validate": False}
    (folder / "play.yml").write_text(
        json.dumps([{"hosts": "one", "gather_facts": False, "tasks": [{"ansible.builtin.include_role": role}]}])
    )
    host = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
    (folder / "hosts.json").write_text(json.dumps({"tokenization": {"hosts": {"one": host}}}))
    variables = {
        "ansible_become": False,
        "monitor_lab_checked": True,
        "monitor_lab_secrets_dir": f"{folder}/secrets",
        "monitor_lab_config_dir": f"{folder}/etc",
        "monitor_lab_host": {"listeners": [], "podman": None, "files": {}},
        **given,
    }
    return ansible_playbook(
        folder / "play.yml", f"--inventory={folder}/hosts.json", f"--extra-vars={json.dumps(variables)}", *options
    )


def said(done: subprocess.CompletedProcess[str]) -> str:
    return " ".join(done.stdout.split())


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.write_text(text)
    return path


def on_host(folder: Path, text: str) -> dict[str, Any]:
    """Deploy a private key; return what the look at the host tells then."""
    key = write(folder / "etc/tokenization/keys/private_key", text)
    seen = {str(key): {"sha256": hashlib.sha256(text.encode()).hexdigest()}}
    return {"listeners": [], "podman": None, "files": seen}


def test_a_line_s_end_makes_no_other_key(tmp_path: Path) -> None:
    """As an editor leaves it; the service reads the key alone."""
    write(tmp_path / "secrets/tokenization_private_key", f"{KEY}\n")
    done = play(tmp_path, "preflight", monitor_lab_host=on_host(tmp_path, KEY))
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("own", [None, OTHER_KEY])
def test_another_key_is_refused_with_all_ways_out(own: str | None, tmp_path: Path) -> None:
    if own:
        write(tmp_path / "secrets/tokenization_private_key", own)
    done = play(tmp_path, "preflight", monitor_lab_host=on_host(tmp_path, KEY))
    assert done.returncode != 0
    text = said(done)
    assert "is not the one of this controller" in text
    assert f"Either bring the folder {tmp_path}/secrets" in text
    assert "remove the lab with its data (./lab down), then deploy again" in text
    assert ("which is not there" in text) is (own is None)
    assert KEY not in done.stdout
    assert hashlib.sha256(KEY.encode()).hexdigest() not in done.stdout


@pytest.mark.parametrize(("own", "kept"), [(None, [KEY]), (KEY, [])])
def test_a_removal_keeps_the_only_copy_of_a_key(own: str | None, kept: list[str], tmp_path: Path) -> None:
    if own:
        write(tmp_path / "secrets/tokenization_private_key", own)
    seen = on_host(tmp_path, KEY)
    tried = play(tmp_path, "absent", ("--check",), monitor_lab_host=seen)
    assert tried.returncode == 0, tried.stdout
    assert list(tmp_path.glob(f"secrets/{BACKUP}")) == []
    done = play(tmp_path, "absent", monitor_lab_host=seen)
    assert done.returncode == 0, done.stdout
    assert not (tmp_path / "etc/tokenization").exists()
    backups = list(tmp_path.glob(f"secrets/{BACKUP}"))
    assert [path.read_text() for path in backups] == kept
    assert [path.stat().st_mode & 0o777 for path in backups] == [0o600] * len(kept)
    assert [path for path in backups if str(path) not in said(done)] == []
    assert (tmp_path / "secrets").stat().st_mode & 0o777 == 0o700
    assert KEY not in done.stdout + done.stderr


def secret(app: str, **data: str) -> dict[str, Any]:
    encoded = {name: base64.b64encode(text.encode()).decode() for name, text in data.items()}
    return {"metadata": {"name": app, "labels": {"app": app}}, "data": encoded}


def on_cluster(folder: Path, entry: str, *secrets: dict[str, Any], **given: Any) -> subprocess.CompletedProcess[str]:
    with served() as (cluster, kubeconfig):
        for one in secrets:
            cluster.put("secrets", "monitor-lab", one)
        cluster.put("namespaces", "", {"metadata": {"name": "monitor-lab"}})
        (folder / "kubeconfig").write_text(kubeconfig)
        of_cluster = {"tokenization_kubeconfig": f"{folder}/kubeconfig", "tokenization_context": "stand-in"}
        return play(folder, entry, tokenization_runtime="kubernetes", **of_cluster, **given)


@pytest.mark.parametrize(
    ("own", "refused"),
    [
        ({"private_key": KEY, "postgres_password": "p4ss\n"}, ""),
        ({"private_key": KEY, "postgres_password": "0ther"}, "the password of PostgreSQL that is deployed"),
        (
            {"postgres_password": "p4ss"},
            "the private key that is deployed (private_key of the Secret tokenization-serv",
        ),
    ],
)
def test_postgresql_keeps_its_password(own: dict[str, str], refused: str, tmp_path: Path) -> None:
    """Its folder was made with it, and stays where the Secret goes."""
    for name, text in own.items():
        write(tmp_path / f"secrets/tokenization_{name}", text)
    deployed = [secret("tokenization-service", private_key=KEY), secret("tokenization-postgres", password="p4ss")]
    done = on_cluster(tmp_path, "absent_preflight", *deployed)
    assert (done.returncode != 0) is bool(refused), done.stdout
    assert refused in said(done)
    assert "p4ss" not in done.stdout


def test_a_removal_from_a_cluster_keeps_the_only_copy_of_a_key(tmp_path: Path) -> None:
    done = on_cluster(tmp_path, "keep_key", secret("tokenization-service", private_key=KEY))
    assert done.returncode == 0, done.stdout
    (backup,) = tmp_path.glob(f"secrets/{BACKUP}")
    assert (backup.read_text(), backup.stat().st_mode & 0o777) == (KEY, 0o600)
    assert KEY not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"tokenization_dsn_file": "/dev/null"}, "the PostgreSQL of tokenization_dsn_file is not the lab's to clear"),
        ({"tokenization_remove_claim": False}, "tokenization_remove_claim is false"),
        ({}, ""),
    ],
)
def test_no_vault_stays_without_its_key(given: dict[str, Any], why: str, tmp_path: Path) -> None:
    done = on_cluster(tmp_path, "absent_preflight", monitor_lab_purge=True, **given)
    assert (done.returncode != 0) is bool(why), done.stdout
    assert why in said(done)
