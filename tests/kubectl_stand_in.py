# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""A stand-in for kubectl, which knows `port-forward` alone, and forwards to a port of this machine."""

from __future__ import annotations

import sys
from pathlib import Path

SOURCE = """\
#!{python}
import os, socket, sys, threading

with open({calls!r}, "a") as calls:
    print(os.getpid(), *sys.argv[1:], file=calls)
if {refusal!r}:
    sys.exit({refusal!r})


def pump(source, sink):
    try:
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        pass


with socket.create_server(("127.0.0.1", 0)) as server:
    print(f"Forwarding from 127.0.0.1:{{server.getsockname()[1]}} -> 8089", flush=True)
    while True:
        caller = server.accept()[0]
        try:
            there = socket.create_connection(("127.0.0.1", {port}))
        except OSError:
            sys.exit("error: lost connection to pod")
        for ends in ((caller, there), (there, caller)):
            threading.Thread(target=pump, args=ends, daemon=True).start()
"""


class Kubectl:
    """Puts a `kubectl` into a folder that is to be in PATH. Where it has a `refusal`, that is all it says."""

    def __init__(self, folder: Path, port: int, refusal: str = "") -> None:
        folder.mkdir(exist_ok=True)
        self.folder, self._calls = folder, folder / "calls"
        program = folder / "kubectl"
        text = SOURCE.format(python=sys.executable, calls=str(self._calls), refusal=refusal, port=port)
        program.write_text(text)
        program.chmod(0o755)

    def calls(self) -> list[str]:
        """With which arguments it was called."""
        return [line.partition(" ")[2] for line in self._lines()]

    def alive(self) -> list[str]:
        """The processes of those calls that have not ended."""
        return [pid for pid in (line.split()[0] for line in self._lines()) if _runs(pid)]

    def _lines(self) -> list[str]:
        return self._calls.read_text().splitlines() if self._calls.exists() else []


def _runs(pid: str) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False
