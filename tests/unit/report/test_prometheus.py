# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""Whatever answers in Prometheus's place ends in one kind of error, without the login."""

from __future__ import annotations

import json
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._lab import prometheus as module
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._lab.alerts import now
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._lab.prometheus import PrometheusError, asker
from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._report.prometheus import (
    Prometheus,
    prometheus_from,
)

from tests.small_server import reply, server

PASSWORD = "of-these-tests"


def test_it_is_asked_below_its_own_path_with_the_login() -> None:
    def act(request: BaseHTTPRequestHandler) -> None:
        assert request.path == "/prefix/api/v1/query?query=time%28%29"
        reply(200, json.dumps({"data": {"resultType": "scalar", "result": [7, "1795413107.5"]}}))(request)

    with server(act) as served:
        assert now(asker(f"{served.url}/prefix/", "prometheus", PASSWORD, None, 5)) == 1795413107.5
    assert served.asked[0]["Authorization"].startswith("Basic ")


@pytest.mark.parametrize(
    ("status", "body", "problem"),
    [
        (401, "Unauthorized", "answers 401: Unauthorized"),
        (302, "", "answers 302: "),
        (400, "bad \x1b[31m", "answers 400: bad \\x1b[31m"),
        (200, "<html>", "is no Prometheus"),
        (200, "[]", "is no Prometheus"),
        (200, "[" * 100000, "is no Prometheus"),
        (200, '{"data": 7}', "is no Prometheus"),
        (200, '{"data": {"result": [{"metric": {}}]}}', "is no Prometheus"),
        (200, '{"data": {"result": [{"metric": {}, "values": [[1, "many"]]}]}}', "is no Prometheus"),
        (200, '{"data": {"result": [{"metric": 7, "values": []}]}}', "is no Prometheus"),
        (200, "x" * 200001, "is larger than 200000 bytes"),
    ],
)
def test_what_is_no_answer_is_told(status: int, body: str, problem: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_BYTES", 200000)
    answer = reply(status, body, Location="http://127.0.0.1:9/elsewhere")
    with server(answer) as served, pytest.raises(PrometheusError) as error:
        Prometheus(f"{served.url}/", "prometheus", PASSWORD).over("up", 1, 2, 1)
    assert served.url in str(error.value)
    assert problem in str(error.value)
    assert PASSWORD not in str(error.value)
    assert len(served.asked) == 1


def test_no_answer_is_told() -> None:
    with pytest.raises(PrometheusError, match=r"no answer from Prometheus at http://127\.0\.0\.1:9: .*refused"):
        now(asker("http://127.0.0.1:9", None, None, None, 5))


def test_what_is_no_number_is_left_out() -> None:
    values = [[1, "NaN"], [2.5, "7"], [3, "+Inf"]]
    with server(reply(200, json.dumps({"data": {"result": [{"metric": {"a": "b"}, "values": values}]}}))) as served:
        (series,) = Prometheus(served.url).over("up", 1, 3, 1)
    assert (series.labels, series.points) == ({"a": "b"}, [(2.5, 7.0)])


@pytest.mark.parametrize("url", ["ftp://x", "prometheus:9090", "http://me:secret@127.0.0.1:9090"])
def test_an_address_that_can_not_be_asked_is_told_without_a_login_in_it(url: str) -> None:
    with pytest.raises(PrometheusError, match=r"^prometheus_url must be") as error:
        Prometheus(url)
    assert "secret" not in str(error.value)


@pytest.mark.parametrize("url", [None, ""])
def test_a_lab_without_prometheus_has_none(url: Any) -> None:
    assert prometheus_from({"prometheus_url": url}) is None


def test_a_prometheus_is_asked_with_the_login_of_the_options() -> None:
    options = {"prometheus_username": "prometheus", "prometheus_password": PASSWORD, "prometheus_ca_path": None}
    with server(reply(200, '{"data": {"result": []}}')) as served:
        prometheus = prometheus_from({"prometheus_url": f"{served.url}/", **options})
        assert prometheus is not None
        assert prometheus.at("up", 1) == []
    assert served.asked[0]["Authorization"].startswith("Basic ")
