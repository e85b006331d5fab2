# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""load_run.yml with a real Locust, as `./lab run` plays it: what it runs by itself, and what it ends with."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme

from tests.checks.tree import CHECKOUT
from tests.cluster_stand_in import Cluster, served
from tests.integration.locust_run.real_locust import Locusts, Target
from tests.kubectl_stand_in import Kubectl
from tests.locusts import EACH_VERSION


def run(folder: Path, url: str | None, *arguments: str, **variables: Any) -> subprocess.CompletedProcess[str]:
    host = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable, "ansible_become": False}
    (folder / "hosts.json").write_text(json.dumps({"locust": {"hosts": {"load1": host}}}))
    given = {
        **({"locust_run_locust_url": url} if url else {}),
        "locust_run_time": "6s",
        "locust_run_artifacts_dir": str(folder / "artifacts"),
        # Nothing of it is asked for.
        "monitor_lab_host": {},
        "monitor_lab_secrets_dir": str(folder / "secrets"),
        **variables,
    }
    command = [
        *(sys.executable, "-m", "tools.judged", "playbooks/load_run.yml"),
        *(f"--inventory={folder}/hosts.json", f"--extra-vars={json.dumps(given)}"),
        *arguments,
    ]
    return subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=False, timeout=240)


@pytest.mark.parametrize("version", EACH_VERSION)
def test_a_verdict_and_its_exit_code(version: str, locusts: Locusts, target: Target, tmp_path: Path) -> None:
    locust = locusts.start(version)
    passed = run(tmp_path, locust.url, locust_run_host=target.url)
    assert passed.returncode == 0, passed.stdout + passed.stderr
    (summary,) = (tmp_path / "artifacts").glob("*/summary.json")
    assert json.loads(summary.read_text())["settings"]["users"] == 10
    failed = run(tmp_path, locust.url, locust_run_host=target.url, locust_run_thresholds=["p95 < 0.001"])
    assert failed.returncode == 2, failed.stdout + failed.stderr
    assert "p95 < 0.001 breached" in failed.stdout + failed.stderr


def test_the_deployed_host_is_loaded_unless_the_run_names_another(
    locusts: Locusts, target: Target, tmp_path: Path
) -> None:
    """The role alike sets the fact; here it is given."""
    locust = locusts.start("2.47.0")
    assert run(tmp_path, locust.url, locust_host=target.url).returncode == 0
    (start,) = (line for line in locust.changes() if "/swarm" in line)
    assert f"host={target.url}" in start.replace("%3A", ":").replace("%2F", "/")


def test_no_locust_is_no_verdict(tmp_path: Path) -> None:
    nobody = run(tmp_path, "http://127.0.0.1:9")
    assert nobody.returncode == 1
    assert "no answer from Locust at http://127.0.0.1:9" in nobody.stdout + nobody.stderr


@pytest.fixture
def on_cluster(tmp_path: Path) -> Iterator[tuple[Cluster, dict[str, str]]]:
    """A cluster that has Locust with one worker, and the variables that lead there."""
    web = {"name": "web", "port": 8089}
    deployment = {"replicas": 1, "template": {}}
    with served() as (cluster, kubeconfig):
        cluster.put("namespaces", "", {"metadata": {"name": "load"}})
        cluster.put("services", "load", {"metadata": {"name": "locust"}, "spec": {"ports": [web]}})
        cluster.put("deployments", "load", {"metadata": {"name": "locust-workers"}, "spec": deployment})
        (tmp_path / "kubeconfig").write_text(kubeconfig)
        yield (
            cluster,
            {
                "locust_runtime": "kubernetes",
                "locust_kubeconfig": f"{tmp_path}/kubeconfig",
                "locust_context": "stand-in",
                "locust_namespace": "load",
                # As the Locust here is.
                "monitor_lab_exposed": "true",
            },
        )


