# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""What preflight says before anything is changed, and what would load an image into a cluster that is not to be had."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.plays import ansible_playbook


@pytest.mark.parametrize(
    ("case", "words"),
    [
        ("podman_replicas", ["tokenization_replicas, ", " are for a cluster", "tokenization_runtime to kubernetes"]),
        ("podman_operator", ["monitor_lab_prometheus_operator are for a cluster"]),
        ("sqlite_replicas", ["tokenization_replicas is 2", "Set tokenization_postgres", "tokenization_dsn_file"]),
        ("two_postgres", ["tokenization_postgres and tokenization_dsn_file are both set"]),
        ("no_dsn", ["no /nonexistent/dsn on the controller", "postgresql://"]),
        ("no_authority", ["PostgreSQL has to prove who it is", "tokenization_dsn_ca_file", "sslmode=disable"]),
        ("lost_authority", ["no /nonexistent/ca.crt on the controller"]),
        ("no_url", ["tokenization_service_type is ClusterIP", "Set monitor_lab_tokenization_url"]),
        (
            "other_url",
            ["tokenization_ingress_host is vault.example.org, but monitor_lab_tokenization_url is http://192"],
        ),
        ("no_registry", ["tokenization_image_registry is empty", "minikube, kind, k3s, docker or containerd"]),
        ("no_nodes", ["tokenization_image_delivery is containerd", "kubernetes_nodes is empty"]),
        ("old_cluster", ["the cluster is Kubernetes v1.19.16", "needs 1.20 or newer"]),
        ("other_processor", ["makes images for aarch64, which node-a", "into the group tokenization"]),
        (
            "from_sqlite",
            [
                "is in an SQLite file, on the claim monitor-lab-tokenization, and these settings make",
                "another one in PostgreSQL, where all names that were stored until now are unknown",
                "remove the lab first (./lab down)",
                "Nothing was changed",
            ],
        ),
        ("from_postgresql", ["is in PostgreSQL, and these settings make another one in an SQLite file"]),
        ("no_cluster", ["/nonexistent/kubeconfig", "tokenization_kubeconfig and tokenization_context"]),
        ("no_library", ["Python library (kubernetes)", "Install it there (Debian: python3-kubernetes)"]),
        ("silent_registry", ["no answer from the registry 127.0.0.1:1", "refused", "tokenization_image_registry"]),
        ("minikube", ['localhost: tokenization_image_delivery is minikube, but "minikube --profile=minikube status"']),
        ("kind", ['localhost: tokenization_image_delivery is kind, but "kind get kubeconfig --name=mine"']),
        ("k3s", ['node-a: tokenization_image_delivery is k3s, but "k3s ctr version"']),
        ("docker", ['node-a: tokenization_image_delivery is docker, but "docker version"']),
        (
            "no_operator",
            ["does not know PrometheusRule and ServiceMonitor (monitoring.coreos.com/v1)", "Nothing was changed."],
        ),
        ("no_right", ["does not tell its nodes", "Forbidden", "Let the user of the kubeconfig list nodes"]),
        ("containerd", ['node-a: tokenization_image_delivery is containerd, but "ctr version"']),
    ],
)
def test_preflight_says_what_is_wrong(preflight: dict[str, Any], case: str, words: list[str]) -> None:
    said = preflight["said"][case]
    assert [word for word in words if word not in said] == [], said


@pytest.mark.parametrize("delivery", ["minikube", "kind", "k3s", "docker", "containerd"])
def test_preflight_says_that_a_loader_is_missing(preflight: dict[str, Any], delivery: str) -> None:
    assert "fails: there is no such program -- Install or start it there" in preflight["said"][delivery]


def test_what_root_is_refused_with_is_told(tmp_path: Path) -> None:
    role = {"name": "devsecops.monitor_lab.cluster", "tasks_from": "preflight_delivery", "rolespec_validate": False}
    settings = {"service": "tokenization", "image_delivery": "containerd", "image_registry": "", "cluster_name": ""}
    tasks = [{"ansible.builtin.include_role": role, "vars": {"cluster_settings": settings}}]
    (tmp_path / "play.yml").write_text(json.dumps([{"hosts": "node-a", "gather_facts": False, "tasks": tasks}]))
    host = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
    # Root would need no sudo to be root.
    node = {**host, "ansible_become_user": "nobody", "ansible_become_exe": "/nonexistent/sudo"}
    (tmp_path / "hosts.json").write_text(json.dumps({"kubernetes_nodes": {"hosts": {"node-a": node}}}))
    done = ansible_playbook(tmp_path / "play.yml", f"--inventory={tmp_path}/hosts.json")
    said = " ".join(done.stdout.split())
    assert '"ctr version" fails: ' in said
    assert "sudo: not found -- Install or start it there" in said
    assert "there is no such program" not in said


def test_a_registry_that_docker_alone_may_trust_is_accepted(preflight: dict[str, Any]) -> None:
    assert preflight["said"]["private_registry"] == "nothing"


@pytest.mark.parametrize("case", ["all_right", "on_sqlite", "on_postgresql"])
def test_where_all_is_right_nothing_is_said(preflight: dict[str, Any], case: str) -> None:
    assert preflight["said"][case] == "nothing"


def test_no_task_fails_that_was_not_meant_to_run(preflight: dict[str, Any]) -> None:
    assert "is undefined" not in preflight["printed"]
    assert "hunter2" not in preflight["printed"]


def test_what_loads_an_image(preflight: dict[str, Any]) -> None:
    """As the documents of minikube, kind and k3s write them; those of Docker and containerd run in the scenario."""
    loads = {delivery: " ".join(loader["load"]) for delivery, loader in preflight["loaders"].items()}
    assert loads == {
        "minikube": "minikube --profile=minikube image load",
        "kind": "kind load image-archive --name=kind",
        "k3s": "k3s ctr images import",
        "docker": "docker load --input",
        "containerd": "ctr --namespace=k8s.io images import",
    }
