# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""What the exporter adds to Locust's own answer, and what it takes of the machine.

One Locust has 500 endpoints with figures, another has one; both forget their answer after each request, so that every
answer is made anew. Each is asked straight and through the exporter by turns, each time over a fresh connection. What
TLS takes is measured over connections that are kept, as Prometheus keeps them. With the path of a binary of
containersol/locust_exporter in OLD_LOCUST_EXPORTER, its figures stand beside ours.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import socket
import ssl
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import trustme

from benchmarks import Row
from tests.checks.tree import CHECKOUT
from tests.locusts import locust_executable

LOCUST = "2.47.0"
ROUNDS = {1: 300, 500: 40}

LOCUSTFILE = """
import os, random
from locust import User, events, task

class Idle(User):
    @task
    def nothing(self):
        pass

@events.init.add_listener
def fill(environment, **_kwargs):
    for endpoint in range(int(os.environ["ENDPOINTS"])):
        for _ in range(100):
            environment.stats.log_request("GET", f"/api/v1/endpoint/{endpoint}", random.expovariate(1 / 80), 1234)
    memoized = environment.web_ui.app.view_functions["locust.request_stats"]
    while not hasattr(memoized, "clear_cache"):
        memoized = memoized.__wrapped__
    environment.web_ui.app.before_request(memoized.clear_cache)
"""


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


def _seconds(port: int, path: str) -> float:
    """One request over a fresh connection, to the last byte."""
    start = time.perf_counter()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", path, headers={"Connection": "close"})
    answer = connection.getresponse()
    answer.read()
    connection.close()
    assert answer.status == 200, answer.status
    return time.perf_counter() - start


@contextlib.contextmanager
def _process(command: list[str], ready: Callable[[], object], env: dict[str, str]) -> Iterator[int]:
    started = subprocess.Popen(command, env={**os.environ, **env}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _unused in range(300):
            try:
                ready()
                break
            except (OSError, AssertionError):
                time.sleep(0.1)
        yield started.pid
    finally:
        started.terminate()
        started.wait()


@contextlib.contextmanager
def _locust(endpoints: int) -> Iterator[int]:
    port = _free_port()
    with tempfile.NamedTemporaryFile("w", suffix="_locustfile.py") as locustfile:
        locustfile.write(LOCUSTFILE)
        locustfile.flush()
        command = [
            str(locust_executable(LOCUST)), "-f", locustfile.name, "--web-host", "127.0.0.1", "--web-port", str(port),
        ]  # fmt: skip
        with _process(command, lambda: _seconds(port, "/stats/requests"), {"ENDPOINTS": str(endpoints)}):
            yield port


def _cpu_seconds(pid: int) -> float:
    user, system = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def _resident_bytes(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")


def _exporters() -> dict[str, list[str]]:
    exporters = {"exporter": [sys.executable, "-m", "locust_exporter"]}
    if old := os.environ.get("OLD_LOCUST_EXPORTER"):
        exporters["containersol's"] = [old]
    return exporters


def _typical(seconds: list[float]) -> float:
    """Return the lower quartile: what else runs on the machine only ever adds to a measurement."""
    return statistics.quantiles(seconds, n=4)[0]


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.2f} ms"


def _measure_one(name: str, command: list[str], endpoints: int, locust: int) -> list[Row]:
    port = _free_port()
    flags = [f"--locust.uri=http://127.0.0.1:{locust}", f"--web.listen-address=127.0.0.1:{port}"]
    env = {"PYTHONPATH": str(CHECKOUT / "files" / "locust_exporter")}
    with _process([*command, *flags], lambda: _seconds(port, "/metrics"), env) as pid:
        straight, through, cpu = [], [], 0.0
        for _unused in range(ROUNDS[endpoints]):
            straight.append(_seconds(locust, "/stats/requests"))
            before = _cpu_seconds(pid)
            through.append(_seconds(port, "/metrics"))
            cpu += _cpu_seconds(pid) - before
        own, reference = _typical(through), _typical(straight)
        ours = name == "exporter"
        what = f"{name}, {endpoints} endpoint{'s' if endpoints > 1 else ''}"
        bound = (3.0 if endpoints > 1 else 1.5) if ours else float("inf")
        rows = [
            Row(f"{what}: time of a scrape / Locust's answer", _ms(own), _ms(reference), own / reference, bound, False)
        ]
        if endpoints > 1:
            each = cpu / ROUNDS[endpoints] * 1000
            memory = _resident_bytes(pid) / 1e6
            rows += [
                Row(f"{what}: CPU of a scrape, ms", f"{each:.1f} ms", "", each, 60 if ours else float("inf"), False),
                Row(
                    f"{what}: resident memory, MB", f"{memory:.1f} MB", "", memory, 50 if ours else float("inf"), False
                ),
            ]
        return rows


def _kept_seconds(connection: http.client.HTTPConnection) -> float:
    """One scrape over a connection that stays, to the last byte."""
    start = time.perf_counter()
    connection.request("GET", "/metrics")
    answer = connection.getresponse()
    answer.read()
    assert answer.status == 200, answer.status
    assert not answer.will_close
    return time.perf_counter() - start


def _measure_tls(endpoints: int, locust: int) -> Row:
    """Compare two exporters of one Locust, one of which speaks TLS, by turns."""
    ca = trustme.CA()
    issued = ca.issue_cert("127.0.0.1")
    context = ssl.create_default_context()
    ca.configure_trust(context)
    ports = _free_port(), _free_port()
    exporter = _exporters()["exporter"]
    env = {"PYTHONPATH": str(CHECKOUT / "files" / "locust_exporter")}
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        issued.private_key_and_cert_chain_pem.write_to_path(f"{folder}/server.pem")
        web = Path(folder) / "web.yml"
        web.write_text(json.dumps({"tls_server_config": dict.fromkeys(("cert_file", "key_file"), "server.pem")}))
        plain = http.client.HTTPConnection("127.0.0.1", ports[0], timeout=10)
        tls = http.client.HTTPSConnection("127.0.0.1", ports[1], timeout=10, context=context)
        seconds: dict[http.client.HTTPConnection, list[float]] = {plain: [], tls: []}
        for connection, flags in ((plain, []), (tls, [f"--web.config.file={web}"])):
            flags += [f"--locust.uri=http://127.0.0.1:{locust}", f"--web.listen-address=127.0.0.1:{connection.port}"]
            stack.enter_context(_process([*exporter, *flags], connection.connect, env))
        for _unused in range(ROUNDS[endpoints]):
            for connection, found in seconds.items():
                found.append(_kept_seconds(connection))
        off, on = (_typical(found) for found in seconds.values())
        what = f"exporter, {endpoints} endpoint{'s' if endpoints > 1 else ''}: scrapes a second, TLS on / off"
        return Row(what, f"{1 / on:.0f}/s", f"{1 / off:.0f}/s", off / on, 0.6, True)


def measure() -> list[Row]:
    rows: list[Row] = []
    for endpoints in (500, 1):
        with _locust(endpoints) as locust:
            for name, command in _exporters().items():
                rows += _measure_one(name, command, endpoints, locust)
            rows.append(_measure_tls(endpoints, locust))
    return rows
