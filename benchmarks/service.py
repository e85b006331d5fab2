# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""The tokenization service against the design of its first author, and against the same service doing nothing.

All servers run at once and are loaded by turns, by wrk over 50 connections (the first author's design over one: with
more, it loses its file). The best turn of each counts: what else the machine does can only make a turn worse.
Takes about six minutes. Needs the Debian packages wrk and postgresql.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import requests
import trustme

from benchmarks import Row
from tests.checks.tree import CHECKOUT
from tests.integration.tokenization.service import FILES, Postgresql, Service, free_port
from tests.waiting import wait_until

NAMES = 1000
MANY_NAMES = 1_000_000
WARM_NAMES = 100_000
CONNECTIONS = 50
TURNS = 5
SECONDS = 4
MEGABYTE = 1024 * 1024


@dataclass(frozen=True)
class Turn:
    requests_per_second: float
    percentile_99_ms: float


def wrk(names: int) -> list[str]:
    program = shutil.which("wrk")
    if program is None:
        raise SystemExit("wrk makes the load of this benchmark: apt-get install wrk")
    return ["env", f"NAMES={names}", program, "--threads", "1", "--script", str(CHECKOUT / "benchmarks/_tokenize.lua")]


def load(url: str, names: int = NAMES, connections: int = CONNECTIONS, seconds: int = SECONDS) -> Turn:
    command = [*wrk(names), "--connections", str(connections), "--duration", f"{seconds}s", "--latency"]
    report = subprocess.run(
        [*command, "--timeout", "30s", url], check=True, capture_output=True, text=True, timeout=seconds + 60
    ).stdout
    return turn(report)


def turn(report: str) -> Turn:
    """Read what wrk --latency printed. Raises RuntimeError unless every request was answered with 200."""
    if "Non-2xx" in report or "Socket errors" in report:
        raise RuntimeError(f"not every request was answered with 200:\n{report}")
    rate = re.search(r"Requests/sec:\s+([\d.]+)", report)
    latency = re.search(r"99%\s+([\d.]+)(us|ms|s)\s", report)
    if rate is None or latency is None:
        raise RuntimeError(f"not a report of wrk:\n{report}")
    return Turn(float(rate[1]), float(latency[1]) * {"us": 0.001, "ms": 1, "s": 1000}[latency[2]])


@contextlib.contextmanager
def serving(module: str, *arguments: str, port: int) -> Iterator[str]:
    url = f"http://127.0.0.1:{port}"
    environment = {**os.environ, "PYTHONPATH": str(FILES)}
    command = [sys.executable, "-m", module, *arguments]
    null = subprocess.DEVNULL
    with subprocess.Popen(command, cwd=CHECKOUT, env=environment, stdout=null, stderr=null) as process:
        try:
            wait_until(f"{module} answers", lambda: process.poll() is not None or answers(url))
            yield url
        finally:
            process.terminate()


def answers(url: str) -> bool:
    try:
        requests.get(url, timeout=5)
    except requests.ConnectionError:
        return False
    return True


@contextlib.contextmanager
def service(folder: Path, dsn: str | None = None, ca: trustme.CA | None = None) -> Iterator[Service]:
    """With an authority of certificates, over TLS."""
    service = Service(folder, folder / "vault.db", dsn)
    if ca:
        service.speak_tls(ca)
    service.start()
    try:
        yield service
    finally:
        service.terminate()


@contextlib.contextmanager
def postgresql() -> Iterator[Postgresql]:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        cluster_folder = Path(folder) / "cluster"
        cluster_folder.mkdir()
        cluster = Postgresql(cluster_folder)
        cluster.start()
        try:
            yield cluster
        finally:
            cluster.stop("fast")


