# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""SIGTERM: what was accepted is answered and stored, and /readyz tells before the door closes."""

from __future__ import annotations

import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from tests.integration.tokenization.load import lost, stored_until_it_stops
from tests.integration.tokenization.service import BEARER, Postgresql, Service
from tests.waiting import wait_until


def test_requests_under_way_are_answered(on_sqlite: Service) -> None:
    service = on_sqlite.start()
    assert service.process
    with sqlite3.connect(service.database, isolation_level=None) as other, ThreadPoolExecutor(20) as clients:
        other.execute("BEGIN IMMEDIATE")
        asked = [clients.submit(service.tokenize, f"name-{number}", f"data-{number}") for number in range(20)]
        wait_until("all wait for the commit", lambda: service.metric("tokenization_requests_in_progress") == 21)
        service.process.terminate()
        wait_until("draining is told", lambda: service.ready() == 503)
        assert requests.get(f"{service.url}/healthz", timeout=10).status_code == 200
        other.execute("ROLLBACK")
        answers = [future.result() for future in asked]
    assert [answer.status_code for answer in answers] == [200] * 20
    assert service.process.wait(30) == 0
    service.start()
    stored = {answer.json()["token"]: f"data-{number}" for number, answer in enumerate(answers)}
    assert lost(service.url, BEARER, stored) == {}


@pytest.mark.parametrize("keep_alive", [True, False])
def test_no_request_is_lost_under_load(service: Service, keep_alive: bool) -> None:
    """Clients that connect for each request are those that a listener which just closes would cut off."""
    service.start()
    assert service.process
    answers = stored_until_it_stops(service.process, service.url, keep_alive)
    service.start()
    assert lost(service.url, BEARER, answers.stored) == {}


def test_a_second_sigterm_does_not_wait(on_sqlite: Service) -> None:
    service = on_sqlite.start()
    assert service.process
    service.process.terminate()
    wait_until("draining is told", lambda: service.ready() == 503)
    service.process.terminate()
    assert service.process.wait(1.5) == 0


def test_it_stops_before_it_serves(on_postgresql: Service, postgresql: Postgresql) -> None:
    with postgresql.hanging():
        process = on_postgresql.launch()
        wait_until("it waits for the database", on_postgresql.listens)
        process.terminate()
        assert process.wait(10) == 0


def test_it_stops_while_the_database_is_given_up(on_postgresql: Service, postgresql: Postgresql) -> None:
    with postgresql.hanging():
        process = on_postgresql.launch()
        wait_until("it waits for the database, and serves", lambda: on_postgresql.ready() == 503)
        # Now it gives up (CALL_SECONDS) while it drains (DRAIN_SECONDS).
        time.sleep(0.5)
        process.terminate()
        assert process.wait(10) == 0


def test_it_stops_though_the_database_hangs(on_postgresql: Service, postgresql: Postgresql) -> None:
    service = on_postgresql.start()
    with postgresql.hanging(), ThreadPoolExecutor(1) as client:
        asked = client.submit(service.tokenize, "name", "data")
        wait_until("it waits for the commit", lambda: service.metric("tokenization_requests_in_progress") == 2)
        assert service.terminate() == 0
        assert asked.result().status_code == 503


def test_a_successor_waits_for_what_is_on_its_way_out(on_sqlite: Service, tmp_path: Path) -> None:
    """As a cluster replaces a pod that is deleted or evicted: at once."""
    successor = Service(tmp_path / "successor", on_sqlite.database, None)
    for service in (on_sqlite, successor):
        service.environment["TOKENIZATION_DATABASE_ALONE"] = "1"
        service.environment["TOKENIZATION_PRIVATE_KEY_FILE"] = on_sqlite.environment["TOKENIZATION_PRIVATE_KEY_FILE"]
    on_sqlite.start()
    token = on_sqlite.tokenize("name", "data").json()["token"]
    try:
        successor.launch()
        wait_until("it listens", successor.listens)
        assert requests.get(f"{successor.url}/healthz", timeout=10).status_code == 200
        assert successor.ready() == 503
        assert on_sqlite.tokenize("other", "data").status_code == 200
        assert on_sqlite.terminate() == 0
        wait_until("its turn has come", lambda: successor.ready() == 200)
        assert lost(successor.url, BEARER, {token: "data"}) == {}
    finally:
        successor.kill()
