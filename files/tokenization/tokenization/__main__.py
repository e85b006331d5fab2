# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""python3 -m tokenization: the server."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import signal
import socket
import sys
from pathlib import Path

import uvloop

from tokenization import logs, metrics, settings
from tokenization.app import Status, create_app
from tokenization.keys import Keys
from tokenization.metrics_token import MetricsToken
from tokenization.postgresql import PostgresqlStorage
from tokenization.server import Server
from tokenization.settings import Settings, SettingsError
from tokenization.sqlite import SqliteStorage
from tokenization.storage import Storage, StorageError
from tokenization.tls import Certificate
from tokenization.vault import Vault

# Most vaults are open by then, or refused before anybody is answered. Whoever waits longer has an upgrade to wait for,
# and is alive meanwhile: what restarted it would have it begin again.
OPEN_SECONDS = 1.0

log = logging.getLogger("tokenization")


async def serve(chosen: Settings) -> None:
    """Serve until SIGTERM.

    Raises StorageError where the vault can't be opened, SettingsError where nothing can listen, TLS has no pair of
    files, or the file of a token holds none.
    """
    keys = Keys(chosen.private_key)
    storage: Storage = (
        PostgresqlStorage(chosen.dsn) if chosen.dsn else SqliteStorage(chosen.database, chosen.database_alone)
    )
    certificate = Certificate(*chosen.tls_files) if chosen.tls_files else None
    metrics_token = MetricsToken(chosen.metrics_token_file) if chosen.metrics_token_file else None
    listener = listen(chosen.host, chosen.port)
    vault, status = Vault(keys, storage), Status()
    app = create_app(vault, status, chosen.bearer_token, chosen.require_token_to_tokenize, chosen.hosts, metrics_token)
    server = Server(app, status, certificate)
    tell_times(chosen.private_key_file, certificate)

    async def open_vault() -> None:
        await storage.open(keys)
        await vault.check()
        status.opening = False
        # What is there now stays: the garbage collector need not look at it again and again.
        gc.freeze()
        # The thread that commits gets the interpreter sooner than after Python's 5 ms.
        sys.setswitchinterval(0.0005)
        log.info("listening", extra={"address": "{}:{}".format(*listener.getsockname())})

    def stop_without_a_vault(opening: asyncio.Task[None]) -> None:
        if opening.cancelled() or opening.exception():
            server.should_exit = True

    status.opening = True
    opening = asyncio.create_task(open_vault())
    try:
        await asyncio.wait([opening], timeout=OPEN_SECONDS)
        if not opening.done():
            log.info("opening the vault takes its time: an older one is upgraded, or another service has it")
            opening.add_done_callback(stop_without_a_vault)
        elif error := opening.exception():
            raise error
        await server.serve([listener])
        # Who was told to stop has done so, whatever became of the vault meanwhile.
        if opening.done() and not status.draining:
            opening.result()
    finally:
        opening.cancel()
        await asyncio.wait([opening])
        await storage.close()
    log.info("stopped")


def tell_times(private_key_file: Path, certificate: Certificate | None) -> None:
    """Have the metrics tell when the key was made, and when the certificate of the moment begins and ends."""
    metrics.KEY_MADE.set(private_key_file.stat().st_mtime)
    if certificate:
        metrics.tell_certificate(lambda: certificate.begin, lambda: certificate.end)


def listen(host: str, port: int) -> socket.socket:
    """Open the socket that the service listens at. Raises SettingsError."""
    try:
        return socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as error:
        raise SettingsError(f"can not listen on {host}:{port}: {error.strerror}") from error


def main() -> int:
    logs.configure()
    # Until the server has a handler of its own. The first process of a container is deaf to signals without one.
    signal.signal(signal.SIGTERM, lambda *_unused: sys.exit(0))
    os.umask(0o077)
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(serve(settings.load(os.environ)))
    except (SettingsError, StorageError) as error:
        log.error("not started", extra={"reason": str(error)})
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
