# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""The exporter beside a real Docker and a real Podman: what it tells is what they were told."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

from tests.checks.tree import CHECKOUT
from tests.integration.container_exporter.engines import Engine, docker, podman
from tests.integration.locust_exporter.harness import Series, free_port, get, process, series
from tests.waiting import wait_until

FILES = CHECKOUT / "files"
MEMORY = 24 * 2**20
# It fills its memory as fast as it can, again and again.
HUNGRY = "exec tail /dev/zero"
BUSY = "sleep 1000 & while :; do :; done"


class Lab:
    def __init__(self, engines: dict[str, Engine], url: str) -> None:
        self.engines = engines
        self.url = url

    def series(self) -> Series:
        return series(get(self.url).decode())

    def of(self, name: str) -> dict[str, float]:
        """The figures of a container, by metric."""
        return {metric: value for (metric, labels), value in self.series().items() if ("name", name) in labels}


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with docker() as on_docker, podman() as on_podman:
        engines = {"docker": on_docker, "podman": on_podman}
        limits = (f"--memory={MEMORY}", f"--memory-swap={MEMORY}", "--cpus=0.1", "--pids-limit=30")
        for kind, engine in engines.items():
            engine.run(
                f"lab-hungry-{kind}", HUNGRY, f"--memory={MEMORY}", f"--memory-swap={MEMORY}", "--restart=always"
            )
            engine.run(f"lab-busy-{kind}", BUSY, *limits)
            engine.run(f"other-{kind}", "exec sleep 1000")
        port = free_port()
        url = f"http://127.0.0.1:{port}/metrics"
        command = [
            sys.executable,
            "-m",
            "container_exporter",
            "--names=lab-.+",
            f"--web.listen-address=127.0.0.1:{port}",
        ]
        paths = [f"--path.{kind}={engine.folder}" for kind, engine in engines.items()]
        env = {"PYTHONPATH": f"{FILES / 'container_exporter'}:{FILES / 'locust_exporter'}"}
        with process([*command, *paths], env, lambda: bool(get(url))):
            yield Lab(engines, url)


def test_only_the_labs_containers_are_told_of(lab: Lab) -> None:
    names = {dict(labels).get("name") for _metric, labels in lab.series()}
    assert names - {None} == {f"lab-{what}-{kind}" for what in ("hungry", "busy") for kind in lab.engines}


@pytest.mark.parametrize("kind", ["docker", "podman"])
def test_limits_and_use_are_those_of_the_engine(lab: Lab, kind: str) -> None:
    name = f"lab-busy-{kind}"
    wait_until(
        "it has to wait for its processor", lambda: lab.of(name)["container_cpu_cfs_throttled_seconds_total"] > 0
    )
    told, inspected = lab.of(name), lab.engines[kind].inspect(name)
    assert told["container_spec_memory_limit_bytes"] == inspected["HostConfig"]["Memory"] == MEMORY
    assert told["container_threads_max"] == 30
    assert told["container_spec_cpu_quota"] / told["container_spec_cpu_period"] == pytest.approx(0.1)
    assert told["container_processes"] == told["container_threads"] == 2
    assert told["container_file_descriptors"] >= 6
    assert 0 < told["container_memory_working_set_bytes"] < MEMORY
    assert told["container_cpu_usage_seconds_total"] > 0
    assert told["container_oom_events_total"] == 0


@pytest.mark.parametrize("kind", ["docker", "podman"])
def test_a_container_that_is_killed_and_started_again(lab: Lab, kind: str) -> None:
    name = f"lab-hungry-{kind}"
    first = lab.of(name).get("container_start_time_seconds", 0.0)
    wait_until("it is killed again", lambda: lab.of(name)["container_oom_events_total"] > 1)
    wait_until("it is started again", lambda: lab.of(name).get("container_start_time_seconds", 0.0) > first)
    assert lab.engines[kind].inspect(name)["RestartCount"] >= 1
    kinds = ("docker", "podman", "proc")
    assert [lab.series()["container_exporter_failures_total", (("source", one),)] for one in kinds] == [0, 0, 0]
