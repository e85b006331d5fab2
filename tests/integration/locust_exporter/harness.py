# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""Real servers for the tests, each on a free port of the loopback address and ended with its `with` block."""

from __future__ import annotations

import contextlib
import http.server
import json
import os
import signal
import socket
import socketserver
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from prometheus_client.parser import text_string_to_metric_families

from tests.checks.tree import CHECKOUT
from tests.locusts import locust_executable
from tests.waiting import wait_until

HERE = Path(__file__).resolve().parent
EXPORTER = CHECKOUT / "files" / "locust_exporter"
PLUGIN = CHECKOUT / "files" / "locust" / "histograms.py"

Labels = tuple[tuple[str, str], ...]
Series = dict[tuple[str, Labels], float]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


def get(url: str, headers: Mapping[str, str] | None = None) -> bytes:
    with urlopen(Request(url, headers=dict(headers or {})), timeout=120) as answer:
        body: bytes = answer.read()
        return body


@contextlib.contextmanager
def process(
    command: list[str], env: Mapping[str, str] | None = None, ready: Callable[[], bool] | None = None
) -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
    """A process and the file that it writes its output into."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        with log.open("wb") as output:
            started = subprocess.Popen(
                command, stdout=output, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, cwd=folder,
                env={**os.environ, "PYTHONUNBUFFERED": "1", **(env or {})},
            )  # fmt: skip
        try:
            if ready:
                wait_until(
                    f"{command[0]} answers",
                    lambda: (started.poll() is not None and _fail(f"{command} ended:\n{log.read_text()}")) or ready(),
                )
            yield started, log
        finally:
            started.terminate()
            try:
                started.wait(10)
            except subprocess.TimeoutExpired:
                started.kill()
                started.wait()


def _fail(text: str) -> bool:
    raise AssertionError(text)


class Target(http.server.BaseHTTPRequestHandler):
    """What the load goes to."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        self._answer(500 if self.path.startswith("/failing") else 200)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        time.sleep(0.03)
        self._answer(200)

    def _answer(self, status: int) -> None:
        self.send_response(status)
        self.send_header("Content-Length", "5")
        self.end_headers()
        self.wfile.write(b"hello")

    def log_message(self, format: str, *args: Any) -> None:
        pass