def memory_while_filling(service: Service) -> tuple[float, float]:
    """Store a million names; return the service's resident memory in MB after the first 100,000, and in the end."""

    def filled(names: int) -> bool:
        time.sleep(0.5)
        return service.metric("tokenization_tokens") >= names

    def memory() -> float:
        return service.metric("process_resident_memory_bytes") / MEGABYTE

    command = [*wrk(0), "--connections", str(CONNECTIONS), "--duration", "900s", service.url]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as filling:
        try:
            wait_until("the first names", lambda: filled(WARM_NAMES), 300)
            warm = memory()
            wait_until("all names", lambda: filled(MANY_NAMES), 900)
            return warm, memory()
        finally:
            filling.terminate()


def measure() -> list[Row]:
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        seed_port, idle_port = free_port(), free_port()
        seed_arguments = (str(folder / "tokens.yml"), str(seed_port), str(NAMES))
        seed = stack.enter_context(serving("benchmarks._seed_service", *seed_arguments, port=seed_port))
        idle = stack.enter_context(serving("benchmarks._idle_service", str(idle_port), port=idle_port))
        dsn = stack.enter_context(postgresql()).dsn
        on_sqlite = stack.enter_context(service(folder / "sqlite"))
        on_postgresql = stack.enter_context(service(folder / "postgresql", dsn))
        over_tls = stack.enter_context(service(folder / "tls", ca=trustme.CA()))
        for warm in (on_sqlite, on_postgresql, over_tls):
            load(warm.url)

        urls = {"idle": idle, "sqlite": on_sqlite.url, "postgresql": on_postgresql.url, "tls": over_tls.url}
        turns = [{name: load(url) for name, url in urls.items()} for _unused in range(TURNS)]
        seed_rate = max(load(seed, connections=1, seconds=10).requests_per_second for _unused in range(2))

        filled = stack.enter_context(service(folder / "filled"))
        warm_memory, full_memory = memory_while_filling(filled)
        many = [(load(on_sqlite.url), load(filled.url, MANY_NAMES)) for _unused in range(TURNS)]

    rates = {name: max(turn[name].requests_per_second for turn in turns) for name in urls}
    latency = min(turn["sqlite"].percentile_99_ms for turn in turns)
    few_latency, many_latency = (min(turn[side].percentile_99_ms for turn in many) for side in (0, 1))
    return [
        Row(
            f"requests/s with {NAMES:,} names, against the first author's design",
            f"{rates['sqlite']:.0f}/s",
            f"{seed_rate:.1f}/s",
            rates["sqlite"] / seed_rate,
            2000,
            at_least=True,
        ),
        Row(
            "requests/s on SQLite, against doing nothing",
            f"{rates['sqlite']:.0f}/s",
            f"{rates['idle']:.0f}/s",
            rates["sqlite"] / rates["idle"],
            0.4,
            at_least=True,
        ),
        Row(
            "requests/s on PostgreSQL, against doing nothing",
            f"{rates['postgresql']:.0f}/s",
            f"{rates['idle']:.0f}/s",
            rates["postgresql"] / rates["idle"],
            0.2,
            at_least=True,
        ),
        Row(
            "requests/s on SQLite over TLS, against without",
            f"{rates['tls']:.0f}/s",
            f"{rates['sqlite']:.0f}/s",
            rates["tls"] / rates["sqlite"],
            0.6,
            at_least=True,
        ),
        Row(
            f"99th percentile at {CONNECTIONS} connections, ms",
            f"{latency:.1f} ms",
            "",
            latency,
            20,
            at_least=False,
        ),
        Row(
            f"99th percentile with {MANY_NAMES:,} names, against {NAMES:,}",
            f"{many_latency:.1f} ms",
            f"{few_latency:.1f} ms",
            many_latency / few_latency,
            1.3,
            at_least=False,
        ),
        Row(
            f"memory from {WARM_NAMES:,} to {MANY_NAMES:,} tokens, MB more",
            f"{full_memory:.1f} MB",
            f"{warm_memory:.1f} MB",
            full_memory - warm_memory,
            10,
            at_least=False,
        ),
    ]
