# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""A target whose latency and failures a test sets, real Locusts, and playbooks that run against them."""

from __future__ import annotations

import contextlib
import json
import os
import re
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import yaml

from tests.checks.tree import CHECKOUT
from tests.locusts import locust_executable
from tests.waiting import wait_until

LOCUSTFILE = Path(__file__).with_name("locustfile.py")


@dataclass
class Target:
    """A web server on loopback. Every answer takes `latency` seconds and is an error where `fails` says so."""

    url: str
    latency: float = 0.005
    fails: bool = False


@contextlib.contextmanager
def serving_target() -> Iterator[Target]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            time.sleep(target.latency)
            self.send_response(500 if target.fails else 200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            # Locust closes connections in the middle when it stops.
            with contextlib.suppress(ConnectionError):
                self.wfile.write(b"ok")

        do_GET = do_POST = answer

        def handle(self) -> None:
            with contextlib.suppress(ConnectionError):
                super().handle()

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    target = Target(f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield target
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Locust:
    """A real Locust with its web interface."""

    port: int
    journal: Path
    process: subprocess.Popen[bytes]
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def state(self) -> str:
        """Locust's state as its front page has it, which is never cached."""
        with urllib.request.urlopen(f"{self.url}/", timeout=5) as answer:
            page = answer.read().decode()
        found = re.search(r'"state": "(\w+)"|<body class="(\w+)"', page)
        assert found, page[:300]
        return found.group(1) or found.group(2)

    def post(self, path: str, **form: Any) -> None:
        body = "&".join(f"{name}={value}" for name, value in form.items()).encode()
        urllib.request.urlopen(f"{self.url}{path}", data=body, timeout=5).close()

    def get(self, path: str) -> None:
        urllib.request.urlopen(f"{self.url}{path}", timeout=5).close()

    def requests(self) -> list[str]:
        """What the web interface was asked: method, path and form of each request."""
        lines = self.journal.read_text().splitlines() if self.journal.exists() else []
        return [line.split(" ", 1)[1].strip() for line in lines]

    def moments(self) -> list[float]:
        """When each of `requests` came, in seconds since the epoch."""
        return [float(line.split(" ", 1)[0]) for line in self.journal.read_text().splitlines()]

    def changes(self) -> list[str]:
        return [line for line in self.requests() if re.search("/swarm|/stop|/reset", line)]

    def wait_for(self, *states: str, seconds: float = 60) -> None:
        wait_until(f"Locust is {' or '.join(states)}", lambda: self.state() in states, seconds)

    def wait_until_watched(self) -> None:
        """Until the run has been looked at often enough to be known, whatever the machine does beside it."""

        def looks() -> int:
            asked = self.requests()
            begun = next((number for number, line in enumerate(asked) if "/swarm" in line), len(asked))
            return sum("/stats/requests" in line for line in asked[begun:])

        wait_until("the run is watched", lambda: looks() >= 4, 60)


class Locusts:
    """Starts Locusts and ends them all."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._processes: list[subprocess.Popen[bytes]] = []

    def start(
        self,
        version: str,
        *arguments: str,
        workers: int = 0,
        port: int | None = None,
        login: str | None = None,
        endpoints: int = 0,
        breaks: bool = False,
    ) -> Locust:
        """Start a Locust of a version and wait until it listens."""
        journal = self._directory / f"journal-{len(self._processes)}"
        port = port or free_port()
        master_port = str(free_port())
        environment = {**os.environ, "REQUEST_JOURNAL": str(journal), "ENDPOINTS": str(endpoints)}
        if breaks:
            environment["BREAKS"] = "1"
        if login:
            environment["WEB_LOGIN"] = login
        web = ["--web-host", "127.0.0.1", "--web-port", str(port), *(["--web-login"] if login else [])]
        master = ["--master", "--master-bind-host", "127.0.0.1", "--master-bind-port", master_port] if workers else []
        journaled = ("-f", str(LOCUSTFILE))
        locust = Locust(port, journal, self.spawn(version, environment, *journaled, *web, *master, *arguments))
        for _unused in range(workers):
            worker = self.spawn(version, environment, *journaled, "--worker", "--master-port", master_port)
            locust.workers.append(worker)
        wait_until("Locust listens", lambda: listens(port), 30)
        return locust

    def spawn(self, version: str, environment: dict[str, str], *arguments: str) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [locust_executable(version), *arguments],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._processes.append(process)
        return process

    def end(self) -> None:
        for process in self._processes:
            process.kill()
            process.wait()


def listens(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


@dataclass
class Play:
    """What a playbook with one task came to. `stdout` is what a JSON callback printed."""

    code: int
    stdout: str
    stderr: str
    artifacts: Path

    @property
    def result(self) -> dict[str, Any]:
        host = json.loads(self.stdout)["plays"][0]["tasks"][0]["hosts"]["localhost"]
        assert isinstance(host, dict)
        return host

    @property
    def progress(self) -> list[str]:
        return [line for line in self.stderr.splitlines() if "requests/s" in line]

    @property
    def run(self) -> Path:
        """The directory of the only run."""
        (directory,) = self.artifacts.iterdir()
        return directory

    @property
    def samples(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (self.run / "samples.jsonl").read_text().splitlines()]

    @property
    def summary(self) -> dict[str, Any]:
        read = json.loads((self.run / "summary.json").read_text())
        assert isinstance(read, dict)
        return read


class Playbook:
    """Runs the module in a real ansible-playbook."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.artifacts = directory / "artifacts"
        self.processes: list[subprocess.Popen[str]] = []

    def start(self, *arguments: str, module: str = "locust_run", **options: Any) -> subprocess.Popen[str]:
        if module == "locust_run":
            options = {"artifacts_dir": str(self.artifacts), **options}
        environment = options.pop("environment", {})
        task = {f"devsecops.monitor_lab.{module}": options, "environment": environment}
        play = [{"hosts": "localhost", "connection": "local", "gather_facts": False, "tasks": [task]}]
        path = self.directory / f"play-{len(self.processes)}.yml"
        path.write_text(yaml.safe_dump(play))
        process = subprocess.Popen(
            [
                "ansible-playbook",
                "-i",
                "localhost,",
                "-e",
                f"ansible_python_interpreter={sys.executable}",
                *arguments,
                path,
            ],
            cwd=CHECKOUT,
            env={
                **os.environ,
                "ANSIBLE_CONFIG": str(CHECKOUT / "ansible.cfg"),
                "ANSIBLE_STDOUT_CALLBACK": "ansible.posix.json",
                "TMPDIR": str(self.directory),
                "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.processes.append(process)
        return process

    def finish(self, process: subprocess.Popen[str], seconds: float = 90) -> Play:
        stdout, stderr = process.communicate(timeout=seconds)
        return Play(process.returncode, stdout, stderr, self.artifacts)

    def run(self, *arguments: str, **options: Any) -> Play:
        return self.finish(self.start(*arguments, **options))

    def end(self) -> None:
        for process in self.processes:
            process.kill()
            process.wait()
