# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""A Locust behind each kind of lock: login, basic authentication, TLS, client certificates, headers, a proxy."""

from __future__ import annotations

import contextlib
import http.server
import json
import socket
import ssl
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
import trustme

from tests.integration.locust_exporter.harness import (
    RealExporter,
    RealLocust,
    exporter,
    free_port,
    get,
    locust,
    process,
    serve,
)

PASSWORD = "correct horse"


@pytest.fixture(scope="module")
def ca(tmp_path_factory: pytest.TempPathFactory) -> trustme.CA:
    ca = trustme.CA()
    ca.cert_pem.write_to_path(str(tmp_path_factory.getbasetemp() / "ca.pem"))
    return ca


@pytest.fixture(scope="module")
def ca_file(ca: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.getbasetemp() / "ca.pem"


def issue(ca: trustme.CA, folder: Path, name: str) -> tuple[Path, Path]:
    certificate, key = folder / f"{name}.pem", folder / f"{name}.key"
    issued = ca.issue_cert(name)
    certificate.write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
    issued.private_key_pem.write_to_path(str(key))
    return certificate, key


def config(folder: Path, **content: Any) -> str:
    """YAML holds JSON."""
    path = folder / "http.yml"
    path.write_text(json.dumps(content), encoding="utf-8")
    return f"--locust.http-config.file={path}"


def reason(exporter: RealExporter) -> str:
    found = exporter.series()
    (reason,) = (dict(labels)["reason"] for name, labels in found if name == "locust_up_info")
    assert found["locust_up", ()] == (reason == "ok")
    assert (("locust_users", ()) in found) == (reason == "ok")
    return reason


def login_config(folder: Path, password: str) -> str:
    (folder / "password").write_text(f"{password}\n", encoding="utf-8")
    return config(folder, login={"username": "monitor", "password_file": "password"})


def is_up(url: str) -> bool:
    """A Locust that asks for a login is up when it does so."""
    try:
        return bool(get(f"{url}/login"))
    except HTTPError:
        return False


LOGIN = {"TEST_LOGIN": PASSWORD, "TEST_SECRET_KEY": "for cookies"}


@pytest.fixture(scope="module")
def open_locust() -> Iterator[RealLocust]:
    with locust("2.47.0") as real:
        yield real


@pytest.fixture(scope="module")
def tls_locust(ca: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealLocust]:
    certificate, key = issue(ca, tmp_path_factory.mktemp("locust"), "locust.example")

    def answers(url: str) -> bool:
        socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2])), 5).close()
        return True

    arguments = ("--tls-cert", str(certificate), "--tls-key", str(key))
    with locust("2.47.0", *arguments, scheme="https", ready=answers) as real:
        yield real


@pytest.fixture(scope="module", params=["2.31.8", "2.47.0"])
def locked_locust(request: pytest.FixtureRequest) -> Iterator[RealLocust]:
    with locust(request.param, "--web-login", env=LOGIN, ready=is_up) as real:
        yield real


class TestLogin:
    def test_a_login_page_is_not_taken_for_figures(self, locked_locust: RealLocust) -> None:
        with exporter(locked_locust.url) as metrics:
            assert reason(metrics) == "login"

    def test_the_login_is_renewed(self, locked_locust: RealLocust, tmp_path: Path) -> None:
        with exporter(locked_locust.url, login_config(tmp_path, PASSWORD)) as metrics:
            assert reason(metrics) == "ok"
            assert metrics.series()["locust_version_info", (("version", locked_locust.version),)] == 1
            urlopen(Request(f"{locked_locust.url}/end_all_logins", method="POST"), timeout=5).read()
            assert reason(metrics) == "ok"
            assert "WARNING" not in metrics.log.read_text()

    def test_a_wrong_password_is_told_and_never_shown(self, locked_locust: RealLocust, tmp_path: Path) -> None:
        with exporter(locked_locust.url, login_config(tmp_path, "battery staple")) as metrics:
            assert reason(metrics) == "login"
            assert "battery staple" not in metrics.log.read_text() + metrics.text()
            assert "battery staple" not in Path(f"/proc/{metrics.process.pid}/cmdline").read_text()
            # The secret is read anew, so that it can be changed without a restart.
            (tmp_path / "password").write_text(PASSWORD, encoding="utf-8")
            assert reason(metrics) == "ok"

    def test_a_login_that_locust_itself_breaks_on(self) -> None:
        """Without a user loader Locust answers 200 with a page about its exception."""
        with locust("2.47.0", "--web-login") as real, exporter(real.url) as metrics:
            assert reason(metrics) == "login"


