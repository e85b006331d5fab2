# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""How Grafana is reached, and how a dashboard is downloaded: small servers on loopback that are no Grafana."""

from __future__ import annotations

import base64
import json
import ssl
import time
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
import trustme
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._grafana import client as grafana
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._grafana import dashboard_import
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._grafana.client import Grafana, GrafanaError
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._grafana.dashboard import DashboardError
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._grafana.dashboard_import import (
    Wish,
    download,
    present,
)

from tests.integration.locust_dashboard.grafana_exchanges import Exchanges, served
from tests.small_server import Act, reply, server

HEALTH = json.dumps({"commit": "NA", "database": "ok", "version": "7.5.5"})
DASHBOARD = {"title": "Downloaded", "panels": []}


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grafana, "SECONDS_BETWEEN_TRIES", 0.01)


@pytest.mark.parametrize("starting", [reply(503, HEALTH), reply(502, "<html>"), reply(504)], ids=["503", "502", "504"])
def test_waits_while_grafana_is_starting(starting: Act) -> None:
    answers = iter([starting, starting, reply(200, HEALTH)])

    def answer(request: BaseHTTPRequestHandler) -> None:
        next(answers)(request)

    with server(answer) as there:
        Grafana(there.url, token="t").wait_until_ready(retries=2)
    assert len(there.asked) == 3


def test_gives_up_after_the_retries() -> None:
    with server(reply(503)) as there, pytest.raises(GrafanaError, match="/api/health: 503: no reason given"):
        Grafana(there.url, token="t").wait_until_ready(retries=2)
    assert len(there.asked) == 3


def test_tells_that_nothing_listens() -> None:
    with server(reply(200, HEALTH)) as there:
        pass
    with pytest.raises(GrafanaError, match=r"/api/health: no answer: .*Connection refused"):
        Grafana(there.url, token="t").wait_until_ready(retries=1)


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (reply(200, "<html>Welcome"), "the answer is not JSON, so this is no Grafana API: check grafana_url"),
        (reply(200, '{"status": "up"}'), "answers, but not as a Grafana does: check grafana_url"),
        (reply(404, "<html>Not here"), "is no Grafana: it knows no /api/health. Check grafana_url"),
        (
            reply(302, Location="http://other.example/login"),
            "redirected to http://other.example/login: set grafana_url",
        ),
    ],
    ids=["page", "other JSON", "not found", "redirect"],
)
def test_what_is_no_grafana_is_told_at_once(act: Act, message: str) -> None:
    with server(act) as there, pytest.raises(GrafanaError) as raised:
        Grafana(there.url, token="t").wait_until_ready(retries=5)
    assert message in str(raised.value)
    assert len(there.asked) == 1


def test_a_redirect_does_not_take_the_login_elsewhere() -> None:
    with ExitStack() as servers:
        other = servers.enter_context(server(reply(200, HEALTH)))
        first = servers.enter_context(server(reply(307, Location=other.url)))
        client = Grafana(first.url, username="admin", password="secret")
        with pytest.raises(GrafanaError, match="redirected to"):
            client.wait_until_ready(retries=0)
    assert (len(first.asked), other.asked) == (1, [])


def test_an_answer_that_never_ends_is_given_up() -> None:
    def stall(request: BaseHTTPRequestHandler) -> None:
        time.sleep(1)

    with server(stall) as there, pytest.raises(GrafanaError, match="no answer: timed out"):
        Grafana(there.url, token="t", timeout=0.2).wait_until_ready(retries=0)


