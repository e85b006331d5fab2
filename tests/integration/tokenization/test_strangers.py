# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""What somebody gets who can write the database, or guesses tokens."""

from __future__ import annotations

import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor

import requests

from tests.integration.tokenization.service import Service

GUESSING_SECONDS = 3


def test_records_that_are_swapped_in_the_database(on_sqlite: Service) -> None:
    on_sqlite.start()
    tokens = {name: on_sqlite.tokenize(name, f"data of {name}").json()["token"] for name in ("one", "other")}
    on_sqlite.terminate()
    with sqlite3.connect(on_sqlite.database) as database:
        values = ", ".join(column[1] for column in database.execute("PRAGMA table_info (vault)") if not column[5])
        database.execute("CREATE TEMPORARY TABLE old AS SELECT * FROM vault")
        swap = f"UPDATE vault SET ({values}) = (SELECT {values} FROM old WHERE id != vault.id)"
        assert database.execute(swap).rowcount == 2
    database.close()
    on_sqlite.start()
    for name, token in tokens.items():
        for answer in (on_sqlite.detokenize(name=name), on_sqlite.detokenize(token=token)):
            assert answer.status_code == 503
            assert "data of" not in answer.text


def test_tokens_that_are_guessed(on_sqlite: Service) -> None:
    on_sqlite.start()
    on_sqlite.tokenize("card", "data")
    end = time.monotonic() + GUESSING_SECONDS

    def guess(number: int) -> int:
        guesses = 0
        with requests.Session() as session:
            while time.monotonic() < end:
                header = {"Authorization": f"Bearer guess-{number}-{guesses}"}
                answer = session.post(f"{on_sqlite.url}/detokenize", json={"name": "card"}, headers=header, timeout=30)
                assert answer.status_code in (401, 429)
                guesses += 1
        return guesses

    with ThreadPoolExecutor(16) as pool:
        guessed = pool.map(guess, range(16))
        assert on_sqlite.detokenize(name="card").json() == {"data": "data"}
        # Without a brake it is thousands.
        assert sum(guessed) < 200
    log = on_sqlite.log.read_text()
    assert "wrong" in log
    assert "guess-" not in log
