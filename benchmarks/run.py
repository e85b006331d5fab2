# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""What a load run costs: how long its verdict takes, how often it asks Locust, what it needs on the target."""

from __future__ import annotations

import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

from benchmarks import Row
from tests.integration.locust_run.real_locust import Locusts, Playbook
from tests.locusts import VERSIONS

ENDPOINTS = 500
RUN_TIME = 30


class Watch:
    """The most memory that any module process below a playbook had, in MB, as the kernel counts it (VmHWM)."""

    def __init__(self, playbook: int) -> None:
        self.most = 0.0
        self._playbook = playbook

    def look(self) -> None:
        parents = {}
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
        for process in parents:
            if self._below(process, parents):
                self.most = max(self.most, self._peak(process))

    def _below(self, process: int, parents: dict[int, int]) -> bool:
        while process and process != self._playbook:
            process = parents.get(process, 0)
        return process == self._playbook

    def _peak(self, process: int) -> float:
        try:
            # With pipelining a module is an interpreter without arguments, which reads it from its standard input.
            if (Path(f"/proc/{process}/cmdline").read_bytes()).count(b"\0") != 1:
                return 0.0
            status = Path(f"/proc/{process}/status").read_text()
        except OSError:
            return 0.0
        return next((int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmHWM")), 0.0)


def measure() -> list[Row]:
    with tempfile.TemporaryDirectory() as name:
        locusts, playbook = Locusts(Path(name)), Playbook(Path(name))
        try:
            return run(locusts, playbook)
        finally:
            playbook.end()
            locusts.end()


def run(locusts: Locusts, playbook: Playbook) -> list[Row]:
    locust = locusts.start(VERSIONS[-1], "--class-picker", endpoints=ENDPOINTS)
    process = playbook.start(
        locust_url=locust.url,
        users=1,
        run_time=f"{RUN_TIME}s",
        user_classes=["Visitor"],
        thresholds=["p95 < 500", {"threshold": "p95 < 500", "name": "/goods/7"}],
    )
    watch = Watch(process.pid)
    with ThreadPoolExecutor() as pool:
        finished = pool.submit(playbook.finish, process)
        while not finished.done():
            watch.look()
            time.sleep(0.05)
    done = time.time()
    play = finished.result()
    assert play.code == 0, play.stdout + play.stderr
    assert len(play.result["stats"]["endpoints"]) == ENDPOINTS
    begun = datetime.fromisoformat(play.result["started"]).timestamp()
    ended = begun + RUN_TIME
    asked = sum(begun <= moment < ended for moment in locust.moments())
    return [
        Row(
            what="end of run_time to the end of ansible-playbook, artefacts included",
            measured=f"{done - ended:.2f} s",
            reference="",
            value=done - ended,
            target=3.0,
            at_least=False,
        ),
        Row(
            what="requests to Locust per second of the run",
            measured=f"{asked} in {RUN_TIME} s",
            reference="",
            value=asked / RUN_TIME,
            target=1.0,
            at_least=False,
        ),
        Row(
            what=f"memory on the target in MB, watching {ENDPOINTS} endpoints",
            measured=f"{watch.most:.1f} MB",
            reference="",
            value=watch.most,
            target=50.0,
            at_least=False,
        ),
    ]
