# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""What preflight says before anything is changed, and what would load an image into a cluster that is not to be had."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.mark.parametrize(
    ("case", "words"),
    [
        ("sqlite_replicas", ["tokenization_replicas is 2", "Set tokenization_postgres", "tokenization_dsn_file"]),
        ("two_postgres", ["tokenization_postgres and tokenization_dsn_file are both set"]),
        ("no_dsn", ["no /nonexistent/dsn on the controller", "postgresql://"]),
        ("no_authority", ["PostgreSQL has to prove who it is", "tokenization_dsn_ca_file", "sslmode=disable"]),
        ("lost_authority", ["no /nonexistent/ca.crt on the controller"]),
        ("no_registry", ["tokenization_image_registry is empty", "minikube, kind, k3s, docker or containerd"]),
        ("no_nodes", ["tokenization_image_delivery is containerd", "kubernetes_nodes is empty"]),
        ("old_cluster", ["the cluster is Kubernetes v1.19.16", "needs 1.20 or newer"]),
        ("other_processor", ["makes images for aarch64, which node-a", "into the group tokenization"]),
        ("no_cluster", ["/nonexistent/kubeconfig", "tokenization_kubeconfig and tokenization_context"]),
        ("no_library", ["Python library (kubernetes)", "Install it there (Debian: python3-kubernetes)"]),
        ("silent_registry", ["no answer from the registry 127.0.0.1:1", "refused", "tokenization_image_registry"]),
        ("minikube", ['localhost: tokenization_image_delivery is minikube, but "minikube --profile=minikube status"']),
        ("kind", ['localhost: tokenization_image_delivery is kind, but "kind get kubeconfig --name=mine"']),
        ("k3s", ['node-a: tokenization_image_delivery is k3s, but "k3s ctr version"']),
        ("docker", ['node-a: tokenization_image_delivery is docker, but "docker version"']),
        ("containerd", ['node-a: tokenization_image_delivery is containerd, but "ctr version"']),
    ],
)
def test_preflight_says_what_is_wrong(preflight: dict[str, Any], case: str, words: list[str]) -> None:
    said = preflight["said"][case]
    assert [word for word in words if word not in said] == [], said


@pytest.mark.parametrize("delivery", ["minikube", "kind", "k3s", "docker", "containerd"])
def test_preflight_says_that_a_loader_is_missing(preflight: dict[str, Any], delivery: str) -> None:
    assert "fails: there is no such program -- Install or start it there" in preflight["said"][delivery]


def test_a_registry_that_docker_alone_may_trust_is_accepted(preflight: dict[str, Any]) -> None:
    assert preflight["said"]["private_registry"] == "nothing"


def test_where_all_is_right_nothing_is_said(preflight: dict[str, Any]) -> None:
    assert preflight["said"]["all_right"] == "nothing"


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
