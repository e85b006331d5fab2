# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""Prometheus with the lab's rules, Alertmanager and the receiver, as the lab configures them, and a mail server."""

from __future__ import annotations

import base64
import contextlib
import http.server
import json
import socketserver
import ssl
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import trustme
from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils import _logins as logins
from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._alert_rules import alert_rules
from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._alertmanager import alertmanager_config
from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._web_config import web_config

from tests.checks.tree import CHECKOUT
from tests.integration.locust_exporter.harness import free_port, get, process, serve
from tests.waiting import wait_until

PASSWORD = "correct horse"
NO_EMAIL = {"to": "", "from": "", "smarthost": "", "username": "", "password_file": "", "require_tls": False}


def told(**values: Any) -> dict[str, Any]:
    """Whom Alertmanager tells, as the role says it: nobody but these."""
    nobody = {"webhook_url": "", "receiver_url": "", "receiver_password_file": "", "page": "http://lab:9090/alerts"}
    return {**nobody, "email": NO_EMAIL, **values}


def fault(config: str, folder: Path) -> str:
    """What amtool finds wrong, called as the role has it called; "" where it takes the configuration."""
    file = folder / "checked.yml"
    file.write_text(config)
    done = subprocess.run(["amtool", "check-config", file], capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stdout + done.stderr


class Mail(socketserver.StreamRequestHandler):
    """As much of SMTP as takes mail of who logs in."""

    logins: list[str]
    mails: list[str]

    def handle(self) -> None:
        self.say("220 mail")
        while line := self.rfile.readline().decode().strip():
            word = line.split()[0].upper()
            if word == "EHLO":
                self.wfile.write(b"250-mail\r\n250 AUTH PLAIN\r\n")
            elif word == "AUTH":
                self.logins.append(base64.b64decode(line.split()[2]).decode())
                self.say("235 welcome")
            elif word == "DATA":
                self.say("354 go on")
                self.mails.append("".join(iter(lambda: self.rfile.readline().decode(), ".\r\n")))
                self.say("250 taken")
            elif word == "QUIT":
                self.say("221 bye")
                return
            else:
                self.say("250 well")

    def say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())


class Page(http.server.BaseHTTPRequestHandler):
    """Metrics as an exporter would tell them: `series` is by what stands before the value."""

    series: dict[str, float]

    def do_GET(self) -> None:
        text = "".join(f"{name} {value}\n" for name, value in self.series.items())
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, format: str, *args: Any) -> None:
        pass


class Lab:
    def __init__(self, folder: Path, prometheus: str, alertmanager: str) -> None:
        self.prometheus = prometheus
        self.alertmanager = alertmanager
        self.file = folder / "alerts.jsonl"
        # Of the exporters that the lab is made to believe it has.
        self.series: dict[str, float] = {}
        self.logins: list[str] = []
        self.mails: list[str] = []
        self.tls = ssl.create_default_context(cafile=folder / "tls" / "authority.crt")

    def ask(
        self, path: str, body: object = None, *, login: bool = True, method: str | None = None, **headers: str
    ) -> tuple[int, Any]:
        """Alertmanager's status and answer, decoded where it is JSON."""
        if login:
            headers["Authorization"] = f"Basic {base64.b64encode(f'alertmanager:{PASSWORD}'.encode()).decode()}"
        data = None if body is None else json.dumps(body).encode()
        request = Request(
            self.alertmanager + path, data, {"Content-Type": "application/json", **headers}, method=method
        )
        try:
            with urlopen(request, timeout=15, context=self.tls) as answer:
                text = answer.read().decode()
                return answer.status, json.loads(text) if text[:1] in ("{", "[") else text
        except HTTPError as error:
            return error.code, None

    def alerts(self) -> dict[str, dict[str, Any]]:
        """Those that Alertmanager has: name → its status."""
        return {alert["labels"]["alertname"]: alert["status"] for alert in self.ask("/api/v2/alerts")[1]}

    def told(self) -> list[tuple[str, str]]:
        """Each alert's name and status, in the order in which the receiver was told."""
        lines = self.file.read_text().splitlines() if self.file.exists() else []
        notifications = [json.loads(line)["notification"] for line in lines]
        return [
            (alert["labels"]["alertname"], alert["status"])
            for notification in notifications
            for alert in notification["alerts"]
        ]

    def query(self, query: str) -> list[float]:
        answer = json.loads(get(f"{self.prometheus}/api/v1/query?query={query}"))
        return [float(one["value"][1]) for one in answer["data"]["result"]]


