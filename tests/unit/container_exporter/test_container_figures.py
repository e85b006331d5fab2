# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""What is read of the kernel and of the engines."""

from __future__ import annotations

from pathlib import Path

import pytest
from container_exporter import cgroups, engines, processes
from container_exporter.cgroups import Figures
from container_exporter.engines import Container, EngineError

from tests.unit.container_exporter import host
from tests.unit.container_exporter.host import LOCUST, POD, PROMETHEUS, SERVICE

SAME = Figures(
    cpu_seconds=0.100104,
    cfs_periods=40,
    cfs_throttled_periods=12,
    cfs_throttled_seconds=1.5,
    cpu_quota=50000,
    cpu_period=100000,
    memory_usage=31457280,
    memory_working_set=31457280 - 1048576,
    memory_rss=20480,
    memory_cache=4096,
    memory_limit=33554432,
    threads=2,
    threads_max=2048,
)


def test_both_versions_say_the_same(tmp_path: Path) -> None:
    host.by_controller(tmp_path / "one", f"docker/{LOCUST}", cpuacct_usage="100104000\n")
    host.unified(tmp_path / "two", f"system.slice/docker-{LOCUST}.scope")
    for root in (tmp_path / "one", tmp_path / "two"):
        (cgroup,) = cgroups.find(root).values()
        assert cgroups.figures(cgroup) == SAME
        assert cgroups.oom_kills(cgroup) == 1


def test_what_is_not_limited_is_so_in_both_versions(tmp_path: Path) -> None:
    most = {"memory_limit_in_bytes": "9223372036854771712\n", "cpu_cfs_quota_us": "-1\n", "pids_max": "max\n"}
    host.by_controller(tmp_path / "one", f"docker/{LOCUST}", **most)
    host.unified(tmp_path / "two", f"docker/{LOCUST}", memory_max="max\n", cpu_max="max 100000\n", pids_max="max\n")
    for root in (tmp_path / "one", tmp_path / "two"):
        (cgroup,) = cgroups.find(root).values()
        figures = cgroups.figures(cgroup)
        assert figures
        assert (figures.memory_limit, figures.threads_max, figures.cpu_quota) == (0, 0, None)


@pytest.mark.parametrize(
    "path",
    [
        f"docker/{LOCUST}",
        f"system.slice/docker-{LOCUST}.scope",
        f"libpod_parent/libpod-{LOCUST}",
        f"libpod_parent/{POD}/libpod-{LOCUST}",
        f"machine.slice/machine-libpod_pod_{POD}.slice/libpod-{LOCUST}.scope",
        f"system.slice/docker-{POD}.scope/machine.slice/machine-libpod_pod_{POD}.slice/libpod-{LOCUST}.scope",
    ],
)
def test_a_container_is_found_wherever_an_engine_puts_it(path: str, tmp_path: Path) -> None:
    host.unified(tmp_path, path)
    host.unified(tmp_path, "system.slice/ssh.service")
    assert cgroups.find(tmp_path)[LOCUST].memory == tmp_path / path


def test_what_the_kernel_is_without_is_not_told(tmp_path: Path) -> None:
    """Debian's kernels for some boards have no memory controller."""
    host.write(tmp_path, {"cgroup.controllers": "pids\n", f"docker/{LOCUST}/pids.current": "3\n"})
    (cgroup,) = cgroups.find(tmp_path).values()
    assert cgroups.figures(cgroup) == Figures(threads=3)


def test_what_has_ended_has_no_figures(tmp_path: Path) -> None:
    host.unified(tmp_path, f"docker/{LOCUST}")
    (cgroup,) = cgroups.find(tmp_path).values()
    (tmp_path / "docker").rename(tmp_path / "gone")
    assert cgroups.figures(cgroup) is None
    assert cgroups.oom_kills(cgroup) is None


def test_docker_and_podman_name_their_containers(tmp_path: Path) -> None:
    host.docker(tmp_path / "docker", LOCUST, "monitor-lab-locust")
    host.docker(tmp_path / "docker", PROMETHEUS, "made", StartedAt=host.NEVER)
    (tmp_path / "docker" / ("e" * 64)).mkdir()  # one that is being made
    host.podman(tmp_path / "podman", {SERVICE: "service-pod-service"})
    assert engines.docker(tmp_path / "docker") == {
        LOCUST: Container("monitor-lab-locust", "grafana:12", 1795970000.585958, host.NEVER),
        PROMETHEUS: Container("made", "grafana:12", None, host.NEVER),
    }
    assert engines.podman(tmp_path / "podman") == {SERVICE: Container("service-pod-service", "localhost/service:1")}


def test_a_host_without_an_engine_has_no_containers_of_it(tmp_path: Path) -> None:
    assert engines.docker(tmp_path / "docker") == engines.podman(tmp_path / "podman") == {}


def test_what_an_engine_writes_in_another_way_is_told(tmp_path: Path) -> None:
    host.write(tmp_path / LOCUST, {"config.v2.json": "{"})
    with pytest.raises(EngineError, match="Docker's containers: "):
        engines.docker(tmp_path)
    host.write(tmp_path, {"containers.json": '[{"names": ["a"]}]'})
    with pytest.raises(EngineError, match="Podman's containers: KeyError"):
        engines.podman(tmp_path)


def test_processes_belong_to_the_container_and_not_to_its_pod(tmp_path: Path) -> None:
    hertz = processes._TICKS
    host.process(tmp_path, 7, f"0::/libpod_parent/{POD}/libpod-{SERVICE}\n", 5 * hertz)
    host.process(tmp_path, 8, f"5:memory:/docker/{LOCUST}\n4:cpu:/docker/{LOCUST}\n", 9 * hertz)
    host.process(tmp_path, 9, f"5:memory:/docker/{LOCUST}\n", 7 * hertz)
    host.process(tmp_path, 10, "0::/init.scope\n", 1)
    (tmp_path / "11").mkdir()  # one that ends meanwhile
    found = processes.of({SERVICE, LOCUST}, tmp_path)
    assert {one: (each.count, each.started) for one, each in found.items()} == {
        SERVICE: (1, 1795970005.0),
        LOCUST: (2, 1795970007.0),
    }
