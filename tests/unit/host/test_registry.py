# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
from __future__ import annotations

import io
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import ClassVar

import pytest
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._lab.registry import (
    RegistryError,
    Way,
    _token,
    digest,
    parsed,
    why_silent,
)

from tests import registries


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
    registries.make_certificates(folder)
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
    assert why_silent(registry, Way(ca_certificate=authority)) == reason


def test_an_authority_without_a_key_usage_will_do(
    registry: str, authority: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What Python 3.13 does by itself.
    strict = ssl.create_default_context()
    strict.verify_flags |= ssl.VERIFY_X509_STRICT
    monkeypatch.setattr(ssl, "create_default_context", lambda: strict)
    assert why_silent(registry, Way(ca_certificate=authority)) == ""


def test_an_authority_that_is_not_known_is_the_reason(registry: str) -> None:
    assert "CERTIFICATE_VERIFY_FAILED" in why_silent(registry, Way())


def test_a_certificate_that_is_none_is_refused(registry: str) -> None:
    with pytest.raises(ValueError, match="no PEM certificate"):
        why_silent(registry, Way(ca_certificate="-----BEGIN CERTIFICATE-----\nno\n-----END CERTIFICATE-----\n"))


def test_nobody_there() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        assert "refused" in why_silent(f"localhost:{free.getsockname()[1]}", Way())


def test_the_proxy_is_asked_with_its_password_but_for_hosts_reached_without(
    registry: str, authority: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Proxy, "asked", [])
    with serving(Proxy) as port:
        proxy = f"http://lab:secret@127.0.0.1:{port}"
        assert "502" in why_silent(registry, Way(proxy=proxy, ca_certificate=authority))
        assert Proxy.asked == [(registry, "Basic bGFiOnNlY3JldA==")]
        assert why_silent(registry, Way(proxy=proxy, no_proxy="example.org,localhost", ca_certificate=authority)) == ""
        assert len(Proxy.asked) == 1


def test_the_environment_s_proxy_is_not_asked_for_one_on_loopback(
    registry: str, authority: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)
    assert why_silent(registry, Way(ca_certificate=authority)) == ""
    assert "refused" in why_silent("registry.example.org", Way(ca_certificate=authority))


@pytest.mark.parametrize("wants_token", [False, True])
def test_a_digest_is_that_of_the_manifest(certificates: Path, authority: str, wants_token: bool) -> None:
    with registries.serving(certificates, {"prom/prometheus:v3.5.0"}, wants_token) as server:
        told = digest(f"{server.name}/prom/prometheus:v3.5.0", Way(ca_certificate=authority))
        assert told == registries.digest_of("prom/prometheus:v3.5.0")
        with pytest.raises(RegistryError, match=r"^it has none$"):
            digest(f"{server.name}/prom/prometheus:v0", Way(ca_certificate=authority))


@pytest.mark.parametrize("challenge", ["", 'Basic realm="lab"', 'Bearer realm="http://localhost/token"'])
def test_a_registry_that_wants_a_login_gets_none(challenge: str) -> None:
    with pytest.raises(RegistryError, match=r"^it wants a login$"):
        _token(challenge, Way())


def test_a_registry_that_is_not_there_has_no_digest(authority: str) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        with pytest.raises(RegistryError, match="refused"):
            digest(f"localhost:{free.getsockname()[1]}/image:1", Way(ca_certificate=authority))


@pytest.mark.parametrize(
    ("image", "registry", "repository", "tag"),
    [
        ("python:3.11", "docker.io", "library/python", "3.11"),
        ("prom/prometheus", "docker.io", "prom/prometheus", "latest"),
        ("docker.io/grafana/grafana:12", "docker.io", "grafana/grafana", "12"),
        ("localhost:5000/a/b/c:1", "localhost:5000", "a/b/c", "1"),
        ("registry.test/image:1", "registry.test", "image", "1"),
    ],
)
def test_the_parts_of_an_image_s_name(image: str, registry: str, repository: str, tag: str) -> None:
    assert parsed(image) == (registry, repository, tag)


@pytest.mark.parametrize("answer", [b"", b"[]", b'{"token": 1}', b'{"token": "a\\r\\nb"}', b"[" * 100_000])
def test_an_answer_without_a_token_is_told(answer: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Way, "open", lambda *_arguments: io.BytesIO(answer))
    with pytest.raises(RegistryError, match=r"^it gives no token$"):
        _token('Bearer realm="https://registry.test/token",service="registry.test"', Way())


def test_an_answer_that_is_no_manifest_by_its_size_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Way, "open", lambda *_arguments: io.BytesIO(bytes(5 * 2**20)))
    with pytest.raises(RegistryError, match="larger than 4194304 bytes"):
        digest("registry.test/image:1", Way())