def make_certificates(folder: Path) -> None:
    (folder / "tls").mkdir()
    authority = trustme.CA()
    issued = authority.issue_cert("127.0.0.1")
    authority.cert_pem.write_to_path(str(folder / "tls" / "authority.crt"))
    issued.private_key_pem.write_to_path(str(folder / "tls" / "tls.key"))
    (folder / "tls" / "tls.crt").write_bytes(b"".join(pem.bytes() for pem in issued.cert_chain_pems))


def prometheus_config(folder: Path, service: Mapping[str, Any], access: logins.Access, exporter: str) -> str:
    config = {
        "global": {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"},
        "rule_files": ["rules.yml"],
        "alerting": logins.alerting([service], access, str(folder)),
        "scrape_configs": [
            *logins.scrape_configs([service], access, str(folder), {}, {}),
            {"job_name": "exporter", "static_configs": [{"targets": [exporter]}]},
        ],
    }
    return json.dumps(config)


@contextlib.contextmanager
def running(folder: Path) -> Iterator[Lab]:
    """All of it, over TLS; what is told is told within seconds."""
    make_certificates(folder)
    (folder / "keys").mkdir()
    for name in ("alertmanager_password", "smtp_password"):
        (folder / "keys" / name).write_text(PASSWORD)
    port, page_port, receiver_port = free_port(), free_port(), free_port()
    lab = Lab(folder, f"http://127.0.0.1:{page_port}", f"https://127.0.0.1:{port}")
    service = {
        "name": "alertmanager",
        "groups": ["alertmanager"],
        "url": lab.alertmanager,
        "metrics": "/metrics",
        "metrics_token": False,
        "each": False,
    }
    options = {"ca_path": "authority", "url_username": "alertmanager", "url_password": PASSWORD}
    exporter = type("Exporter", (Page,), {"series": lab.series})
    post = type("Post", (Mail,), {"logins": lab.logins, "mails": lab.mails})
    receiver = f"127.0.0.1:{receiver_port}"
    with serve(exporter) as metrics, serve(post) as mail:
        email = {
            **NO_EMAIL,
            "to": "people@example.org",
            "from": "lab@example.org",
            "smarthost": mail.removeprefix("http://"),
            "username": "lab",
            "password_file": f"{folder}/keys/smtp_password",
        }
        whom = told(
            receiver_url=f"http://{receiver}/alerts",
            receiver_password_file=f"{folder}/keys/alertmanager_password",
            email=email,
        )
        (folder / "web.yml").write_text(web_config(options, f"{folder}/tls", "salt"))
        config = alertmanager_config(whom)
        assert fault(config, folder) == ""
        assert '"group_interval": "1m"' in config
        (folder / "alertmanager.yml").write_text(config.replace('"1m"', '"1s"').replace('"5s"', '"1s"'))
        rules = alert_rules({"pending": "1s"}, [])
        assert "[90s]" in rules
        (folder / "rules.yml").write_text(rules.replace("[90s]", "[3s]"))
        address = metrics.removeprefix("http://")
        (folder / "prometheus.yml").write_text(prometheus_config(folder, service, {"alertmanager": options}, address))
        with (
            process(
                [
                    sys.executable,
                    str(CHECKOUT / "files" / "alert_receiver" / "alert_receiver.py"),
                    f"--listen-address={receiver}",
                    f"--password-file={folder}/keys/alertmanager_password",
                    f"--file={lab.file}",
                ],
                ready=lambda: get(f"http://{receiver}/-/healthy") == b"",
            ),
            process(
                [
                    "prometheus-alertmanager",
                    f"--config.file={folder}/alertmanager.yml",
                    f"--storage.path={folder}/alertmanager",
                    f"--web.listen-address=127.0.0.1:{port}",
                    f"--web.external-url={lab.alertmanager}",
                    "--web.route-prefix=/",
                    f"--web.config.file={folder}/web.yml",
                    "--cluster.listen-address=",
                ],
                ready=lambda: lab.ask("/-/ready")[0] == 200,
            ),
            process(
                [
                    "prometheus",
                    f"--config.file={folder}/prometheus.yml",
                    f"--storage.tsdb.path={folder}/prometheus",
                    f"--web.listen-address=127.0.0.1:{page_port}",
                ],
                ready=lambda: bool(get(f"{lab.prometheus}/-/ready")),
            ),
        ):
            wait_until("Prometheus scrapes", lambda: lab.query("up") == [1, 1])
            yield lab
