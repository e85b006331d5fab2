# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""The real tokenization service and the real Locust, each in a process of its own."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

from tests.checks.tree import CHECKOUT

SHIPPED = CHECKOUT / "files" / "locust" / "locustfile.py"
ENOUGH = Path(__file__).with_name("enough.py")
SEED = Path(__file__).with_name("seed_locustfile.txt")
BEARER_TOKEN = "a-bearer-token-for-tests"


@dataclass(frozen=True)
class Result:
    """One headless load run: Locust's exit code, and by request name how many were made and how many failed."""

    exit_code: int
    requests: dict[str, int]
    failures: dict[str, int]
    output: str


def load(url: str, locustfile: Path = SHIPPED, **environment: str) -> Result:
    """Run Locust with ten users who hardly wait, unless `environment` says otherwise, until they made enough."""
    files = f"{locustfile},{ENOUGH}"
    command = [sys.executable, "-m", "locust", "-f", files, "--host", url, "--headless", "--json"]
    run = subprocess.run(
        [*command, "--users", "10", "--spawn-rate", "10", "--run-time", "50s"],
        env={**os.environ, "TOKENIZATION_URL": url, "WAIT_MIN": "0", "WAIT_MAX": "0.01", **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    rows = json.loads(run.stdout)
    return Result(
        run.returncode,
        {row["name"]: row["num_requests"] for row in rows},
        {row["name"]: row["num_failures"] for row in rows if row["num_failures"]},
        run.stderr,
    )


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@contextlib.contextmanager
def tokenization(folder: Path, **environment: str) -> Iterator[str]:
    """Run the service with its vault and its secrets in `folder`; yield its URL."""
    (folder / "key").write_text("ab" * 32)
    (folder / "token").write_text(BEARER_TOKEN)
    port = free_port()
    settings = {
        "TOKENIZATION_PORT": str(port),
        "TOKENIZATION_DATABASE": str(folder / "vault.db"),
        "TOKENIZATION_PRIVATE_KEY_FILE": str(folder / "key"),
        "TOKENIZATION_BEARER_TOKEN_FILE": str(folder / "token"),
    }
    service = CHECKOUT / "files" / "tokenization"
    command = [sys.executable, "-m", "tokenization"]
    with subprocess.Popen(command, cwd=service, env={**os.environ, **settings, **environment}) as process:
        try:
            url = f"http://127.0.0.1:{port}"
            deadline = time.monotonic() + 20
            while not answers(url):
                assert process.poll() is None, "the service ended"
                assert time.monotonic() < deadline, "the service does not answer"
                time.sleep(0.05)
            yield url
        finally:
            process.terminate()


def answers(url: str) -> bool:
    try:
        return requests.get(f"{url}/readyz", timeout=1).ok
    except requests.ConnectionError:
        return False


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with tokenization(tmp_path_factory.mktemp("tokenization")) as url:
        yield url


@pytest.fixture
def token_file(tmp_path: Path) -> str:
    path = tmp_path / "token"
    path.write_text(BEARER_TOKEN + "\n")
    return str(path)
