# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""Whoever sets the machine's clock changes the Date of answers, and nothing else."""

from __future__ import annotations

import socket
import time
from email.utils import parsedate_to_datetime
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from tokenization.server import IDLE_SECONDS

from tests.unit.tokenization.served import serving
from tests.waiting import wait_until

HOUR = 3600


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
