# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""The entrypoint of the lab's PostgreSQL image, with Debian's PostgreSQL, as the user that it runs as."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import trustme

from tests.checks.tree import CHECKOUT
from tests.integration.tokenization.service import LOOPBACK, as_postgres, free_port, postgresql_programs
from tests.waiting import wait_until

CA = trustme.CA()
PAIR = (("cert", "crt"), ("key", "key"))
ENTRYPOINT = CHECKOUT / "files" / "postgres" / "entrypoint"


@contextlib.contextmanager
def running(folder: Path, *arguments: str) -> Iterator[int]:
    """Run it until it takes connections, and stop it as its image says. Yield its port."""
    port = free_port()
    environment = {
        "PATH": f"{postgresql_programs()}:{os.environ['PATH']}",
        "PGDATA": str(folder / "data"),
        "PGPORT": str(port),
        "POSTGRES_USER": "tokenization",
        "POSTGRES_PASSWORD_FILE": str(folder / "password"),
    }
    # Read by this shell: the checkout may lie in a folder of root's.
    command = [*as_postgres(folder), "sh", "-s", "--", *arguments]
    with subprocess.Popen(command, cwd=folder, env=environment, stdin=subprocess.PIPE) as process:
        assert process.stdin
        process.stdin.write(ENTRYPOINT.read_bytes())
        process.stdin.close()

        def takes_connections() -> bool:
            assert process.poll() is None, "it has ended"
            # It listens before it does.
            asked = [f"{postgresql_programs()}/pg_isready", "--quiet", f"--host={LOOPBACK}", f"--port={port}"]
            return subprocess.run(asked, check=False).returncode == 0

        try:
            wait_until("PostgreSQL takes connections", takes_connections, 60)
            yield port
        finally:
            process.send_signal(signal.SIGINT)
            assert process.wait(30) == 0


def test_a_second_start_with_tls_where_the_cluster_made_the_folder_writable_for_its_group(open_folder: Path) -> None:
    """What kubelet does to a volume with fsGroup, at the second mount to the data, too."""
    (open_folder / "password").write_text("secret")
    with running(open_folder):
        pass
    data = open_folder / "data"
    data.chmod(0o2770)
    # With the arguments that the lab's pod has.
    pair = CA.issue_cert("tokenization-postgres")
    for name, blob in (("tls.crt", pair.cert_chain_pems[0]), ("tls.key", pair.private_key_pem)):
        blob.write_to_path(str(open_folder / name))
        # Of root's and readable for its group, as in a Secret's volume.
        (open_folder / name).chmod(0o440)
        if os.geteuid() == 0:
            shutil.chown(open_folder / name, "root", "postgres")
    tls = ("-c", "ssl=on", *(f"-cssl_{what}_file={open_folder}/tls.{end}" for what, end in PAIR))
    with running(open_folder, *tls) as port:
        assert data.stat().st_mode & 0o7777 == 0o700
        asyncio.run(ask(port))


async def ask(port: int) -> None:
    """Connect as the service does, but for the name, which is the pod's."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    CA.configure_trust(context)
    context.check_hostname = False
    connection = await asyncpg.connect(
        host=LOOPBACK, port=port, user="tokenization", password="secret", database="tokenization", ssl=context
    )
    try:
        assert await connection.fetchval("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
    finally:
        await connection.close()
