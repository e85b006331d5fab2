# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""The service inside the test's own process: a real server on a free port of the loopback address."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import requests
from tokenization.app import Status, create_app
from tokenization.keys import Keys
from tokenization.metrics_token import MetricsToken
from tokenization.server import Server
from tokenization.sqlite import SqliteStorage
from tokenization.tls import Certificate
from tokenization.vault import Vault

PRIVATE_KEY = bytes(range(32))
BEARER_TOKEN = "a-bearer-token-for-tests"


@dataclass
class Service:
    url: str
    path: Path
    status: Status
    http: requests.Session = field(default_factory=requests.Session)

    def tokenize(self, name: str, data: str) -> str:
        answer = self.http.post(f"{self.url}/tokenize", json={"name": name, "data": data}, timeout=10)
        assert answer.status_code == 200, answer.text
        token: str = answer.json()["token"]
        return token

    def detokenize(self, **wanted: str) -> requests.Response:
        headers = {"Authorization": f"Bearer {BEARER_TOKEN}"}
        return self.http.post(f"{self.url}/detokenize", json=wanted, headers=headers, timeout=10)


@contextmanager
def serving(
    path: Path,
    require_token_to_tokenize: bool,
    clock: Callable[[], float] = time.monotonic,
    metrics_token: MetricsToken | None = None,
    certificate: Certificate | None = None,
) -> Iterator[Service]:
    keys, storage, status = Keys(PRIVATE_KEY), SqliteStorage(path), Status()
    vault = Vault(keys, storage)
    app = create_app(vault, status, BEARER_TOKEN, require_token_to_tokenize, metrics_token=metrics_token)
    server = Server(app, status, certificate, clock)
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]

    async def serve() -> None:
        await storage.open(keys)
        await vault.check()
        await server.serve([listener])
        await storage.close()

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    service = Service(f"{'https' if certificate else 'http'}://127.0.0.1:{port}", path, status)
    try:
        yield service
    finally:
        # The server waits for connections that are open.
        service.http.close()
        server.should_exit = True
        thread.join(15)
    assert not thread.is_alive()
