# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""Whoever sets the machine's clock changes the Date of answers, and nothing else."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import trustme
from tokenization.metrics import REFUSED_TOKENS
from tokenization.metrics_token import MetricsToken
from tokenization.refusals import LOG_SECONDS, MEMORY_SECONDS, Refusals
from tokenization.server import IDLE_SECONDS
from tokenization.tls import Certificate

from tests.unit.tokenization.served import serving
from tests.waiting import wait_until

HOUR = 3600
WRONG = {"Authorization": "Bearer wrong"}


def write_earlier(file: Path, content: bytes) -> None:
    """Write it, as far as its time tells, an hour ago."""
    file.write_bytes(content)
    times = file.stat()
    os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns - HOUR * 10**9))


@pytest.mark.parametrize("moved", [-HOUR, HOUR])
def test_a_clock_that_is_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moved: int) -> None:
    now, wall = 1000.0, time.time

    with serving(tmp_path / "vault.db", False, lambda: now) as service:
        url = urlsplit(service.url)

        def date() -> float:
            answer = service.http.get(f"{service.url}/readyz", timeout=10)
            assert answer.status_code == 200
            return parsedate_to_datetime(answer.headers["Date"]).timestamp()

        with socket.create_connection((url.hostname, url.port), 10) as silent:
            silent.sendall(b"GET /")
            service.tokenize("before", "data")
            monkeypatch.setattr(time, "time", lambda: wall() + moved)
            wait_until("the service has seen it", lambda: abs(date() - wall() - moved) < HOUR / 2)
            assert service.detokenize(name="before").json() == {"data": "data"}
            silent.setblocking(False)
            with pytest.raises(BlockingIOError):
                silent.recv(1)
            now += IDLE_SECONDS + 1
            silent.settimeout(10)
            assert silent.recv(1) == b"", "by the service's own clock, it has been silent for too long"


@pytest.mark.parametrize("moved", [-HOUR, HOUR])
def test_wrong_tokens_are_slowed_counted_and_forgotten_as_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moved: int
) -> None:
    now, wall = 1000.0, time.time
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    monkeypatch.setattr("tokenization.app.Refusals", lambda: Refusals(lambda: now, sleep))
    with serving(tmp_path / "vault.db", False) as service:

        def waits() -> float:
            """Return how long a wrong token has to wait."""
            slept.clear()
            before = REFUSED_TOKENS._value.get()
            answer = service.http.post(f"{service.url}/detokenize", json={"name": "n"}, headers=WRONG, timeout=10)
            assert answer.status_code == 401
            assert REFUSED_TOKENS._value.get() == before + 1
            # What writes the log sleeps, too.
            (waited,) = [seconds for seconds in slept if seconds != LOG_SECONDS]
            return waited

        first, second = waits(), waits()
        monkeypatch.setattr(time, "time", lambda: wall() + moved)
        third = waits()
        assert first < second < third
        now += 10 * MEMORY_SECONDS
        assert waits() < second


def test_files_that_are_older_than_those_before_are_taken(tmp_path: Path) -> None:
    ca, file = trustme.CA(), tmp_path / "metrics_token"
    file.write_text("the-first-metrics-token")
    token = MetricsToken(file)
    write_earlier(file, b"another-metrics-token--")
    assert token.current() == b"another-metrics-token--"

    def write_pair(write: Callable[[Path, bytes], object]) -> tuple[Path, Path]:
        issued = ca.issue_cert("localhost")
        write(tmp_path / "cert", issued.cert_chain_pems[0].bytes())
        write(tmp_path / "key", issued.private_key_pem.bytes())
        return tmp_path / "cert", tmp_path / "key"

    certificate = Certificate(*write_pair(Path.write_bytes))
    before = certificate.context
    write_pair(write_earlier)
    certificate.take_what_changed()
    assert certificate.context is not before