class QuietServer(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Says nothing: a killed worker leaves its requests in the middle."""


@contextlib.contextmanager
def serve(handler: type[socketserver.BaseRequestHandler]) -> Iterator[str]:
    """A server of this process; gives its address."""
    server = QuietServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@dataclass
class Worker:
    process: subprocess.Popen[bytes]

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def quit(self) -> None:
        self.process.terminate()
        self.process.wait(10)


class RealLocust:
    """A Locust master, or a Locust on its own, with its web interface."""

    def __init__(self, version: str, url: str, process: subprocess.Popen[bytes], log: Path, master_port: int) -> None:
        self.version = version
        self.url = url
        self.process = process
        self.log = log
        self.workers: list[Worker] = []
        self._master_port = master_port

    def page(self) -> dict[str, Any]:
        """What Locust's own page is drawn from."""
        page: dict[str, Any] = json.loads(get(f"{self.url}/stats/requests"))
        return page

    def row(self, name: str) -> dict[str, Any]:
        return next(row for row in self.page()["stats"] if row["name"] == name)

    def wait_for(self, what: str, condition: Callable[[dict[str, Any]], bool], seconds: float = 120) -> None:
        last: dict[str, Any] = {}

        def holds() -> bool:
            last.update(self.page())
            return condition(last)

        try:
            wait_until(what, holds, seconds)
        except AssertionError as error:
            log = self.log.read_text(encoding="utf-8")[-3000:]
            raise AssertionError(f"Locust {self.version}: {error}\nits page: {last}\nits log:\n{log}") from None

    def swarm(self, target: str, users: int, spawn_rate: float) -> None:
        form = urlencode({"user_count": users, "spawn_rate": spawn_rate, "host": target}).encode()
        answer = json.loads(urlopen(Request(f"{self.url}/swarm", data=form), timeout=15).read())
        assert answer["success"], answer

    def stop(self) -> None:
        self._tell("/stop")

    def reset(self) -> None:
        """Again until the page shows it: what a worker sent before it stopped may come after a reset."""

        def is_reset(page: dict[str, Any]) -> bool:
            if page["stats"][-1]["num_requests"] == 0:
                return True
            self._tell("/stats/reset")
            return False

        self.wait_for("reset", is_reset)

    def _tell(self, path: str) -> None:
        new = tuple(map(int, self.version.split("."))) >= (2, 47)
        urlopen(Request(self.url + path, method="POST" if new else "GET"), timeout=15).read()

    @contextlib.contextmanager
    def worker(self, file: Path = HERE / "load.py") -> Iterator[Worker]:
        command = [
            str(locust_executable(self.version)), "-f", str(file), "--worker",
            "--master-host", "127.0.0.1", "--master-port", str(self._master_port),
        ]  # fmt: skip
        with process(command) as (started, _log):
            yield Worker(started)

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


@contextlib.contextmanager
def locust(
    version: str,
    *arguments: str,
    files: tuple[Path, ...] = (HERE / "load.py",),
    env: Mapping[str, str] | None = None,
    master: bool = False,
    port: int = 0,
    path: str = "",
    scheme: str = "http",
    ready: Callable[[str], bool] | None = None,
) -> Iterator[RealLocust]:
    port = port or free_port()
    master_port = free_port()
    command = [
        str(locust_executable(version)), "-f", ",".join(map(str, files)),
        "--web-host", "127.0.0.1", "--web-port", str(port), *arguments,
    ]  # fmt: skip
    if master:
        command += ["--master", "--master-bind-host", "127.0.0.1", "--master-bind-port", str(master_port)]
    url = f"{scheme}://127.0.0.1:{port}{path}"
    answers = ready or (lambda url: bool(get(f"{url}/stats/requests")))
    with process(command, env, lambda: answers(url)) as (started, log):
        yield RealLocust(version, url, started, log, master_port)


class RealExporter:
    def __init__(self, url: str, process: subprocess.Popen[bytes], log: Path) -> None:
        self.url = url
        self.process = process
        self.log = log

    def text(self) -> str:
        return get(f"{self.url}/metrics").decode("utf-8")

    def series(self) -> Series:
        return series(self.text())

    def wait_for(self, what: str, condition: Callable[[Series], bool], seconds: float = 120) -> None:
        wait_until(what, lambda: condition(self.series()), seconds)


def series(text: str) -> Series:
    found: Series = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            key = sample.name, tuple(sorted(sample.labels.items()))
            assert key not in found, f"{key} is on the page twice"
            found[key] = sample.value
    return found


@contextlib.contextmanager
def exporter(uri: str, *arguments: str, env: Mapping[str, str] | None = None) -> Iterator[RealExporter]:
    port = free_port()
    command = [
        sys.executable, "-m", "locust_exporter", f"--locust.uri={uri}", f"--web.listen-address=127.0.0.1:{port}",
        *arguments,
    ]  # fmt: skip

    def listens() -> bool:
        socket.create_connection(("127.0.0.1", port), 5).close()
        return True

    with process(command, {"PYTHONPATH": str(EXPORTER), **(env or {})}, listens) as (started, log):
        yield RealExporter(f"http://127.0.0.1:{port}", started, log)


class Prometheus:
    def __init__(self, url: str, process: subprocess.Popen[bytes], log: Path) -> None:
        self.url = url
        self.process = process
        self.log = log

    def query(self, query: str) -> dict[Labels, float]:
        answer = json.loads(get(f"{self.url}/api/v1/query?{urlencode({'query': query})}"))
        assert answer["status"] == "success", answer
        return {tuple(sorted(one["metric"].items())): float(one["value"][1]) for one in answer["data"]["result"]}

    def names(self) -> set[str]:
        """The names of the metrics that have a series at this moment."""
        return {dict(labels)["__name__"] for labels in self.query('{__name__=~".+",job="locust_exporter"}')}

    def health(self) -> str:
        """What is wrong with the last scrape, as Prometheus itself says it; empty if nothing is."""
        targets = json.loads(get(f"{self.url}/api/v1/targets"))["data"]["activeTargets"]
        error: str = targets[0]["lastError"]
        return error


@contextlib.contextmanager
def prometheus(target: str, *, interval: str = "1s", extra: str = "", data: Path | None = None) -> Iterator[Prometheus]:
    """Debian's Prometheus, which scrapes the exporter at `target` (HOST:PORT); `extra` are lines of that job."""
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "prometheus.yml"
        config.write_text(
            f"global: {{scrape_interval: {interval}, scrape_timeout: {interval}}}\n"
            "scrape_configs:\n"
            "  - job_name: locust_exporter\n"
            f"    static_configs: [{{targets: ['{target}']}}]\n{extra}",
            encoding="utf-8",
        )
        command = [
            "prometheus", f"--config.file={config}", f"--storage.tsdb.path={data or folder + '/data'}",
            f"--web.listen-address=127.0.0.1:{port}",
        ]  # fmt: skip
        url = f"http://127.0.0.1:{port}"
        with process(command, ready=lambda: bool(get(f"{url}/-/ready"))) as (started, log):
            yield Prometheus(url, started, log)
