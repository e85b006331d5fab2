# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""What the role tokenization does to a cluster, from the first look at it to what is there in the end."""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cluster_stand_in import OPERATOR_APIS, Cluster, served
from tests.plays import ansible_playbook

IMAGES = {
    name: {"reference": f"localhost/monitor-lab/{name}:0123456789ab", "way": "there"}
    for name in ("tokenization", "postgres")
}


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    """One whose node has the lab's images, and has pulled one of them from a registry."""
    (tmp_path / "secrets/tls").mkdir(parents=True)
    for name in ("private_key", "bearer_token", "metrics_token", "postgres_password"):
        (tmp_path / f"secrets/tokenization_{name}").write_text(name)
    for name in ("authority.crt", "tokenization-postgres.crt", "tokenization-postgres.key"):
        (tmp_path / "secrets/tls" / name).write_text(name)
    with contextlib.ExitStack() as stack:
        made, kubeconfig = stack.enter_context(served())
        (tmp_path / "kubeconfig").write_text(kubeconfig)
        pulled = "registry.example/lab/tokenization:0123456789ab"
        held = [[image["reference"]] for image in IMAGES.values()]
        made.objects["nodes", "", "node-a"]["status"]["images"] = [{"names": [*names, pulled]} for names in held[:1]]
        made.objects["nodes", "", "node-a"]["status"]["images"] += [{"names": names} for names in held[1:]]
        made.put("namespaces", "", {"metadata": {"name": "monitor-lab"}})
        yield made


def deploy(folder: Path, entry: str = "kubernetes", **given: Any) -> subprocess.CompletedProcess[str]:
    role = {"name": "devsecops.monitor_lab.tokenization", "tasks_from": entry, "rolespec_validate": False}
    task = {"ansible.builtin.include_role": role}
    (folder / "play.yml").write_text(json.dumps([{"hosts": "one", "gather_facts": False, "tasks": [task]}]))
    return play(folder, folder / "play.yml", **given)


def play(folder: Path, playbook: str | Path, **given: Any) -> subprocess.CompletedProcess[str]:
    host = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
    (folder / "hosts.json").write_text(json.dumps({"tokenization": {"hosts": {"one": host}}}))
    variables = {
        "ansible_become": False,
        "image_found": IMAGES,
        "monitor_lab_secrets_dir": f"{folder}/secrets",
        "monitor_lab_tokenization_url": "http://192.0.2.1:30500",
        "tokenization_runtime": "kubernetes",
        "tokenization_kubeconfig": f"{folder}/kubeconfig",
        "tokenization_context": "stand-in",
        "tokenization_image_delivery": "kind",
        **given,
    }
    return ansible_playbook(playbook, f"--inventory={folder}/hosts.json", f"--extra-vars={json.dumps(variables)}")


def pod_of(cluster: Cluster, plural: str, name: str) -> dict[str, Any]:
    pod: dict[str, Any] = cluster.objects[plural, "monitor-lab", name]["spec"]["template"]["spec"]
    return pod


def render(folder: Path, **given: Any) -> tuple[dict[tuple[str, str], Any], str]:
    """(kind, name) → object, of all that the kustomization names; and that as it is written."""
    done = play(folder, "playbooks/render.yml", monitor_lab_manifests_dir=f"{folder}/manifests", **given)
    assert done.returncode == 0, done.stdout
    kustomization = (folder / "manifests/kustomization.yaml").read_text()
    named = yaml.safe_load(kustomization)["resources"]
    assert sorted([*named, "kustomization.yaml"]) == sorted(path.name for path in (folder / "manifests").iterdir())
    objects = [yaml.safe_load((folder / "manifests" / name).read_text()) for name in named]
    return {(one["kind"], one["metadata"]["name"]): one for one in objects}, kustomization


