# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
from __future__ import annotations

import socket
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import ClassVar

import pytest
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._lab.registry import why_silent

from tests.checks.tree import CHECKOUT


class Registry(BaseHTTPRequestHandler):
    status: ClassVar[int] = 401

    def do_GET(self) -> None:
        self.send_response(self.status if self.path == "/v2/" else 404)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *arguments: object) -> None:
        pass


class Proxy(BaseHTTPRequestHandler):
    asked: ClassVar[list[tuple[str, str | None]]] = []

    def do_CONNECT(self) -> None:
        self.asked.append((self.path, self.headers["Proxy-Authorization"]))
        self.send_error(502)

    def log_message(self, *arguments: object) -> None:
        pass


@contextmanager
def serving(handler: type[BaseHTTPRequestHandler], context: ssl.SSLContext | None = None) -> Iterator[int]:
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        if context:
            server.socket = context.wrap_socket(server.socket, server_side=True)
        Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an authority, ca.crt, and what it signed for localhost, registry.crt and registry.key."""
    folder = tmp_path_factory.mktemp("certificates")
    subprocess.run([CHECKOUT / "molecule/offline/files/certificates.sh", folder, "localhost"], check=True)
    return folder


@pytest.fixture(scope="module")
def authority(certificates: Path) -> str:
    return (certificates / "ca.crt").read_text()


@pytest.fixture(scope="module")
def registry(certificates: Path) -> Iterator[str]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates / "registry.crt", certificates / "registry.key")
    with serving(Registry, context) as port:
        yield f"localhost:{port}"


@pytest.mark.parametrize(("status", "reason"), [(200, ""), (401, ""), (503, "status 503")])
def test_it_answers_also_where_it_asks_who_one_is(
    registry: str, authority: str, monkeypatch: pytest.MonkeyPatch, status: int, reason: str
) -> None:
    monkeypatch.setattr(Registry, "status", status)
    assert why_silent(registry, ca_certificate=authority) == reason


def test_an_authority_without_a_key_usage_will_do(
    registry: str, authority: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What Python 3.13 does by itself.
    strict = ssl.create_default_context()
    strict.verify_flags |= ssl.VERIFY_X509_STRICT
    monkeypatch.setattr(ssl, "create_default_context", lambda: strict)
    assert why_silent(registry, ca_certificate=authority) == ""


def test_an_authority_that_is_not_known_is_the_reason(registry: str) -> None:
    assert "CERTIFICATE_VERIFY_FAILED" in why_silent(registry)


def test_a_certificate_that_is_none_is_refused(registry: str) -> None:
    with pytest.raises(ValueError, match="no PEM certificate"):
        why_silent(registry, ca_certificate="-----BEGIN CERTIFICATE-----\nno\n-----END CERTIFICATE-----\n")


def test_nobody_there() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        assert "refused" in why_silent(f"localhost:{free.getsockname()[1]}")


def test_the_proxy_is_asked_with_its_password_but_for_hosts_reached_without(
    registry: str, authority: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Proxy, "asked", [])
    with serving(Proxy) as port:
        proxy = f"http://lab:secret@127.0.0.1:{port}"
        assert "502" in why_silent(registry, proxy=proxy, ca_certificate=authority)
        assert Proxy.asked == [(registry, "Basic bGFiOnNlY3JldA==")]
        assert why_silent(registry, proxy=proxy, no_proxy="example.org,localhost", ca_certificate=authority) == ""
        assert len(Proxy.asked) == 1


def test_the_environment_s_proxy_is_not_asked_for_one_on_loopback(
    registry: str, authority: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)
    assert why_silent(registry, ca_certificate=authority) == ""
    assert "refused" in why_silent("registry.example.org", ca_certificate=authority)
