# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""Services are asked at once, and one is up that answers what a healthy one does."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._lab.services import ask

from tests.stranger import listening

ANSWERS = {
    "/well": (200, '{"status": "success", "data": {"version": "3.5.0"}}'),
    "/exporter": (200, 'locust_exporter_build_info{version="1.0.0"} 1\nlocust_up 1\n'),
    "/node": (
        200,
        'go_info{version="go1.19"} 1\nnode_exporter_build_info{branch="b",goversion="go1.19",version="1.5.0"} 1\n',
    ),
    "/blind": (200, "locust_up 0\n"),
    "/starting": (503, "not yet"),
}
TOGETHER = 3


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    barrier = threading.Barrier(TOGETHER)

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/together":
                # Answers only when as many ask at the same time.
                barrier.wait(timeout=10)
            status, text = ANSWERS.get(self.path, (200, ""))
            self.send_response(status)
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, format: str, *arguments: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def service(url: str, healthy: str = "", use_proxy: bool = False) -> dict[str, Any]:
    access = dict.fromkeys(("url_username", "url_password", "ca_path"))
    return {"name": "it", "url": url, "healthy": healthy, "use_proxy": use_proxy, **access}


@pytest.mark.parametrize("use_proxy", [False, True])
def test_the_environment_s_proxy_is_asked_only_where_that_is_wanted(
    use_proxy: bool, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)
    (answer,) = ask([service(url, use_proxy=use_proxy)], timeout=5)
    assert answer["up"] is not use_proxy


@pytest.mark.parametrize(
    ("path", "healthy", "status", "up", "version"),
    [
        ("/well", "", 200, True, "3.5.0"),
        ("/exporter", "^locust_up 1", 200, True, "1.0.0"),
        ("/node", "", 200, True, "1.5.0"),
        ("/blind", "^locust_up 1", 200, False, ""),
        ("/starting", "", 503, False, ""),
    ],
)
def test_an_answer_is_told(path: str, healthy: str, status: int, up: bool, version: str, url: str) -> None:
    expected = {"name": "it", "url": f"{url}{path}", "status": status, "up": up, "version": version}
    assert ask([service(f"{url}{path}", healthy)], timeout=5) == [expected]


def test_no_login_goes_to_where_a_redirect_leads() -> None:
    with listening() as stranger, listening(redirect=stranger.url) as (asked, first):
        (answer,) = ask([{**service(f"{asked}/health"), "url_username": "it", "url_password": "geheim"}], timeout=5)
    assert (answer["status"], answer["up"]) == (307, False)
    assert "Authorization: Basic" in first[0]
    assert stranger.heard == []


def test_no_answer_is_status_0() -> None:
    (answer,) = ask([service("http://127.0.0.1:9/")], timeout=5)
    assert (answer["status"], answer["up"], answer["version"]) == (0, False, "")


def test_all_are_asked_at_once(url: str) -> None:
    assert [answer["status"] for answer in ask([service(f"{url}/together")] * TOGETHER, timeout=20)] == [200] * TOGETHER


def test_none_is_no_error() -> None:
    assert ask([], timeout=5) == []
