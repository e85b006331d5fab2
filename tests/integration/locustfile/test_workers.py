# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import requests

from tests.checks.tree import CHECKOUT
from tests.integration.locustfile.conftest import SHIPPED, free_port
from tests.waiting import wait_until

PLUGIN = CHECKOUT / "files" / "locust" / "workers.py"
PROCESSES = 3


@pytest.fixture
def workers(tmp_path: Path) -> Iterator[psutil.Popen]:
    """A master, and PROCESSES workers of one `--processes` that are connected to it."""
    locust = [sys.executable, "-m", "locust", "--host=http://127.0.0.1:9"]
    port, web_port = free_port(), free_port()
    master = [*locust, f"--locustfile={SHIPPED}", "--master", f"--master-bind-port={port}", f"--web-port={web_port}"]
    worker = [*locust, f"--locustfile={SHIPPED},{PLUGIN}", "--worker", f"--master-port={port}"]

    def connected() -> bool:
        answer = requests.get(f"http://127.0.0.1:{web_port}/stats/requests", timeout=10).json()
        return bool(answer.get("worker_count") == PROCESSES)

    with (tmp_path / "locust.log").open("w") as log:
        started = [psutil.Popen(command, stderr=log) for command in (master, [*worker, f"--processes={PROCESSES}"])]
        try:
            wait_until("all workers are connected", connected)
            yield started[1]
        finally:
            for process in started:
                with contextlib.suppress(psutil.NoSuchProcess):
                    for child in process.children():
                        child.kill()
                    process.kill()
                process.wait()


@pytest.mark.parametrize("killed", range(PROCESSES))
def test_workers_end_with_one_that_ended(workers: psutil.Popen, killed: int) -> None:
    children = workers.children()
    assert len(children) == PROCESSES
    children[killed].kill()
    workers.wait(timeout=30)
    assert not any(child.is_running() for child in children)


def test_workers_end_with_what_is_stopped(workers: psutil.Popen) -> None:
    """As an engine does, which else kills all of them after ten seconds."""
    children = workers.children()
    workers.terminate()
    assert workers.wait(timeout=30) == 0
    assert not any(child.is_running() for child in children)


def test_workers_go_on_while_none_ends(workers: psutil.Popen) -> None:
    with pytest.raises(psutil.TimeoutExpired):
        workers.wait(timeout=5)
    assert len(workers.children()) == PROCESSES