def test_a_base_path_with_a_login(tmp_path: Path) -> None:
    env = {**LOGIN, "TEST_BASE_PATH": "/load"}
    with (
        locust("2.47.0", "--web-login", "--web-base-path", "/load", env=env, path="/load", ready=is_up) as real,
        exporter(real.url, login_config(tmp_path, PASSWORD)) as metrics,
    ):
        assert reason(metrics) == "ok"
        with exporter(real.url.removesuffix("/load")) as astray:
            assert reason(astray) == "http_status"


@pytest.mark.parametrize("version", ["2.15.1", "2.20.1"])
def test_basic_authentication_of_older_versions(version: str, tmp_path: Path) -> None:
    def asks(url: str) -> bool:
        try:
            get(url)
        except HTTPError as error:
            return error.code == 401
        return False

    with locust(version, "--web-auth", f"monitor:{PASSWORD}", ready=asks) as real:
        with exporter(real.url) as metrics:
            assert reason(metrics) == "login"
        account = {"username": "monitor", "password": PASSWORD}
        with exporter(real.url, config(tmp_path, basic_auth=account)) as metrics:
            assert reason(metrics) == "ok"
        with exporter(real.url.replace("//", "//monitor:correct%20horse@")) as metrics:
            assert reason(metrics) == "ok"


class TestTls:
    def test_no_trust(self, tls_locust: RealLocust) -> None:
        with exporter(tls_locust.url) as metrics:
            assert reason(metrics) == "tls"

    def test_another_name(self, tls_locust: RealLocust, ca_file: Path, tmp_path: Path) -> None:
        with exporter(tls_locust.url, config(tmp_path, tls_config={"ca_file": str(ca_file)})) as metrics:
            assert reason(metrics) == "tls"

    def test_trust(self, tls_locust: RealLocust, ca_file: Path, tmp_path: Path) -> None:
        tls = {"ca_file": str(ca_file), "server_name": "locust.example"}
        with exporter(tls_locust.url, config(tmp_path, tls_config=tls)) as metrics:
            assert reason(metrics) == "ok"
            assert reason(metrics) == "ok"

    def test_no_checks_if_so_wished(self, tls_locust: RealLocust, tmp_path: Path) -> None:
        with exporter(tls_locust.url, config(tmp_path, tls_config={"insecure_skip_verify": True})) as metrics:
            assert reason(metrics) == "ok"

    def test_no_tls_there(self, open_locust: RealLocust) -> None:
        with exporter(open_locust.url.replace("http:", "https:")) as metrics:
            assert reason(metrics) == "tls"

    def test_tls_where_none_is_expected(self, tls_locust: RealLocust) -> None:
        with exporter(tls_locust.url.replace("https:", "http:")) as metrics:
            assert reason(metrics) == "unreachable"

    def test_through_a_proxy(self, tls_locust: RealLocust, ca_file: Path, tmp_path: Path) -> None:
        tls = {"ca_file": str(ca_file), "server_name": "locust.example"}
        with proxy() as address:
            with exporter(tls_locust.url, config(tmp_path, tls_config=tls, proxy_url=address)) as metrics:
                assert reason(metrics) == "ok"
            wrong = address.replace("secret", "wrong")
            with exporter(tls_locust.url, config(tmp_path, tls_config=tls, proxy_url=wrong)) as metrics:
                assert reason(metrics) == "proxy"


