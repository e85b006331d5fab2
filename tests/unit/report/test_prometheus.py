# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""Whatever answers in Prometheus's place ends in one kind of error, without the login."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._report import prometheus as module
from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._report.prometheus import (
    Prometheus,
    PrometheusError,
    prometheus_from,
)

PASSWORD = "of-these-tests"


class Answers:
    """Answers everything with the same."""

    def __init__(self) -> None:
        self.status, self.body, self.asked = 200, b"", list[str]()
        answers = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                answers.asked.append(self.path)
                self.send_response(answers.status)
                self.send_header("Location", "http://127.0.0.1:9/elsewhere")
                self.send_header("Content-Length", str(len(answers.body)))
                self.end_headers()
                self.wfile.write(answers.body)

            def log_message(self, format: str, *arguments: object) -> None:
                pass

        self.server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()


@pytest.fixture
def answers() -> Iterator[Answers]:
    made = Answers()
    yield made
    made.server.shutdown()
    made.thread.join()
    made.server.server_close()


@pytest.mark.parametrize(
    ("status", "body", "problem"),
    [
        (401, b"Unauthorized", "answered HTTP 401"),
        (302, b"", "answered HTTP 302"),
        (400, b'{"status": "error", "error": "bad_data: parse error"}', "answered HTTP 400: bad_data: parse error"),
        (200, b"<html>", "did not answer as a Prometheus does"),
        (200, b"[" * 100000, "did not answer as a Prometheus does"),
        (200, b'{"data": {"result": [{"metric": {}}]}}', "did not answer as a Prometheus does"),
        (
            200,
            b'{"data": {"result": [{"metric": {}, "values": [[1, "many"]]}]}}',
            "did not answer as a Prometheus does",
        ),
        (200, b'{"data": {"result": [{"metric": 7, "values": []}]}}', "did not answer as a Prometheus does"),
        (200, b"x" * 1001, "is larger than 1000 bytes"),
    ],
)
def test_what_is_no_answer_is_told(
    status: int, body: bytes, problem: str, answers: Answers, monkeypatch: pytest.MonkeyPatch
) -> None:
    if len(body) == 1001:
        monkeypatch.setattr(module, "MOST_BYTES", 1000)
    answers.status, answers.body = status, body
    with pytest.raises(PrometheusError) as error:
        Prometheus(f"{answers.url}/", "prometheus", PASSWORD).over("up", 1, 2, 1)
    assert f"{answers.url}/api/v1/query_range " in str(error.value)
    assert problem in str(error.value)
    assert PASSWORD not in str(error.value)
    assert len(answers.asked) == 1


def test_what_is_no_number_is_left_out(answers: Answers) -> None:
    answers.body = b'{"data": {"result": [{"metric": {"a": "b"}, "values": [[1, "NaN"], [2.5, "7"], [3, "+Inf"]]}]}}'
    (series,) = Prometheus(answers.url).over("up", 1, 3, 1)
    assert (series.labels, series.points) == ({"a": "b"}, [(2.5, 7.0)])


@pytest.mark.parametrize("url", ["ftp://x", "prometheus:9090", "http://me:secret@127.0.0.1:9090"])
def test_an_address_that_can_not_be_asked_is_told_without_a_login_in_it(url: str) -> None:
    with pytest.raises(PrometheusError, match=r"^prometheus_url must be") as error:
        Prometheus(url)
    assert "secret" not in str(error.value)


@pytest.mark.parametrize("url", [None, ""])
def test_a_lab_without_prometheus_has_none(url: Any) -> None:
    assert prometheus_from({"prometheus_url": url}) is None
