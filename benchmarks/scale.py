# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""What workers cost one master: its processor and memory, and how many workers fill it.

The workers are one small program, which only reports; where it can't keep up, only those count that it is as good as.
Takes about three minutes.
"""

from __future__ import annotations

import contextlib
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import requests

from benchmarks import Row
from tests.checks.tree import CHECKOUT
from tests.integration.locustfile.conftest import free_port

WORKERS = (1, 8, 32, 128)
ENDPOINTS = (10, 200)
SECONDS = 12
# Of an endpoint in a report, of which there is one in so many seconds.
REQUESTS = 300
REPORT_SECONDS = 3
MASTER = """
from locust import User, constant, task
class Nobody(User):
    wait_time = constant(1)
    @task
    def nothing(self): pass
"""


@contextlib.contextmanager
def master(folder: Path, core: int) -> Iterator[tuple[psutil.Process, int, str]]:
    """Run a master on `core`; yield its process, the port of its workers, and its URL."""
    (folder / "locustfile.py").write_text(MASTER, encoding="utf-8")
    port, web_port = free_port(), free_port()
    command = ["taskset", "-c", str(core), sys.executable, "-m", "locust", "-f", str(folder / "locustfile.py")]
    command += ["--master", "--master-bind-host", "127.0.0.1", "--master-bind-port", str(port)]
    command += ["--web-host", "127.0.0.1", "--web-port", str(web_port)]
    with (folder / "log").open("wb") as log, subprocess.Popen(command, stdout=log, stderr=log) as process:
        try:
            yield psutil.Process(process.pid), port, f"http://127.0.0.1:{web_port}"
        finally:
            process.terminate()


@dataclass(frozen=True)
class Cost:
    """What a master takes: a share of a core, and memory in MB; and from as many workers as were heard."""

    share: float
    memory: float
    heard: float


def cost(workers: int, endpoints: int, cores: list[int]) -> Cost:
    with tempfile.TemporaryDirectory() as folder, master(Path(folder), cores[0]) as (process, port, url):
        command = [sys.executable, "-m", "benchmarks._reporting_workers", str(port), str(workers), str(endpoints)]
        command.append(str(REQUESTS))
        command = ["taskset", "-c", str(cores[-1]), *command]
        with subprocess.Popen(command, cwd=CHECKOUT, stdout=subprocess.PIPE, text=True) as reporting:
            try:
                assert reporting.stdout is not None
                assert reporting.stdout.readline() == "known\n", "the workers ended"
                # All of them have reported once.
                time.sleep(4)
                counted, before, begun = requests_of(url), sum(process.cpu_times()[:2]), time.monotonic()
                time.sleep(SECONDS)
                seconds = time.monotonic() - begun
                share = (sum(process.cpu_times()[:2]) - before) / seconds
                reports = (requests_of(url) - counted) / REQUESTS / endpoints
                memory = process.memory_info().rss / 2**20
            finally:
                reporting.terminate()
    heard = reports * REPORT_SECONDS / seconds
    print(
        f"{workers} workers, {endpoints} endpoints: {share:.3f} of a core, {memory:.0f} MB, heard like {heard:.0f}",
        flush=True,
    )
    return Cost(share, memory, heard)


def requests_of(url: str) -> int:
    """Return how many requests a master has been told of."""
    return int(requests.get(f"{url}/stats/requests", timeout=30).json()["stats"][-1]["num_requests"])


def measure() -> list[Row]:
    cores = sorted(os.sched_getaffinity(0))
    rows = []
    for endpoints in ENDPOINTS:
        costs = {workers: cost(workers, endpoints, cores) for workers in WORKERS}
        each, at = statistics.linear_regression(*zip(*((one.heard, one.share) for one in costs.values()), strict=True))
        most = costs[max(WORKERS)]
        of = f"{max(WORKERS)} workers, {endpoints} endpoints"
        rows += [
            Row(f"share of a core, {of}", f"{most.share:.2f}", "", most.share),
            Row(f"memory in MB, {of}", f"{most.memory:.0f}", "", most.memory),
            Row(
                f"workers that fill a master, {endpoints} endpoints",
                f"{each * 1000:.2f} thousandths of a core each",
                "",
                (1 - at) / each,
            ),
        ]
    return rows
