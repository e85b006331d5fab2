# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""A recording proxy before a real Grafana, and a player of what it recorded.

The player is no Grafana: it knows the recorded requests, in their order, and answers each as the real one did. Anything
else that is asked fails the test.
"""

from __future__ import annotations

import json
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from ansible_collections.devsecops.monitor_lab.plugins.module_utils._grafana.client import Grafana

JSON = dict[str, Any]

USER = PASSWORD = "admin"
LOGIN = "Basic YWRtaW46YWRtaW4="
# Whose login it is, and the secrets, are no part of a recording.
SCRUBBED = {"Basic": "Basic <login:password>", "Bearer": "Bearer <token>"}
KEPT_HEADERS = ("X-Grafana-Org-Id",)


class Exchanges:
    """Answers requests, and keeps each as it came, with its answer, in `seen`."""

    def __init__(self) -> None:
        self.seen: list[JSON] = []

    def answer(self, request: JSON, login: str | None) -> JSON:
        raise NotImplementedError

    def methods(self) -> set[str]:
        return {exchange["request"]["method"] for exchange in self.seen}


class Player(Exchanges):
    def __init__(self, recording: Path) -> None:
        super().__init__()
        self._left: list[JSON] = json.loads(recording.read_text(encoding="utf-8"))["exchanges"]
        self.unexpected: list[str] = []

    def answer(self, request: JSON, login: str | None) -> JSON:
        if not self._left or self._left[0]["request"] != request:
            expected = self._left[0]["request"] if self._left else "nothing more"
            self.unexpected.append(f"asked: {json.dumps(request)}\nrecorded: {json.dumps(expected)}")
            return {"status": 500, "content_type": "text/plain", "body": "not what was recorded"}
        response: JSON = self._left.pop(0)["response"]
        return response

    def close(self) -> None:
        assert not self.unexpected, "\n".join(self.unexpected)
        assert not self._left, f"recorded, but not asked: {self._left[0]['request']}"


class Recorder(Exchanges):
    def __init__(self, grafana: str, recording: Path) -> None:
        super().__init__()
        self._grafana, self._recording = grafana, recording
        self._exchanges: list[JSON] = []

    def answer(self, request: JSON, login: str | None) -> JSON:
        response = ask(self._grafana, request, login)
        self._exchanges.append({"request": request, "response": response})
        return response

    def close(self) -> None:
        recording = {
            "what": "answers of a real Grafana 7.5.5 (SQLite, defaults) to these requests, in this order",
            "recorded": date.today().isoformat(),
            "exchanges": [scrub(exchange) for exchange in self._exchanges],
        }
        self._recording.parent.mkdir(exist_ok=True)
        self._recording.write_text(json.dumps(recording, indent=1) + "\n", encoding="utf-8")


def ask(grafana: str, request: JSON, login: str | None) -> JSON:
    headers = {"Accept": "application/json", **request["headers"]}
    if login is not None:
        headers["Authorization"] = login
    data = None
    if request["body"] is not None:
        data, headers["Content-Type"] = json.dumps(request["body"]).encode(), "application/json"
    asked = urllib.request.Request(grafana + request["path"], data, headers, method=request["method"])
    try:
        with urllib.request.urlopen(asked, timeout=30) as answer:
            return shortened(request["path"], answer.status, answer.headers["Content-Type"], answer.read())
    except urllib.error.HTTPError as error:
        with error:
            return shortened(request["path"], error.code, error.headers["Content-Type"], error.read())


def shortened(path: str, status: int, content_type: str, content: bytes) -> JSON:
    """The answer, without what of the frontend's settings (70 kB) nobody here reads."""
    body: Any = json.loads(content) if "json" in content_type else content.decode()
    if path == "/api/frontend/settings" and status == 200:
        keys = ("id", "uid", "name", "type", "isDefault")
        sources = body["datasources"]
        body = {
            "buildInfo": body["buildInfo"],
            "datasources": {name: {key: one[key] for key in keys if key in one} for name, one in sources.items()},
            "defaultDatasource": body["defaultDatasource"],
            "panels": {name: {} for name in body["panels"]},
            "_cut": "only these keys kept; of panels their names, of data sources what names them",
        }
    return {"status": status, "content_type": content_type, "body": body}


def scrub(exchange: JSON) -> JSON:
    body = exchange["response"]["body"]
    if exchange["request"]["path"] == "/api/auth/keys" and "key" in body:
        body["key"] = "<token>"
    return exchange


@contextmanager
def served(exchanges: Exchanges, prefix: str = "") -> Iterator[str]:
    """Serve at a free port of the loopback below `prefix`, as a reverse proxy with a sub-path does; yield the URL."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def handle_one_request(self) -> None:
            self.raw_requestline = self.rfile.readline(65537)
            if not self.raw_requestline or not self.parse_request():
                self.close_connection = True
                return
            content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            login = self.headers.get("Authorization")
            headers = {name: self.headers[name] for name in KEPT_HEADERS if name in self.headers}
            if login is not None:
                headers["Authorization"] = SCRUBBED[login.split()[0]]
            request = {
                "method": self.command,
                "path": self.path.removeprefix(prefix),
                "headers": headers,
                "body": json.loads(content) if content else None,
            }
            response = exchanges.answer(request, login)
            exchanges.seen.append({"request": request, "response": response})
            body = response["body"]
            data = (json.dumps(body) if "json" in response["content_type"] else str(body)).encode()
            self.send_response(response["status"])
            self.send_header("Content-Type", response["content_type"])
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_unused: Any) -> None:
            """Requests are in `seen`."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}{prefix}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@dataclass
class Lab:
    """The Grafana that a test has; what the test itself asks of it is recorded too."""

    url: str
    exchanges: Exchanges

    def client(self, **options: Any) -> Grafana:
        if "token" not in options:
            options = {"username": USER, "password": PASSWORD, **options}
        return Grafana(self.url, **options)

    def api(self, method: str, path: str, body: Any = None) -> Any:
        """What a person does there, with the admin's login."""
        headers = {"Authorization": "Basic <login:password>"}
        response = self.exchanges.answer({"method": method, "path": path, "headers": headers, "body": body}, LOGIN)
        return response["body"]

    def forget(self) -> None:
        self.exchanges.seen.clear()