def test_what_is_written_is_applied_once_and_removed(cluster: Cluster, tmp_path: Path) -> None:
    """Each play takes its time: all of a lab's life on a cluster, one after the other."""
    del cluster.objects["namespaces", "", "monitor-lab"]
    cluster.apis |= OPERATOR_APIS
    shutil.rmtree(tmp_path / "secrets")
    wanted: dict[str, Any] = {
        "monitor_lab_prometheus_operator": True,
        "monitor_lab_monitor_labels": {"release": "prometheus"},
        "tokenization_postgres": True,
        "tokenization_pod": {"spec": {"nodeSelector": {"disk": "fast"}}},
        "tokenization_postgres_pod": {"metadata": {"annotations": {"example.com/owner": "payments"}}},
    }
    written, kustomization = render(tmp_path, **wanted, tokenization_replicas=2)
    assert cluster.writes == []
    assert ("PodDisruptionBudget", "tokenization-service") in written
    service = written["Deployment", "tokenization-service"]["spec"]["template"]["spec"]
    (keys,) = [volume["secret"]["secretName"] for volume in service["volumes"] if volume["name"] == "keys"]
    assert f"# The Secret {keys} is left out. It has, in the namespace monitor-lab: private_key," in kustomization
    for name in ("private_key", "postgres_password"):
        text = (tmp_path / f"secrets/tokenization_{name}").read_text()
        assert not [path for path in (tmp_path / "manifests").iterdir() if text in path.read_text()]

    done = deploy(tmp_path, **wanted)
    assert done.returncode == 0, done.stdout
    claim = cluster.objects["persistentvolumeclaims", "monitor-lab", "tokenization-postgres"]
    assert claim["metadata"]["annotations"] == {"monitor-lab-postgresql": "15"}
    service = pod_of(cluster, "deployments", "tokenization-service")
    # By the name that kubelet has its leave to use it by.
    assert service["containers"][0]["image"] == "registry.example/lab/tokenization:0123456789ab"
    assert service["nodeSelector"] == {"disk": "fast"}
    postgres = pod_of(cluster, "statefulsets", "tokenization-postgres")
    assert postgres["containers"][0]["image"] == IMAGES["postgres"]["reference"]
    template = cluster.objects["statefulsets", "monitor-lab", "tokenization-postgres"]["spec"]["template"]
    assert template["metadata"]["annotations"]["example.com/owner"] == "payments"

    monitor = cluster.objects["servicemonitors", "monitor-lab", "tokenization-service"]
    assert monitor["metadata"]["labels"]["release"] == "prometheus"
    (endpoint,) = monitor["spec"]["endpoints"]
    secret = cluster.objects["secrets", "monitor-lab", endpoint["authorization"]["credentials"]["name"]]
    assert endpoint["authorization"]["credentials"]["key"] in secret["data"]
    (labels, port) = (monitor["spec"]["selector"]["matchLabels"], endpoint["port"])
    scraped = cluster.objects["services", "monitor-lab", "tokenization-service"]
    assert labels.items() <= scraped["metadata"]["labels"].items()
    assert port in [one["name"] for one in scraped["spec"]["ports"]]
    (sentence,) = [
        rule["annotations"]["summary"]
        for group in cluster.objects["prometheusrules", "monitor-lab", "monitor-lab"]["spec"]["groups"]
        for rule in group["rules"]
        if rule.get("alert") == "ServiceDown"
    ]
    assert sentence == "{{ $labels.job }} at {{ $labels.instance }} does not answer."

    again = deploy(tmp_path, **wanted)
    assert again.returncode == 0, again.stdout
    assert "changed=0" in again.stdout

    # With one pod there is no budget, and now that PostgreSQL has an address, the pod knows it.
    written, _unused = render(tmp_path, **wanted)
    there = {(one["kind"], one["metadata"]["name"]): one for one in cluster.objects.values()}
    for key, one in written.items():
        assert one.get("spec", {}).items() <= there[key].get("spec", {}).items(), key
        assert one["metadata"]["labels"] == there[key]["metadata"]["labels"]
    assert {kind for kind, _unused in there.keys() - written.keys()} == {"Node", "Pod", "Secret"}

    gone = deploy(tmp_path, "absent")
    assert gone.returncode == 0, gone.stdout
    assert cluster.names("deployments") == cluster.names("statefulsets") == cluster.names("secrets") == []
    assert cluster.names("servicemonitors") == cluster.names("prometheusrules") == cluster.names("configmaps") == []
    assert cluster.names("persistentvolumeclaims") == ["tokenization-postgres"]
    images = f"registry.example/lab/tokenization:0123456789ab, {IMAGES['postgres']['reference']}: on the nodes"
    assert images in " ".join(gone.stdout.split())


def test_what_is_no_longer_watched_is_removed(cluster: Cluster, tmp_path: Path) -> None:
    cluster.apis |= OPERATOR_APIS
    done = deploy(tmp_path, monitor_lab_prometheus_operator=True)
    assert done.returncode == 0, done.stdout
    assert len(cluster.names("configmaps")) == 4
    foreign = {"metadata": {"name": "of-others", "labels": {"grafana_dashboard": "1"}}}
    cluster.put("configmaps", "monitor-lab", foreign)
    done = deploy(tmp_path)
    assert done.returncode == 0, done.stdout
    assert cluster.names("servicemonitors") == cluster.names("prometheusrules") == []
    assert cluster.names("configmaps") == ["of-others"]


def test_who_never_asked_needs_no_right_to_the_operator_s_kinds(cluster: Cluster, tmp_path: Path) -> None:
    cluster.apis |= OPERATOR_APIS
    cluster.forbidden = "servicemonitors"
    for entry in ("kubernetes", "absent"):
        done = deploy(tmp_path, entry)
        assert done.returncode == 0, done.stdout


def test_what_the_cluster_refuses_changes_nothing(cluster: Cluster, tmp_path: Path) -> None:
    cluster.unknown = "nodeSelectr"
    done = deploy(tmp_path, tokenization_pod={"spec": {"nodeSelectr": {"disk": "fast"}}})
    said = " ".join(done.stdout.split())
    assert "the cluster refuses what is wanted; nothing was changed" in said
    assert "field not declared in schema: nodeSelectr" in said
    assert cluster.writes == []


def test_another_postgresql_is_refused_with_the_way_to_carry_the_vault_over(cluster: Cluster, tmp_path: Path) -> None:
    claim = {"name": "tokenization-postgres", "labels": {"app": "tokenization-postgres"}}
    annotated = {**claim, "annotations": {"monitor-lab-postgresql": "17"}}
    cluster.put("persistentvolumeclaims", "monitor-lab", {"metadata": annotated})
    done = deploy(tmp_path, tokenization_postgres=True)
    assert done.returncode != 0
    said = " ".join(done.stdout.split())
    for words in (
        "has the data of PostgreSQL 17, which localhost/monitor-lab/postgres:0123456789ab, PostgreSQL 15, does not",
        "Either stay with 17 (tokenization_postgres_image;",
        "pg_dump --username=tokenization --clean --if-exists' >vault.sql",
        "Nothing was changed on the cluster.",
    ):
        assert words in said
    assert cluster.writes == []
