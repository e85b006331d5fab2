# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""What is told of a real Podman's pod whose processes went without a word, as by a reboot that /run outlived."""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence
from functools import partial

import psutil
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._lab import host

from tests.integration.container_exporter.engines import podman
from tests.waiting import wait_until


def is_gone(process: int) -> bool:
    return not psutil.pid_exists(process)


def test_a_pod_without_its_processes_is_dead() -> None:
    with podman() as engine:

        def run(command: Sequence[str]) -> str:
            return engine(*command[1:])

        def state() -> str:
            told: str = host.podman(run)["pods"]["service"]["state"]
            return told

        engine("pod", "create", "--name=service", "--infra=false", "--label=monitor-lab-service=service")
        engine.run("it", "sleep 1000", "--pod=service", "--restart=always")
        assert state() == "Running"
        seen = engine.inspect("it")["State"]
        # First what watches it, and would start it again.
        for process in (seen["ConmonPid"], seen["Pid"]):
            os.kill(process, signal.SIGKILL)
            wait_until("it is gone", partial(is_gone, process), 30)
        assert engine("pod", "ps", "--format={{.Status}}").strip() == "Running", "Podman has learnt it"
        assert state() == "Dead"
        engine("pod", "rm", "--force", "service")
