# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""The tokenization service with a vault that does nothing: the same server, routes, parsing, checks and metrics.

python3 -m benchmarks._idle_service PORT, with the service's folder in PYTHONPATH.
"""

from __future__ import annotations

import asyncio
import sys

import uvloop
from tokenization.__main__ import listen
from tokenization.app import Status, create_app
from tokenization.server import Server
from tokenization.vault import Vault


class IdleVault(Vault):
    def __init__(self) -> None:
        """Without keys and storage."""

    async def tokenize(self, name: str, data: str) -> str:
        return "0" * 64

    async def check(self) -> None:
        """Nothing to ask."""

    async def check_writing(self) -> None:
        """Nothing to ask."""


def main(port: int) -> None:
    status = Status()
    server = Server(create_app(IdleVault(), status, "a-token-that-nobody-uses", False), status)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(server.serve([listen("127.0.0.1", port)]))


if __name__ == "__main__":
    main(int(sys.argv[1]))
