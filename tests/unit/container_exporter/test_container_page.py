# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""The page of metrics: whose figures are on it, and kills for want of memory that nobody saw happen."""

from __future__ import annotations

import logging
import re
import shutil
from pathlib import Path

import pytest
from container_exporter.exporter import FAMILIES, Exporter, Sources
from prometheus_client.parser import text_string_to_metric_families

from tests.unit.container_exporter import host
from tests.unit.container_exporter.host import LOCUST, PROMETHEUS, SERVICE

README = Path(__file__).resolve().parents[3] / "files" / "container_exporter" / "README.md"


class Lab:
    """A host with one container of the lab's, by Docker, and an exporter there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        paths = {name: folder / name for name in ("cgroup", "proc", "docker", "podman")}
        host.docker(paths["docker"], LOCUST, "monitor-lab-locust")
        host.process(paths["proc"], 7, f"0::/docker/{LOCUST}\n", 0)
        self.runs(oom_kill=0)
        self.exporter = Exporter(Sources(**paths), re.compile("monitor-lab-.+|service-pod-.+"))

    def runs(self, oom_kill: int) -> None:
        host.unified(self.folder / "cgroup", f"docker/{LOCUST}", memory_events=f"oom 9\noom_kill {oom_kill}\n")

    def ends(self, end: str, **state: object) -> None:
        shutil.rmtree(self.folder / "cgroup" / "docker")
        host.docker(self.folder / "docker", LOCUST, "monitor-lab-locust", FinishedAt=end, **state)

    def series(self) -> dict[tuple[str, str], float]:
        """(metric, name of the container or of the source) → value."""
        families = text_string_to_metric_families(self.exporter.scrape().decode())
        return {
            (sample.name, sample.labels.get("name", sample.labels.get("source", ""))): sample.value
            for family in families
            for sample in family.samples
        }

    def oom_kills(self) -> float:
        return self.series()["container_oom_events_total", "monitor-lab-locust"]


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    return Lab(tmp_path)


def test_only_the_named_containers_are_told_of(lab: Lab) -> None:
    host.docker(lab.folder / "docker", PROMETHEUS, "somebodys-database")
    host.unified(lab.folder / "cgroup", f"docker/{PROMETHEUS}")
    host.podman(lab.folder / "podman", {SERVICE: "service-pod-service", "f" * 64: "pod-infra"})
    host.unified(lab.folder / "cgroup", f"libpod_parent/{'d' * 64}/libpod-{SERVICE}")
    series = lab.series()
    names = {name for metric, name in series if metric == "container_memory_usage_bytes"}
    assert names == {"monitor-lab-locust", "service-pod-service"}
    assert series["container_exporter_containers", ""] == 2


def test_a_container_has_every_figure(lab: Lab) -> None:
    series = lab.series()
    told = {metric for metric, name in series if name == "monitor-lab-locust"}
    # How many files are open is the size of a directory, in /proc alone.
    assert told >= {f"container_{name}" for _kind, name, _text, _figure in FAMILIES} - {"container_file_descriptors"}
    assert series["container_start_time_seconds", "monitor-lab-locust"] == pytest.approx(1795970000.6, abs=0.1)


def test_every_metric_has_its_row_in_the_readme(lab: Lab) -> None:
    rows = set(re.findall(r"`(container_\w+)`", README.read_text(encoding="utf-8")))
    told = {metric for metric, _name in lab.series() if metric.startswith("container_")}
    assert {f"container_{name}" for _kind, name, _text, _figure in FAMILIES} | told == rows - {"container_exporter"}


def test_kills_in_a_container_that_goes_on_are_counted(lab: Lab) -> None:
    assert lab.oom_kills() == 0
    lab.runs(oom_kill=2)
    assert lab.oom_kills() == 2


def test_a_kill_that_is_seen_is_counted_once(lab: Lab) -> None:
    lab.series()
    lab.runs(oom_kill=1)
    lab.exporter._oom_kills.look()
    lab.ends("2026-11-29T17:00:00Z", OOMKilled=True)
    lab.exporter._oom_kills.look()
    assert lab.oom_kills() == 1
    lab.runs(oom_kill=0)
    assert lab.oom_kills() == 1


def test_a_kill_that_goes_with_its_cgroup_is_known_from_docker(lab: Lab) -> None:
    lab.series()
    lab.ends("2026-11-29T17:00:00Z", OOMKilled=True)
    # It waits to be started again: its count and its start are told nevertheless.
    series = lab.series()
    assert series["container_oom_events_total", "monitor-lab-locust"] == 1
    assert ("container_start_time_seconds", "monitor-lab-locust") in series
    assert ("container_memory_usage_bytes", "monitor-lab-locust") not in series
    assert series["container_exporter_containers", ""] == 0
    assert lab.oom_kills() == 1
    lab.runs(oom_kill=0)
    lab.ends("2026-11-29T17:00:10Z", OOMKilled=True)
    assert lab.oom_kills() == 2


def test_an_end_of_another_kind_is_no_kill(lab: Lab) -> None:
    lab.series()
    lab.ends("2026-11-29T17:00:00Z", OOMKilled=False, ExitCode=1)
    assert lab.oom_kills() == 0


def test_a_count_goes_with_its_container(lab: Lab) -> None:
    lab.runs(oom_kill=2)
    lab.series()
    shutil.rmtree(lab.folder / "docker" / LOCUST)
    assert not [name for metric, name in lab.series() if metric == "container_oom_events_total"]
    assert lab.exporter._oom_kills._counts == {}


def test_what_cannot_be_read_is_counted_and_said_once(lab: Lab, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    (lab.folder / "podman").mkdir()
    (lab.folder / "podman" / "containers.json").write_text("[")
    lab.series()
    series = lab.series()
    assert series["container_exporter_failures_total", "podman"] == 2
    assert ("container_memory_usage_bytes", "monitor-lab-locust") in series
    (lab.folder / "podman" / "containers.json").write_text("[]")
    lab.series()
    said = [record.getMessage() for record in caplog.records]
    assert len(said) == 2
    assert said[0].startswith("cannot read Podman's containers")
    assert said[1] == "podman can be read again"
