# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""What a cluster knows an image by that a host has by a tag or by a digest."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from tests.checks.tree import CHECKOUT
from tests.plays import ansible_playbook, shown

DIGEST = "0123456789abcdef" * 4


@pytest.mark.parametrize(
    ("delivery", "image", "known"),
    [
        ("registry", "localhost/monitor-lab/postgres:0123456789ab", "registry.test:5000/lab/postgres:0123456789ab"),
        ("registry", "postgres:17.7", "registry.test:5000/lab/postgres:17.7"),
        ("registry", f"postgres@sha256:{DIGEST}", f"registry.test:5000/lab/postgres:{DIGEST}"),
        ("containerd", "postgres:17.7", "postgres:17.7"),
        ("kind", f"mirror.test:5000/library/postgres@sha256:{DIGEST}", f"localhost/monitor-lab/postgres:{DIGEST}"),
    ],
)
def test_a_cluster_gets_no_image_without_a_tag(delivery: str, image: str, known: str, tmp_path: Path) -> None:
    play = {
        "hosts": "localhost",
        "gather_facts": False,
        "vars_files": [str(CHECKOUT / "roles/cluster/vars/main.yml")],
        "tasks": [{"ansible.builtin.debug": {"msg": "{{ __cluster_image | to_json }}"}}],
    }
    settings = {"image_delivery": delivery, "image_registry": "registry.test:5000/lab"}
    (tmp_path / "play.yml").write_text(json.dumps([play]))
    variables = {"cluster_settings": settings, "cluster_image": image, "__cluster_nodes": {"resources": []}}
    done = ansible_playbook(tmp_path / "play.yml", "--inventory=localhost,", f"--extra-vars={json.dumps(variables)}")
    assert shown(done) == [known], done.stdout


@pytest.mark.parametrize(("listed", "is_there"), [("postgres:1.7", False), ("docker.io/library/postgres:17.7", True)])
def test_minikube_is_not_believed(listed: str, is_there: bool, tmp_path: Path) -> None:
    """Its `image load` ends with 0 where nothing was loaded."""
    (tmp_path / "minikube").write_text(f"#!/bin/sh\n[ $3 = load ] || echo {listed}\n")
    (tmp_path / "minikube").chmod(0o755)
    role = {"name": "devsecops.monitor_lab.cluster", "tasks_from": "load", "rolespec_validate": False}
    path = {"PATH": f"{tmp_path}:/usr/bin:/bin"}
    play = {
        "hosts": "localhost",
        "connection": "local",
        "gather_facts": False,
        "environment": path,
        "tasks": [{"ansible.builtin.include_role": role}],
    }
    (tmp_path / "play.yml").write_text(json.dumps([play]))
    settings = {"service": "tokenization", "image_delivery": "minikube", "cluster_name": "mine", "image_registry": ""}
    variables = {
        "cluster_settings": settings,
        "cluster_image": "postgres:17.7",
        "__cluster_nodes": {"resources": []},
        "ansible_python_interpreter": sys.executable,
    }
    done = ansible_playbook(tmp_path / "play.yml", "--inventory=localhost,", f"--extra-vars={json.dumps(variables)}")
    assert (done.returncode == 0) is is_there, done.stdout
    message = '"minikube --profile=mine image load" did not load postgres:17.7, and does not say why.'
    assert (message in " ".join(done.stdout.replace('\\"', '"').split())) is not is_there
