# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._grafana.client import Grafana, GrafanaError
from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._load_reports import (
    annotation_tags,
    annotation_text,
    report_url,
)

RECORDING = Path(__file__).with_name("recordings") / "grafana-7.5.5.json"


class RecordedGrafana:
    """Stands in for a Grafana 7.5.5, with what a real one answered; anything else is 404."""

    def __init__(self) -> None:
        exchanges = json.loads(RECORDING.read_text())["exchanges"]
        answers = {(each["request"]["method"], each["request"]["path"]): each["response"] for each in exchanges}
        self.posted: list[dict[str, Any]] = []
        posted = self.posted

        class Handler(BaseHTTPRequestHandler):
            def answer(self) -> None:
                if self.command == "POST":
                    posted.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                recorded = answers.get((self.command, self.path), {"status": 404, "body": {"message": "Not found"}})
                body = json.dumps(recorded["body"]).encode()
                self.send_response(recorded["status"])
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST = answer

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()

    def close(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture
def grafana() -> Iterator[RecordedGrafana]:
    server = RecordedGrafana()
    yield server
    server.close()


def test_what_is_shown_is_text_and_a_link_to_the_report() -> None:
    """Grafana shows annotations as HTML; thresholds and the names of endpoints are anybody's."""
    text = "Load run r failed: POST /<b>: p95 300 is not < 200"
    shown = "Load run r failed: POST /&lt;b&gt;: p95 300 is not &lt; 200"
    assert annotation_text(text, "") == shown
    at = report_url("https://ci.example.org/a?x=1&y=", "run 1", "lab_report.html")
    assert annotation_text(text, at) == (
        f'{shown}<br><a href="https://ci.example.org/a?x=1&amp;y=/run%201/lab_report.html">Its report</a>'
    )


def annotate(url: str, uid: str | None) -> None:
    client = Grafana(url, username="admin", password="secret", timeout=5)
    client.annotate(uid, 1700000000.0, 1700000060.0, "run 1", annotation_tags("passed", "shop"))


def test_annotation_is_over_the_run_on_the_dashboard_by_its_number(grafana: RecordedGrafana) -> None:
    annotate(grafana.url, "lab-locust")
    (sent,) = grafana.posted
    number = sent.pop("dashboardId")
    assert isinstance(number, int) and number > 0
    assert sent == {
        "time": 1700000000000,
        "timeEnd": 1700000060000,
        "tags": ["locust_run", "passed", "lab:shop"],
        "text": "run 1",
    }


def test_annotation_without_a_dashboard_is_everybodys(grafana: RecordedGrafana) -> None:
    annotate(grafana.url, None)
    assert "dashboardId" not in grafana.posted[0]


def test_unknown_dashboard_is_named(grafana: RecordedGrafana) -> None:
    with pytest.raises(GrafanaError, match="no dashboard nowhere"):
        annotate(grafana.url, "nowhere")
    assert grafana.posted == []


def test_grafana_that_is_down_is_an_error_without_the_password() -> None:
    server = RecordedGrafana()
    server.close()
    with pytest.raises(GrafanaError) as error:
        annotate(server.url, None)
    assert "secret" not in str(error.value)
