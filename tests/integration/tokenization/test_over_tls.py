# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""The service over TLS: the same limits and the same stop, and a certificate that changes while it runs."""

from __future__ import annotations

import contextlib
import hashlib
import ssl
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests
import trustme

from tests.integration.tokenization.load import stored_until_it_stops
from tests.integration.tokenization.service import BEARER_TOKEN, LOOPBACK, Service
from tests.integration.tokenization.test_wire import connect, read_answers
from tests.waiting import wait_until

CA = trustme.CA()
CLOSING = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


@pytest.fixture
def service(on_sqlite: Service) -> Service:
    return on_sqlite.speak_tls(CA).start()


def trusting() -> ssl.SSLContext:
    context = ssl.create_default_context()
    CA.configure_trust(context)
    return context


def over_tls(service: Service, context: ssl.SSLContext | None = None) -> ssl.SSLSocket:
    return (context or trusting()).wrap_socket(connect(service), server_hostname=LOOPBACK)


def certificate(service: Service) -> str:
    with over_tls(service) as connection:
        return hashlib.sha256(connection.getpeercert(binary_form=True) or b"").hexdigest()


def test_it_serves(service: Service) -> None:
    token = service.tokenize("name", "data").json()["token"]
    assert service.detokenize(token=token).json() == {"data": "data"}
    for origin, code in ((service.url, 200), (service.url.replace("https", "http"), 403)):
        answer = requests.get(f"{service.url}/healthz", headers={"Origin": origin}, timeout=10, verify=service.verify)
        assert answer.status_code == code


@pytest.mark.parametrize(("version", "served"), [(ssl.TLSVersion.TLSv1_1, False), (ssl.TLSVersion.TLSv1_2, True)])
@pytest.mark.filterwarnings("ignore:.*TLSv1_1 is deprecated")
def test_versions(service: Service, version: ssl.TLSVersion, served: bool) -> None:
    context = trusting()
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    context.minimum_version = context.maximum_version = version
    with contextlib.nullcontext() if served else pytest.raises(ssl.SSLError), over_tls(service, context) as connection:
        connection.sendall(CLOSING)
        assert read_answers(connection)[0][0] == 200


def test_the_end_of_its_certificate_is_told(service: Service) -> None:
    with over_tls(service) as connection:
        end = ssl.cert_time_to_seconds(str((connection.getpeercert() or {})["notAfter"]))
    assert service.metric("tokenization_certificate_end_time_seconds") == end


def test_a_new_certificate_is_for_new_connections(service: Service) -> None:
    first = certificate(service)
    with over_tls(service) as kept:
        service.issue(CA)
        wait_until("the new certificate is taken", lambda: certificate(service) != first)
        kept.sendall(CLOSING)
        assert read_answers(kept)[0][0] == 200
    second = certificate(service)
    Path(service.environment["TOKENIZATION_TLS_KEY_FILE"]).write_text("no key")
    wait_until("it is told", lambda: service.logged()[-1]["level"] == "ERROR")
    assert "not taken" in service.logged()[-1]["message"]
    assert certificate(service) == second


def test_metrics_with_a_token(on_sqlite: Service, tmp_path: Path) -> None:
    """As across hosts; the token changes while it runs."""
    file = tmp_path / "metrics_token"
    file.write_text("the-first-metrics-token")
    service = on_sqlite.speak_tls(CA)
    service.environment["TOKENIZATION_METRICS_TOKEN_FILE"] = str(file)
    service.start()

    def code(token: str) -> int:
        headers = {"Authorization": f"Bearer {token}"}
        return requests.get(f"{service.url}/metrics", headers=headers, timeout=10, verify=service.verify).status_code

    assert (code("the-first-metrics-token"), code(BEARER_TOKEN)) == (200, 401)
    # In place: see issue().
    file.write_text("the-second-metrics-token")
    assert (code("the-second-metrics-token"), code("the-first-metrics-token")) == (200, 401)
    log = service.log.read_text()
    assert "a new metrics token is taken" in log
    assert "metrics-token" not in log


def test_what_is_no_pair_is_refused_at_the_start(on_sqlite: Service) -> None:
    on_sqlite.speak_tls(CA)
    Path(on_sqlite.environment["TOKENIZATION_TLS_KEY_FILE"]).write_bytes(
        CA.issue_cert(LOOPBACK).private_key_pem.bytes()
    )
    assert "TOKENIZATION_TLS_CERT_FILE" in on_sqlite.refused()
    assert not on_sqlite.database.exists()


def test_who_does_not_finish_is_cut_off(service: Service) -> None:
    """All at once, since each takes the seconds that the service waits. One never closes its side of the connection."""

    def silent(data: bytes) -> float:
        started = time.monotonic()
        with connect(service) as connection:
            connection.sendall(data)
            with contextlib.suppress(ConnectionResetError):
                while connection.recv(65536):
                    pass
        return time.monotonic() - started

    def half_a_request() -> list[tuple[int, dict[str, str]]]:
        with over_tls(service) as connection:
            connection.sendall(CLOSING[:20])
            return read_answers(connection)

    def never_says_goodbye() -> None:
        with connect(service) as connection:
            incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
            tls = trusting().wrap_bio(incoming, outgoing, server_hostname=LOOPBACK)
            while True:
                try:
                    tls.do_handshake()
                    break
                except ssl.SSLWantReadError:
                    connection.sendall(outgoing.read())
                    incoming.write(connection.recv(65536))
            tls.write(CLOSING)
            connection.sendall(outgoing.read())
            with contextlib.suppress(ConnectionResetError):
                while connection.recv(65536):
                    pass

    hello = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"
    with ThreadPoolExecutor(10) as clients:
        unfinished = [clients.submit(silent, data) for data in (b"", hello)]
        half = clients.submit(half_a_request)
        rude = clients.submit(never_says_goodbye)
        not_tls = clients.submit(silent, CLOSING)
        assert service.ready() == 200, "others are served meanwhile"
        for future in unfinished:
            assert future.result() > 5, "they were given time"
        assert half.result() == []
        rude.result()
        not_tls.result()
    assert service.terminate() == 0
    assert not [line for line in service.logged() if line["level"] == "ERROR"]


def test_limits_hold(service: Service) -> None:
    with over_tls(service) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\n" + b"a:b\r\n" * 101 + b"\r\n")
        assert [code for code, _unused in read_answers(connection)] == [431]
    with over_tls(service) as connection:
        connection.sendall(CLOSING.replace(b"Connection: close\r\n", b"") * 100 + CLOSING)
        assert [code for code, _unused in read_answers(connection)] == [200] * 101


@pytest.mark.parametrize("keep_alive", [True, False])
def test_no_request_is_lost_under_load(service: Service, keep_alive: bool) -> None:
    assert service.process
    assert stored_until_it_stops(service.process, service.url, keep_alive, trusting()).stored


def test_it_stops_though_handshakes_are_not_over(service: Service) -> None:
    with contextlib.ExitStack() as opened:
        for _unused in range(20):
            opened.enter_context(connect(service))
        silent = opened.enter_context(over_tls(service))
        assert service.process
        service.process.terminate()
        assert service.process.wait(12) == 0
        silent.settimeout(10)
        assert silent.recv(10) == b""
