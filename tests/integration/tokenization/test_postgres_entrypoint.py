# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""The entrypoint of the lab's PostgreSQL image, with Debian's PostgreSQL, as the user that it runs as."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

from tests.checks.tree import CHECKOUT
from tests.integration.tokenization.service import LOOPBACK, as_postgres, free_port, postgresql_programs
from tests.waiting import wait_until

ENTRYPOINT = CHECKOUT / "files" / "postgres" / "entrypoint"


@contextlib.contextmanager
def running(folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run it until it takes connections, and stop it as its image says."""
    port = free_port()
    environment = {
        "PATH": f"{postgresql_programs()}:{os.environ['PATH']}",
        "PGDATA": str(folder / "data"),
        "PGPORT": str(port),
        "POSTGRES_USER": "tokenization",
        "POSTGRES_PASSWORD_FILE": str(folder / "password"),
    }
    # Read by this shell: the checkout may lie in a folder of root's.
    command = [*as_postgres(folder), "sh", "-s"]
    with subprocess.Popen(command, cwd=folder, env=environment, stdin=subprocess.PIPE) as process:
        assert process.stdin
        process.stdin.write(ENTRYPOINT.read_bytes())
        process.stdin.close()

        def listens() -> bool:
            assert process.poll() is None, "it has ended"
            with socket.create_connection((LOOPBACK, port), timeout=1):
                return True

        try:
            wait_until("PostgreSQL takes connections", listens, 60)
            yield process
        finally:
            process.send_signal(signal.SIGINT)
            assert process.wait(30) == 0


def test_a_folder_that_the_cluster_made_writable_for_its_group_is_its_own_again(open_folder: Path) -> None:
    """What kubelet does to a volume with fsGroup, at the second mount to the data, too."""
    (open_folder / "password").write_text("secret")
    with running(open_folder):
        pass
    data = open_folder / "data"
    data.chmod(0o2770)
    with running(open_folder):
        assert data.stat().st_mode & 0o7777 == 0o700
