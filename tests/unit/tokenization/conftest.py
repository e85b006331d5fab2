# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""The service inside the test's own process: a real server on a free port of the loopback address."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import requests

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "files" / "tokenization"))

from tokenization.app import Status, create_app
from tokenization.keys import Keys
from tokenization.server import Server
from tokenization.sqlite import SqliteStorage
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


@pytest.fixture
def require_token() -> bool:
    return False


@pytest.fixture
def service(tmp_path: Path, require_token: bool) -> Iterator[Service]:
    path = tmp_path / "vault.db"
    keys, storage, status = Keys(PRIVATE_KEY), SqliteStorage(path), Status()
    app = create_app(Vault(keys, storage), status, BEARER_TOKEN, require_token)
    server = Server(app, status, "127.0.0.1", 0)
    up = threading.Event()

    async def serve() -> None:
        await storage.open(keys.public_key)
        serving = asyncio.create_task(server.serve())
        while not server.started:
            await asyncio.sleep(0.005)
        up.set()
        await serving
        await storage.close()

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    try:
        assert up.wait(10)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield Service(f"http://127.0.0.1:{port}", path, status)
    finally:
        server.should_exit = True
        thread.join(15)
    assert not thread.is_alive()
