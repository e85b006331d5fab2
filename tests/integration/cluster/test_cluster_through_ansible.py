# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""The roles tokenization and cluster against a stand-in for a cluster's API: what they ask for, and say.

What a real cluster makes of it is for the scenario `kubernetes`.
"""

from __future__ import annotations

import base64
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.checks.tree import CHECKOUT
from tests.cluster_stand_in import Cluster, Object, served

IMAGES = ["localhost/monitor-lab/tokenization:1", "postgres:17.7-bookworm"]
KEY, TOKEN, PASSWORD = "ab" * 32, "t" * 43, "p" * 43


@dataclass
class Host:
    folder: Path
    cluster: Cluster

    def play(self, *steps: str, options: tuple[str, ...] = (), **settings: Any) -> str:
        """Call the entry points `steps` of tokenization, and return what Ansible printed, in one line."""
        images: dict[str, Any] = {image: {} for image in IMAGES}
        variables = {
            "ansible_connection": "local",
            "ansible_python_interpreter": sys.executable,
            "image_found": {"tokenization": {"reference": IMAGES[0]}},
            "monitor_lab_host": {
                "docker": {"images": images},
                "podman": None,
                "listeners": [],
            },
            "monitor_lab_secrets_dir": str(self.folder),
            "tokenization_runtime": "kubernetes",
            "tokenization_kubeconfig": str(self.folder / "kubeconfig"),
            "tokenization_context": "stand-in",
            "tokenization_image_delivery": "kind",
        }
        inventory = {"tokenization": {"hosts": {"host": variables | settings}}}
        (self.folder / "inventory.yml").write_text(json.dumps(inventory))
        self.cluster.writes.clear()
        played = subprocess.run(
            [
                Path(sys.executable).with_name("ansible-playbook"),
                f"--inventory={self.folder / 'inventory.yml'}",
                f"--extra-vars={json.dumps({'steps': steps})}",
                *options,
                Path(__file__).with_name("steps.yml"),
            ],
            env={
                **os.environ,
                "ANSIBLE_CONFIG": str(CHECKOUT / "ansible.cfg"),
                # The client of Kubernetes keeps what it learnt of an API among the temporary files.
                "TMPDIR": str(self.folder),
                "PATH": f"{self.folder / 'programs'}:{os.environ['PATH']}",
            },
            cwd=CHECKOUT,
            stdout=subprocess.PIPE,
            text=True,
            check=False,
        )
        return " ".join(played.stdout.split())


def changed(printed: str) -> int:
    """Return how many tasks changed something, of a play that went well."""
    found = re.search(r"changed=(\d+) unreachable=0 failed=0", printed)
    assert found, printed
    return int(found[1])


def secrets_in(printed: str) -> list[str]:
    """Return the keys that were printed, as they are or as the cluster has them."""
    plain = (KEY, TOKEN, PASSWORD)
    return [one for one in (*plain, *(base64.b64encode(one.encode()).decode() for one in plain)) if one in printed]


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
    for name, content in (("private_key", KEY), ("bearer_token", TOKEN), ("postgres_password", PASSWORD)):
        (tmp_path / f"tokenization_{name}").write_text(content)
    (tmp_path / "programs").mkdir()
    (tmp_path / "programs" / "kind").symlink_to("/bin/true")
    with served() as (cluster, kubeconfig):
        (tmp_path / "kubeconfig").write_text(kubeconfig)
        held = [{"names": [IMAGES[0]]}, {"names": [f"docker.io/library/{IMAGES[1]}"]}]
        cluster.objects["nodes", "", "node-a"]["status"]["images"] = held
        yield Host(tmp_path, cluster)


def named(name: str, **more: Any) -> Object:
    return {"metadata": {"name": name, "labels": {"app": "tokenization-service"}}, **more}


def deploy_before(cluster: Cluster, key: str = "YWI=") -> Object:
    """Have a version on the cluster that runs."""
    own = {"app.kubernetes.io/managed-by": "monitor-lab"}
    cluster.put("namespaces", "", {"metadata": {"name": "monitor-lab", "labels": own}})
    cluster.put("secrets", "monitor-lab", named("tokenization-service-1", data={"private_key": key}))
    template = {"metadata": {"labels": {"app": "tokenization-service"}}, "spec": {"containers": []}}
    spec = {"replicas": 1, "template": template, "selector": {"matchLabels": {"app": "tokenization-service"}}}
    cluster.put("persistentvolumeclaims", "monitor-lab", named("monitor-lab-tokenization", spec={}))
    return cluster.put("deployments", "monitor-lab", named("tokenization-service", spec=spec))


def test_a_deployment_changes_nothing_in_check_mode_and_the_second_time(host: Host) -> None:
    assert changed(host.play("kubernetes", options=("--check",))) > 0
    assert host.cluster.writes == []
    assert changed(host.play("kubernetes")) == 4
    assert [re.sub("-[0-9a-f]{12}$", "", write) for write in host.cluster.writes] == [
        "POST namespaces monitor-lab",
        # Where its port is taken, nothing else has been changed.
        "PATCH services tokenization-service",
        "PATCH networkpolicies tokenization-service",
        "PATCH persistentvolumeclaims monitor-lab-tokenization",
        "PATCH secrets tokenization-service",
        "PATCH deployments tokenization-service",
    ]
    namespace = host.cluster.objects["namespaces", "", "monitor-lab"]
    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
    assert changed(host.play("preflight", "kubernetes")) == 0


def test_postgresql_runs_before_the_service_that_is_told_its_address(host: Host) -> None:
    host.cluster.put("namespaces", "", {"metadata": {"name": "monitor-lab", "labels": {}}})
    printed = host.play("kubernetes", options=("-vvv",), tokenization_postgres=True, tokenization_replicas=2)
    changed(printed)
    assert secrets_in(printed) == []
    kinds = [write.split()[1] for write in host.cluster.writes]
    assert "namespaces" not in kinds
    assert kinds.index("statefulsets") < kinds.index("deployments")
    assert "poddisruptionbudgets" in kinds
    (name,) = [name for name in host.cluster.names("secrets") if name.startswith("tokenization-service")]
    # postgresql://tokenization:ppp…@10.43.0.9/tokenization
    dsn = host.cluster.objects["secrets", "monitor-lab", name]["data"]["dsn"]
    assert dsn.startswith("cG9zdGdyZXNxbDovL3Rva2VuaXphdGlvbjpwcHBw")
    # Without it again, what it needed goes.
    changed(host.play("kubernetes"))
    assert host.cluster.names("statefulsets") == host.cluster.names("poddisruptionbudgets") == []


def test_a_rollout_that_fails_is_explained_and_put_back(host: Host) -> None:
    before = deploy_before(host.cluster)
    host.cluster.broken = True
    waiting = {"state": {"waiting": {"reason": "CrashLoopBackOff"}}, "lastState": {"terminated": {}}, "restartCount": 2}
    status = {"phase": "Running", "containerStatuses": [waiting]}
    host.cluster.put("pods", "monitor-lab", named("tokenization-service-1", status=status))
    of = {"kind": "Pod", "name": "tokenization-service-1"}
    told = named("event", involvedObject=of, reason="BackOff", message="restarting failed container")
    host.cluster.put("events", "monitor-lab", told)
    printed = host.play("kubernetes", tokenization_rollout_timeout=33)
    for said in (
        "host: tokenization-service did not become ready in the namespace monitor-lab: nothing got on for 33 s "
        "(tokenization_rollout_timeout).",
        "Pod tokenization-service-1: Running, CrashLoopBackOff, 2 restarts",
        "Event: Pod tokenization-service-1: BackOff: restarting failed container",
        "the last words of tokenization-service-1",
        "The version that ran before was put back.",
    ):
        assert said in printed.replace("\\n", " "), printed
    now = host.cluster.objects["deployments", "monitor-lab", "tokenization-service"]
    assert now["spec"]["template"] == before["spec"]["template"]
    # Its keys are still there, so that it can start again.
    assert "tokenization-service-1" in host.cluster.names("secrets")


def test_data_stays_with_the_key_that_opens_it(host: Host) -> None:
    deploy_before(host.cluster)
    printed = host.play("absent_preflight", "absent")
    assert "is not the one of this controller" in printed
    assert "private_key of the Secret tokenization-service-1" in printed
    assert host.cluster.writes == []
    assert "is not the one of this controller" in host.play("main")
    assert host.cluster.writes == []


def test_a_removal_keeps_the_claim_or_takes_all(host: Host) -> None:
    deploy_before(host.cluster, key=base64.b64encode(KEY.encode()).decode())
    assert changed(host.play("absent_preflight", "absent", options=("--check",), tokenization_remove_claim=True)) > 0
    assert host.cluster.writes == []
    printed = host.play("absent_preflight", "absent", options=("-vvv",))
    assert changed(printed) > 0
    assert secrets_in(printed) == []
    assert "tokenization_remove_claim=true takes them too" in printed
    assert host.cluster.names("deployments") == host.cluster.names("secrets") == []
    assert host.cluster.names("persistentvolumeclaims") == ["monitor-lab-tokenization"]
    changed(host.play("absent_preflight", "absent", tokenization_remove_claim=True))
    assert host.cluster.names("persistentvolumeclaims") == host.cluster.names("namespaces") == []
