# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""Runs on a real Locust that is reached through kubectl, for which a program stands in."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._locust.client import LocustClient
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._locust.transport import LocustError

from tests.integration.locust_run.real_locust import Locust, Locusts, Playbook, Target
from tests.integration.locust_run.test_locust_run_options import NEWEST, OLDEST, PASSWORD, certificate
from tests.kubectl_stand_in import Kubectl

NAME = "http://locust.load.svc:8089"


def led_to(locust: Locust, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Kubectl:
    monkeypatch.setenv("PATH", f"{folder}/bin:{os.environ['PATH']}")
    return Kubectl(folder / "bin", locust.port)


@pytest.mark.parametrize("version", [OLDEST, NEWEST])
def test_run_through_a_forward(
    version: str,
    target: Target,
    locusts: Locusts,
    playbook: Playbook,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kubectl = led_to(locusts.start(version, workers=1), tmp_path, monkeypatch)
    play = playbook.run(
        locust_url=NAME,
        kubernetes={"namespace": "load", "kubeconfig": "/home/me/config"},
        users=3,
        spawn_rate=3,
        run_time="10s",
        host=target.url,
        expect_workers=1,
    )
    assert play.result["verdict"] == "passed", play.stdout
    assert play.summary["settings"]["locust_url"] == NAME
    assert set(kubectl.calls()) == {
        "port-forward --address=127.0.0.1 --kubeconfig=/home/me/config --namespace=load service/locust :8089"
    }
    assert kubectl.alive() == []


def test_interrupted_run_stops_locust_and_leaves_no_forward(
    target: Target, locusts: Locusts, playbook: Playbook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    locust = locusts.start(NEWEST)
    kubectl = led_to(locust, tmp_path, monkeypatch)
    process = playbook.start(
        locust_url=NAME, kubernetes={"namespace": "load"}, users=3, spawn_rate=3, run_time="60s", host=target.url
    )
    locust.wait_until_watched()
    process.send_signal(signal.SIGINT)
    locust.wait_for("stopped", seconds=30)
    assert playbook.finish(process).code != 0
    assert kubectl.alive() == []


def test_certificate_is_that_of_the_name_and_a_login_goes_there(locusts: Locusts, tmp_path: Path) -> None:
    key, chain = certificate(tmp_path)
    locust = locusts.start(NEWEST, "--tls-cert", str(chain), "--tls-key", str(key), login=PASSWORD)
    client = LocustClient("https://127.0.0.1:8089", "engineer", PASSWORD, str(chain), port=locust.port)
    assert client.overview().version == NEWEST
    with pytest.raises(LocustError, match="the certificate of https://locust:8089 is not trusted"):
        LocustClient("https://locust:8089", ca_path=str(chain), port=locust.port).overview()
