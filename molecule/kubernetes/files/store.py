# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""Stores at a tokenization service, then asks for all that was acknowledged; prints what was found.

usage: store.py URL PREFIX FILE, with the bearer token on standard input

It stores until there is FILE, but no longer than a quarter of an hour.

{"lasted": whether it was FILE that ended it, "stored": acknowledged, "failures": requests without a 200, "failed": why,
up to ten, "lost": acknowledged but not given back}
"""

from __future__ import annotations

import http.client
import json
import sys
import threading
import time
import urllib.parse
from pathlib import Path

CLIENTS = 8
PAUSE = 0.02
"""seconds between a client's requests: the load is bounded"""
LONGEST = 900
"""seconds that it stores at most"""
PATIENCE = 60
"""seconds that the service has to come back before what was stored is asked for"""


class Client:
    def __init__(self, url: str) -> None:
        self.address = urllib.parse.urlsplit(url).netloc
        self.connection = http.client.HTTPConnection(self.address, timeout=15)

    def post(self, path: str, content: dict[str, str], headers: dict[str, str]) -> dict[str, str]:
        """Raises OSError or HTTPException where there is no answer, ValueError where it is no 200."""
        try:
            self.connection.request("POST", path, json.dumps(content), {"Content-Type": "application/json", **headers})
            answer = self.connection.getresponse()
            body = answer.read()
        except (OSError, http.client.HTTPException):
            self.connection.close()
            raise
        if answer.status != 200:
            raise ValueError(f"{answer.status}: {body!r}")
        fields: dict[str, str] = json.loads(body)
        return fields


def store(
    url: str, prefix: str, end: threading.Event, headers: dict[str, str], stored: dict[str, str], failed: list[str]
) -> None:
    client = Client(url)
    number = 0
    while not end.is_set():
        number += 1
        name, data = f"{prefix}-{number}", f"data of {prefix}-{number}"
        try:
            client.post("/tokenize", {"name": name, "data": data}, headers)
            stored[name] = data
        except (OSError, http.client.HTTPException, ValueError) as error:
            failed.append(f"{time.strftime('%X')} {error!r}")
            time.sleep(0.2)
        time.sleep(PAUSE)


def wait(url: str) -> None:
    end = time.monotonic() + PATIENCE
    while True:
        connection = http.client.HTTPConnection(urllib.parse.urlsplit(url).netloc, timeout=15)
        try:
            connection.request("GET", "/readyz")
            if connection.getresponse().status == 200:
                return
        except (OSError, http.client.HTTPException):
            pass
        finally:
            connection.close()
        if time.monotonic() > end:
            raise SystemExit(f"{url} did not come back in {PATIENCE} s")
        time.sleep(0.5)


def main() -> None:
    url, prefix, file = sys.argv[1:]
    headers = {"Authorization": f"Bearer {sys.stdin.read().strip()}"}
    stored: dict[str, str] = {}
    failed: list[str] = []
    end = threading.Event()
    threads = [
        threading.Thread(target=store, args=(url, f"{prefix}-{number}", end, headers, stored, failed))
        for number in range(CLIENTS)
    ]
    for thread in threads:
        thread.start()
    latest = time.monotonic() + LONGEST
    while not Path(file).exists() and time.monotonic() < latest:
        time.sleep(0.2)
    lasted = Path(file).exists()
    end.set()
    for thread in threads:
        thread.join()
    wait(url)
    client = Client(url)
    lost = [
        name for name, data in stored.items() if client.post("/detokenize", {"name": name}, headers) != {"data": data}
    ]
    found = {"lasted": lasted, "stored": len(stored), "failures": len(failed), "failed": failed[:10], "lost": len(lost)}
    print(json.dumps(found))


if __name__ == "__main__":
    main()
