# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""Logins, certificates and addresses of a real Locust."""

from __future__ import annotations

import contextlib
import ssl
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._locust.client import LocustClient
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._locust.transport import LocustError

from tests.integration.locust_run.real_locust import Locusts, Playbook
from tests.integration.locust_run.test_locust_run_options import NEWEST, OLDEST, PASSWORD, certificate


@pytest.mark.parametrize("version", [OLDEST, pytest.param("2.20.1", marks=pytest.mark.release)])
def test_basic_authentication_of_old_versions(version: str, locusts: Locusts) -> None:
    locust = locusts.start(version, "--web-auth", f"engineer:{PASSWORD}")
    client = LocustClient(locust.url, "engineer", PASSWORD)
    assert client.overview().version == version
    assert client.stats()["state"] == "ready"
    # Asked without it once.
    assert locust.requests() == ["GET /", "GET /", "GET /stats/requests"]
    with pytest.raises(LocustError, match="set locust_username and locust_password"):
        LocustClient(locust.url).stats()
    with pytest.raises(LocustError, match="refused the login of engineer"):
        LocustClient(locust.url, "engineer", "wrong").stats()


def test_custom_form_of_a_locustfile(locusts: Locusts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEB_LOGIN_CUSTOM_FORM", "1")
    locust = locusts.start(NEWEST, login=PASSWORD)
    client = LocustClient(locust.url, "engineer", PASSWORD)
    assert client.overview().state == "ready"
    assert client.stats()["state"] == "ready"
    with pytest.raises(LocustError, match="refused the login of engineer"):
        LocustClient(locust.url, "engineer", "wrong").stats()


def test_client_certificate_is_shown(tmp_path: Path) -> None:
    key, chain = certificate(tmp_path)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, format: str, *args: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        def handle_error(self, request: Any, client_address: Any) -> None:
            # Who shows no certificate is refused here, when it is read from.
            if not isinstance(sys.exc_info()[1], ssl.SSLError):
                super().handle_error(request, client_address)

    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=chain)
    context.load_cert_chain(chain, key)
    context.verify_mode = ssl.CERT_REQUIRED
    server = Server(("127.0.0.1", 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        url = f"https://127.0.0.1:{server.server_address[1]}"
        shown = LocustClient(url, ca_path=str(chain), client_cert=str(chain), client_key=str(key))
        assert shown.stats() == {}
        with pytest.raises(LocustError):
            LocustClient(url, ca_path=str(chain)).stats()
    finally:
        server.shutdown()
        thread.join()
        with contextlib.suppress(OSError):
            server.server_close()


@pytest.mark.parametrize("module", ["locust_run_info", "locust_run"])
def test_login_in_an_address_is_refused_and_not_printed(module: str, playbook: Playbook) -> None:
    options = {} if module == "locust_run_info" else {"users": 1, "run_time": "5s"}
    play = playbook.run("-vvv", module=module, locust_url=f"http://engineer:{PASSWORD}@127.0.0.1:9", **options)
    assert "locust_url: must not hold a user name or password" in play.stdout
    assert PASSWORD not in play.stdout + play.stderr