@contextlib.contextmanager
def proxy() -> Iterator[str]:
    """A proxy that asks for an account; gives its address with that account."""
    port = free_port()
    command = [
        sys.executable, "-m", "proxy", "--hostname", "127.0.0.1", "--port", str(port), "--num-workers", "1",
        "--basic-auth", "us er:secret",
    ]  # fmt: skip

    def answers() -> bool:
        socket.create_connection(("127.0.0.1", port), 5).close()
        return True

    with process(command, ready=answers):
        yield f"http://us%20er:secret@127.0.0.1:{port}"


def test_a_proxy(open_locust: RealLocust, tmp_path: Path) -> None:
    with proxy() as address:
        with exporter(open_locust.url, config(tmp_path, proxy_url=address)) as metrics:
            assert reason(metrics) == "ok"
            assert reason(metrics) == "ok"
        with exporter(open_locust.url, config(tmp_path, proxy_url=address.replace("secret", "wrong"))) as metrics:
            assert reason(metrics) == "proxy"
            assert "wrong" not in metrics.log.read_text()


@contextlib.contextmanager
def tls_in_front(target: str, context: ssl.SSLContext) -> Iterator[str]:
    """Takes TLS connections, and passes what they carry on: Locust itself asks for no client certificates."""
    host, _unused, port = target.removeprefix("http://").partition(":")

    class Front(http.server.BaseHTTPRequestHandler):
        def setup(self) -> None:
            self.request = context.wrap_socket(self.request, server_side=True)
            super().setup()

        def do_GET(self) -> None:
            body = get(f"http://{host}:{port}{self.path}")
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def finish(self) -> None:
            super().finish()
            self.request.close()

        def log_message(self, format: str, *args: Any) -> None:
            pass

    with serve(Front) as address:
        yield address.replace("http:", "https:")


def test_a_client_certificate(open_locust: RealLocust, ca: trustme.CA, ca_file: Path, tmp_path: Path) -> None:
    server_cert, server_key = issue(ca, tmp_path, "127.0.0.1")
    client_cert, client_key = issue(ca, tmp_path, "exporter.example")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(ca_file))
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_cert_chain(server_cert, server_key)
    with tls_in_front(open_locust.url, context) as address:
        with exporter(address, config(tmp_path, tls_config={"ca_file": str(ca_file)})) as metrics:
            assert reason(metrics) in ("tls", "unreachable")  # the server hangs up, and how is its own affair
        tls = {"ca_file": str(ca_file), "cert_file": str(client_cert), "key_file": str(client_key)}
        with exporter(address, config(tmp_path, tls_config=tls)) as metrics:
            assert reason(metrics) == "ok"


def test_headers(tmp_path: Path) -> None:
    """What is in the requests that reach Locust's place."""
    seen: list[dict[str, str]] = []
    lock = threading.Lock()

    class Recorder(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            with lock:
                seen.append(dict(self.headers))
            self.send_error(404)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    (tmp_path / "token").write_text("from a file\n", encoding="utf-8")
    headers = {"X-Team": {"values": ["load"]}, "X-Token": {"files": ["token"]}, "X-Key": {"secrets": ["hidden"]}}
    authorization = {"credentials_file": "token"}
    with (
        serve(Recorder) as address,
        exporter(address, config(tmp_path, http_headers=headers, authorization=authorization)) as metrics,
    ):
        assert reason(metrics) == "http_status"
        (tmp_path / "token").write_text("another", encoding="utf-8")
        assert reason(metrics) == "http_status"
    assert [one["X-Token"] for one in seen] == ["from a file", "another"]
    assert [one["Authorization"] for one in seen] == ["Bearer from a file", "Bearer another"]
    assert (seen[0]["X-Team"], seen[0]["X-Key"]) == ("load", "hidden")


def test_a_secret_that_cannot_be_read_any_more(open_locust: RealLocust, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("once", encoding="utf-8")
    with exporter(open_locust.url, config(tmp_path, authorization={"credentials_file": "token"})) as metrics:
        assert reason(metrics) == "ok"
        (tmp_path / "token").unlink()
        assert reason(metrics) == "configuration"
