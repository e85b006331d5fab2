# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""A lab for the dashboards to look at: a real Locust, its exporter, the service and Prometheus with the lab's rules.

The containers are of made-up folders, and node_exporter's page is one that version 1.5.0 gave once.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from ansible_collections.devsecops.monitor_lab.plugins.module_utils._locust.client import LocustClient
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._locust.mark import leave

from tests import alert_cases
from tests.checks.tree import CHECKOUT
from tests.integration.locust_exporter import harness
from tests.unit.container_exporter import host

FILES = CHECKOUT / "files"
NODE_EXPORTER = Path(__file__).with_name("recordings") / "node_exporter-1.5.0.txt"
CONTAINER = "tokenization-service-pod-tokenization"
THRESHOLDS = [
    {"figure": figure, "comparison": comparison, "limit": limit, "name": "", "method": ""}
    for figure, comparison, limit in (("p95", "<", 200.0), ("rps", ">", 1.0), ("fail_ratio", "<", 0.2))
]


class NodeExporter(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.end_headers()
        self.wfile.write(NODE_EXPORTER.read_bytes())

    def log_message(self, format: str, *args: Any) -> None:
        pass


@dataclass
class Run:
    """One that leaves its mark, as locust_run does."""

    locust: harness.RealLocust
    name: str
    lab: str = "shop"
    started: float = field(default_factory=time.time)

    def mark(self, ended: float | None = None, verdict: str | None = None, **more: str) -> None:
        mark = {"run": self.name, "lab": self.lab, "started": self.started, "ended": ended, "verdict": verdict, **more}
        assert leave(LocustClient(self.locust.url), {**mark, "thresholds": THRESHOLDS}, time)["marked"]


@dataclass
class Lab:
    prometheus: harness.Prometheus
    locust: harness.RealLocust
    exporter: harness.RealExporter
    service: str
    target: str
    # Of the dashboards' variables.
    values: Mapping[str, str]

    def call(self, path: str, body: Any, token: str = "") -> None:
        """Ask the service, whatever it answers."""
        headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {token}"} if token else {})}
        try:
            urlopen(Request(self.service + path, json.dumps(body).encode(), headers), timeout=10).close()
        except HTTPError as error:
            error.close()
        except URLError:
            # It does not wait for the end of what is too large.
            pass

    def series(self, query: str, start: float, end: float) -> list[dict[str, Any]]:
        """Return what Prometheus has over a time: [{"metric": labels, "values": [[time, text], …]}, …]."""
        asked = urlencode({"query": query, "start": start, "end": end, "step": 1})
        answer = json.loads(harness.get(f"{self.prometheus.url}/api/v1/query_range?{asked}"))
        found: list[dict[str, Any]] = answer["data"]["result"]
        return found


def containers(folder: Path) -> list[str]:
    """Make the folders of a host with a container, and return the exporter's arguments."""
    host.podman(folder / "podman", {host.SERVICE: CONTAINER})
    host.unified(folder / "cgroup", f"machine.slice/libpod-{host.SERVICE}.scope")
    host.process(folder / "proc", 7, f"0::/machine.slice/libpod-{host.SERVICE}.scope\n", 0)
    (folder / "docker").mkdir()
    return [f"--path.{kind}={folder / kind}" for kind in ("cgroup", "proc", "docker", "podman")]


@contextmanager
def watched_lab(folder: Path) -> Iterator[Lab]:
    (folder / "key").write_text("11" * 32)
    (folder / "token").write_text("a-token-that-nobody-uses")
    groups = [{**group, "interval": "1s"} for group in alert_cases.groups()]
    (folder / "rules.yml").write_text(json.dumps({"groups": groups}))
    service, container = (f"127.0.0.1:{harness.free_port()}" for _unused in range(2))
    environment = {
        "TOKENIZATION_PORT": service.split(":")[1],
        "TOKENIZATION_DATABASE": str(folder / "vault.db"),
        "TOKENIZATION_PRIVATE_KEY_FILE": str(folder / "key"),
        "TOKENIZATION_BEARER_TOKEN_FILE": str(folder / "token"),
        "PYTHONPATH": str(FILES / "tokenization"),
    }
    exporters = {"PYTHONPATH": f"{FILES / 'container_exporter'}:{FILES / 'locust_exporter'}"}
    listen = f"--web.listen-address={container}"
    with ExitStack() as started:
        start = started.enter_context
        command = [sys.executable, "-m", "tokenization"]
        start(harness.process(command, environment, lambda: bool(harness.get(f"http://{service}/readyz"))))
        command = [sys.executable, "-m", "container_exporter", listen, *containers(folder)]
        start(harness.process(command, exporters, lambda: bool(harness.get(f"http://{container}/metrics"))))
        nodes = start(harness.serve(NodeExporter)).removeprefix("http://")
        plugins = tuple(FILES / "locust" / name for name in ("histograms.py", "run_mark.py"))
        locust = start(harness.locust("2.47.0", files=(harness.HERE / "load.py", *plugins), master=True))
        start(locust.worker())
        target = start(harness.serve(harness.Target))
        exporter = start(harness.exporter(locust.url))
        scraped = exporter.url.removeprefix("http://")
        jobs = "".join(
            f"  - job_name: {name}\n    static_configs: [{{targets: ['{at}']}}]\n"
            for name, at in (("tokenization", service), ("container_exporter", container), ("node_exporter", nodes))
        )
        prometheus = start(harness.prometheus(scraped, extra=f"{jobs}rule_files: ['{folder / 'rules.yml'}']\n"))
        locust.wait_for("the worker is there", lambda page: len(page["workers"]) == 1)
        values = {
            "exporter_job": "locust_exporter",
            "exporter": scraped,
            "endpoint": ".*",
            "percentile": "0.95",
            "lab": "shop",
            "service_job": "tokenization",
            "service": service,
            "route": ".*",
            "container": CONTAINER,
            "host_job": "node_exporter",
            "host": ".*",
        }
        yield Lab(prometheus, locust, exporter, f"http://{service}", target, values)