def test_workers_of_a_cluster_are_there_for_the_run_alone(
    on_cluster: tuple[Cluster, dict[str, str]],
    locusts: Locusts,
    target: Target,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The Locust that they would belong to is a real one, with so many workers."""
    cluster, variables = on_cluster
    locust = locusts.start("2.47.0", workers=2)
    kubectl = Kubectl(tmp_path / "bin", locust.port)
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:{os.environ['PATH']}")
    # Workers report their users late.
    variables |= {"locust_run_host": target.url, "locust_run_time": "15s"}
    checked = run(tmp_path, None, "--check", locust_run_workers=2, **variables)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert (cluster.writes, locust.changes()) == ([], [])
    passed = run(tmp_path, None, locust_run_workers=2, **variables)
    assert passed.returncode == 0, passed.stdout + passed.stderr
    assert cluster.writes == ["scale locust-workers to 2", "scale locust-workers to 1"]
    (summary,) = (tmp_path / "artifacts").glob("*/summary.json")
    read = json.loads(summary.read_text())
    assert (read["workers"], read["settings"]["locust_url"]) == (2, "http://locust.load.svc:8089")
    assert (
        f"--kubeconfig={tmp_path}/kubeconfig --context=stand-in --namespace=load service/locust" in kubectl.calls()[0]
    )
    assert kubectl.alive() == []


def test_a_forwarded_locust_is_called_by_the_name_that_its_certificate_is_for(
    on_cluster: tuple[Cluster, dict[str, str]], locusts: Locusts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which this Locust has none of: it is where it would be asked for one."""
    _cluster, variables = on_cluster
    kubectl = Kubectl(tmp_path / "bin", locusts.start("2.47.0").port)
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:{os.environ['PATH']}")
    trustme.CA().cert_pem.write_to_path(tmp_path / "ca.crt")
    variables |= {
        "monitor_lab_tls": "lab",
        "monitor_lab_locust_url": "https://load.example.com:443",
        "locust_run_locust_ca_path": f"{tmp_path}/ca.crt",
    }
    failed = run(tmp_path, None, **variables)
    assert failed.returncode == 1
    assert "https://load.example.com:8089" in failed.stdout + failed.stderr
    assert kubectl.calls() != []


def test_workers_that_do_not_come_are_sent_away_again(
    on_cluster: tuple[Cluster, dict[str, str]], locusts: Locusts, tmp_path: Path
) -> None:
    cluster, variables = on_cluster
    locust = locusts.start("2.15.1", workers=1)
    spec = {"ports": [{"name": "web", "port": 8089, "nodePort": locust.port}]}
    cluster.put("services", "load", {"metadata": {"name": "locust"}, "spec": spec})
    variables["monitor_lab_locust_url"] = locust.url
    lacking = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "1 Insufficient cpu."}
    waiting = {"name": "locust-workers-2", "labels": {"app": "locust-workers"}}
    cluster.put("pods", "load", {"metadata": waiting, "status": {"phase": "Pending", "conditions": [lacking]}})
    failed = run(tmp_path, None, locust_run_workers=3, locust_run_expect_workers_max_wait="2s", **variables)
    assert failed.returncode == 3, failed.stdout + failed.stderr
    assert "expect_workers: 1 of 3 workers are connected after 2 s" in failed.stdout + failed.stderr
    assert "Pod locust-workers-2: Pending, Unschedulable 1 Insufficient cpu." in failed.stdout
    assert cluster.writes == ["scale locust-workers to 3", "scale locust-workers to 1"]


def test_workers_that_something_else_decides_on_are_left_alone(
    on_cluster: tuple[Cluster, dict[str, str]], tmp_path: Path
) -> None:
    cluster, variables = on_cluster
    spec = {"minReplicas": 1, "maxReplicas": 9}
    cluster.put("horizontalpodautoscalers", "load", {"metadata": {"name": "locust-workers"}, "spec": spec})
    refused = run(tmp_path, None, locust_run_workers=3, **variables)
    assert refused.returncode == 1
    assert "leave locust_run_workers out" in refused.stdout + refused.stderr
    assert cluster.writes == []


def test_workers_for_a_run_without_a_cluster_are_refused(tmp_path: Path) -> None:
    refused = run(tmp_path, "http://127.0.0.1:9", locust_run_workers=3)
    assert refused.returncode == 1
    assert "a run has workers of its own on a cluster alone" in refused.stdout + refused.stderr