def test_the_login_is_the_one_that_was_given(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("default login other password other\n")
    monkeypatch.setenv("NETRC", str(netrc))
    with server(reply(200, HEALTH)) as there:
        Grafana(there.url, username="jörg", password="a:b").wait_until_ready(0)
        Grafana(there.url, username="admin", password="x", token="t0ken").wait_until_ready(0)
    assert base64.b64decode(there.asked[0]["Authorization"].removeprefix("Basic ")).decode() == "jörg:a:b"
    assert there.asked[1]["Authorization"] == "Bearer t0ken"


def test_a_token_with_a_line_break_is_not_shown() -> None:
    with pytest.raises(GrafanaError) as raised:
        Grafana("http://127.0.0.1", token="secret\n")
    assert "secret" not in str(raised.value)


def test_a_sub_path_is_kept() -> None:
    class Settings(Exchanges):
        def answer(self, request: dict[str, Any], login: str | None) -> dict[str, Any]:
            body: Any = {"database": "ok"}
            if request["path"] == "/api/frontend/settings":
                body = {"buildInfo": {"version": "12.1.1"}, "datasources": {}, "panels": {}}
            elif request["path"].startswith("/api/dashboards"):
                return {"status": 404, "content_type": "application/json", "body": {"message": "Dashboard not found"}}
            elif request["path"].startswith("/api/search"):
                body = []
            return {"status": 200, "content_type": "application/json", "body": body}

    exchanges = Settings()
    with served(exchanges, prefix="/monitoring/grafana") as url:
        client = Grafana(url + "/", token="t")
        client.wait_until_ready(0)
        assert present(client, [{"title": "T", "panels": []}], Wish(), check=True)[0].changed
    assert exchanges.seen[0]["request"]["path"] == "/api/health"


@pytest.mark.parametrize(
    "url", ["http://a:b@127.0.0.1/", "ftp://127.0.0.1", "127.0.0.1:3000", "http://", "http://h:x", ""]
)
def test_an_address_that_is_none_is_refused(url: str) -> None:
    for use in (lambda: Grafana(url, token="t"), lambda: download(url, timeout=1)):
        with pytest.raises(GrafanaError, match=r"^(grafana_)?url (is|must)"):
            use()


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with ca.pem, and server.pem and client.pem, each a certificate with its key."""
    folder = tmp_path_factory.mktemp("certificates")
    ca = trustme.CA()
    ca.cert_pem.write_to_path(folder / "ca.pem")
    for who in ("server", "client"):
        ca.issue_cert("127.0.0.1", common_name=who).private_key_and_cert_chain_pem.write_to_path(folder / f"{who}.pem")
    return folder


def test_certificates_are_checked_and_shown(certificates: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates / "server.pem")
    context.load_verify_locations(certificates / "ca.pem")
    context.verify_mode = ssl.CERT_OPTIONAL
    with server(reply(200, HEALTH), context) as there:
        ca, client = str(certificates / "ca.pem"), str(certificates / "client.pem")
        Grafana(there.url, token="t", ca_path=ca).wait_until_ready(0)
        Grafana(there.url, token="t", validate_certs=False).wait_until_ready(0)
        Grafana(there.url, token="t", ca_path=ca, client_cert=client).wait_until_ready(0)
        Grafana(there.url, token="t", ca_path=ca, client_cert=client, client_key=client).wait_until_ready(0)
        assert len(there.asked) == 4
        with pytest.raises(GrafanaError, match=r"no answer: .*certificate verify failed"):
            Grafana(there.url, token="t").wait_until_ready(retries=10_000)
        with pytest.raises(GrafanaError, match="no/where can't be used: "):
            Grafana(there.url, token="t", ca_path="no/where")


def test_a_client_certificate_that_is_asked_for_must_be_given(certificates: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates / "server.pem")
    context.load_verify_locations(certificates / "ca.pem")
    context.verify_mode = ssl.CERT_REQUIRED
    ca, client = str(certificates / "ca.pem"), str(certificates / "client.pem")
    with server(reply(200, HEALTH), context) as there:
        Grafana(there.url, token="t", ca_path=ca, client_cert=client).wait_until_ready(0)
        with pytest.raises(GrafanaError, match="no answer: "):
            Grafana(there.url, token="t", ca_path=ca).wait_until_ready(0)


def test_a_download_shows_no_login_even_when_asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("default login other password other\n")
    monkeypatch.setenv("NETRC", str(netrc))
    refusal = reply(401, WWW_Authenticate='Basic realm="x"')
    with server(refusal) as there, pytest.raises(DashboardError, match="401 Unauthorized"):
        download(there.url, timeout=5)
    assert [headers["Authorization"] for headers in there.asked] == [None]


def test_a_download_follows_a_redirect() -> None:
    with ExitStack() as servers:
        target = servers.enter_context(server(reply(200, json.dumps(DASHBOARD))))
        first = servers.enter_context(server(reply(302, Location=target.url)))
        assert json.loads(download(first.url, timeout=5)) == DASHBOARD


def test_a_download_that_is_too_big_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dashboard_import, "MAX_BYTES", 1000)
    with server(reply(200, "x" * 2000)) as there, pytest.raises(DashboardError, match="more than the 1000 bytes"):
        download(there.url, timeout=5)


def test_a_download_that_drips_is_given_up() -> None:
    def drip(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.end_headers()
        for byte in [b" "] * 20:
            request.wfile.write(byte)
            time.sleep(0.05)

    with server(drip) as there, pytest.raises(DashboardError, match=r"not complete after 0\.3 s"):
        download(there.url, timeout=0.3)


def test_a_download_without_an_answer_is_given_up() -> None:
    with server(lambda request: time.sleep(1)) as there, pytest.raises(DashboardError, match="no answer: timed out"):
        download(there.url, timeout=0.2)


def test_where_published_dashboards_are() -> None:
    start = "https://grafana.com/api/dashboards/11985/revisions"
    assert dashboard_import.published(11985, "latest") == f"{start}/latest/download"
    assert dashboard_import.published(11985, "1") == f"{start}/1/download"
    with pytest.raises(DashboardError, match=r"revision is '1/\.\./x'"):
        dashboard_import.published(11985, "1/../x")
