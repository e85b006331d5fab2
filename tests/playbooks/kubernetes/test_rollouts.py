# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""A rollout that fails: what is put back, how, and what is said; and that the right one comes up after it."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from tests.cluster_stand_in import Cluster, served
from tests.plays import ansible_playbook, shown

HERE = Path(__file__).resolve().parent
GOOD: dict[str, Any] = {"image": "app:good", "password": "g00d", "policy": ["Ingress"]}
BAD: dict[str, Any] = {"image": "app:bad", "password": "b4d", "policy": ["Ingress", "Egress"]}


STEPS = [
    *(("StatefulSet", step) for step in (BAD, GOOD, BAD)),
    *(("Deployment", step) for step in (GOOD, BAD)),
]


@pytest.fixture(scope="module")
def rolled_out(tmp_path_factory: pytest.TempPathFactory) -> tuple[Cluster, list[str]]:
    """The cluster after all steps, and what was said of each; nothing where it went well."""
    folder = tmp_path_factory.mktemp("rollouts")
    with served() as (cluster, kubeconfig):
        cluster.broken = BAD["image"]
        (folder / "kubeconfig").write_text(kubeconfig)
        steps = [{"kind": kind, **step} for kind, step in STEPS]
        variables = json.dumps({"kubeconfig": f"{folder}/kubeconfig", "steps": steps})
        done = ansible_playbook(HERE / "roll_out.yml", "--inventory=localhost,", f"--extra-vars={variables}")
    assert done.returncode == 0, done.stdout
    for step in (GOOD, BAD):
        for secret in (step["password"], base64.b64encode(step["password"].encode()).decode()):
            assert secret not in done.stdout
    (said,) = shown(done)
    return cluster, said


def there_is(cluster: Cluster, kind: str) -> dict[str, Any]:
    """What the three objects say of the step that they are of."""
    (container,) = cluster.objects[f"{kind}s", "lab", kind]["spec"]["template"]["spec"]["containers"]
    password = base64.b64decode(cluster.objects["secrets", "lab", kind]["data"]["password"]).decode()
    policy = cluster.objects["networkpolicies", "lab", kind]["spec"]["policyTypes"]
    return {"image": container["image"], "password": password, "policy": policy}


@pytest.mark.parametrize(("kind", "failed"), [("StatefulSet", 2), ("Deployment", 4)])
def test_what_ran_before_is_put_back_whole(kind: str, failed: int, rolled_out: tuple[Cluster, list[str]]) -> None:
    cluster, said = rolled_out
    assert there_is(cluster, kind.lower()) == GOOD
    assert f"{kind.lower()} did not become ready in the namespace lab" in said[failed]
    assert "The version that ran before was put back, and serves." in said[failed]
    assert "is down" not in said[failed]


def test_all_is_applied_under_the_lab_s_name(rolled_out: tuple[Cluster, list[str]]) -> None:
    """Of another manager's fields nothing would ever be removed, by no later deployment."""
    applied = [write for write in rolled_out[0].writes if write.startswith("PATCH")]
    assert [write for write in applied if not write.endswith(" by monitor-lab")] == []
    assert len(applied) > 20


def test_what_never_ran_is_down_and_what_is_right_takes_its_place(rolled_out: tuple[Cluster, list[str]]) -> None:
    _unused, said = rolled_out
    assert "statefulset is down: nothing of it serves." in said[0]
    assert "put back" not in said[0]
    assert (said[1], said[3]) == ("", "")
