# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""A port-forward is there for one call, and gone after it, however that ends."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._locust import forward
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._locust.arguments import ARGUMENTS
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._locust.forward import forwarded
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._locust.plan import BadOptionError, plan_from
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._locust.private import private_directory
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._locust.steps import carry_out
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._locust.transport import LocustError

from tests.checks.tree import CHECKOUT
from tests.kubectl_stand_in import Kubectl
from tests.waiting import wait_until

CLUSTER = {"kubeconfig": "/k", "context": "there", "namespace": "load", "service": "locust"}


def options(**given: Any) -> dict[str, Any]:
    defaults = {name: argument.get("default") for name, argument in ARGUMENTS.items()}
    return {**defaults, "locust_url": "http://locust.load.svc:8089", "kubernetes": CLUSTER, **given}


@pytest.fixture
def kubectl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Kubectl:
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        port = nobody.getsockname()[1]
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:{os.environ['PATH']}")
    return Kubectl(tmp_path / "bin", port)


def test_forward_ends_with_its_call(kubectl: Kubectl) -> None:
    with pytest.raises(RuntimeError), forwarded(options()) as port:
        assert len(kubectl.alive()) == 1
        assert port is not None
        with socket.create_connection(("127.0.0.1", port)):
            raise RuntimeError
    assert kubectl.alive() == []
    assert kubectl.calls() == [
        "port-forward --address=127.0.0.1 --kubeconfig=/k --context=there --namespace=load service/locust :8089"
    ]


def test_forward_ends_with_a_process_that_is_killed(kubectl: Kubectl) -> None:
    code = (
        "import json, sys, tests.conftest\n"
        "from ansible_collections.devsecops.monitor_lab.plugins.module_utils._locust.forward import forwarded\n"
        "with forwarded(json.loads(sys.argv[1])):\n    print('up', flush=True)\n    sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, json.dumps(options())],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=CHECKOUT,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"up\n"
        assert len(kubectl.alive()) == 1
        process.kill()
    wait_until("it has ended", lambda: kubectl.alive() == [], 20)


def test_what_is_not_told_is_left_to_kubectl(kubectl: Kubectl) -> None:
    with forwarded(options(kubernetes={**dict.fromkeys(CLUSTER), "service": "locust"})):
        pass
    assert kubectl.calls() == ["port-forward --address=127.0.0.1 service/locust :8089"]


def test_what_kubectl_says_is_told(tmp_path: Path, kubectl: Kubectl) -> None:
    refusal = 'Error from server (NotFound): services "locust" not found'
    Kubectl(tmp_path / "bin", 0, refusal)
    with pytest.raises(LocustError) as raised, forwarded(options()):
        pass
    assert str(raised.value) == f"kubectl port-forward does not lead to Locust: {refusal}"
    assert raised.value.transient


def test_nothing_stays_of_a_run_whose_cluster_is_gone(
    tmp_path: Path, kubectl: Kubectl, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    Kubectl(tmp_path / "bin", 0, "error: the server is gone")
    kept = private_directory() / "x"
    kept.mkdir()
    with pytest.raises(LocustError, match="the server is gone"):
        carry_out(options(users=1, run_time="5s"), {"name": "stop", "run_id": "x"}, time)
    assert not kept.exists()


def test_silent_kubectl_is_given_up_and_killed(
    tmp_path: Path, kubectl: Kubectl, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forward, "START", 0.2)
    monkeypatch.setattr(forward, "END", 0.2)
    (tmp_path / "bin" / "kubectl").write_text(f"#!/bin/sh\ntrap '' TERM\necho $$ >>{tmp_path}/bin/calls\nsleep 60\n")
    with pytest.raises(LocustError, match="it said nothing"), forwarded(options()):
        pass
    wait_until("it has ended", lambda: kubectl.alive() == [], 20)


def test_host_without_kubectl_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BadOptionError, match="there is no kubectl on this host"), forwarded(options()):
        pass


def test_locust_that_is_reached_as_it_is_needs_none(kubectl: Kubectl) -> None:
    with forwarded(options(kubernetes=None)) as port:
        assert port is None
    assert kubectl.calls() == []


def test_locust_of_the_runs_own_is_on_no_cluster() -> None:
    with pytest.raises(BadOptionError, match="mode=process starts a Locust on this host"):
        plan_from(options(mode="process", users=1, run_time="5s"))
