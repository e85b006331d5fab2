# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""Real Locusts with the lab's plugins, each with its log."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.checks.tree import CHECKOUT
from tests.locusts import locust_executable

PLUGINS = CHECKOUT / "files" / "locust"
# What nothing else is called.
USER_CLASS = "ShopperOfTheseTests"
LOCUSTFILE = f"""
from locust import User, constant, task
class {USER_CLASS}(User):
    wait_time = constant(1)
    @task
    def nothing(self): pass
"""


@dataclass(frozen=True)
class Started:
    process: subprocess.Popen[bytes]
    log: Path

    def logged(self) -> str:
        return self.log.read_text(encoding="utf-8")


class Locusts:
    def __init__(self, folder: Path, version: str) -> None:
        self.version = version
        self._folder = folder
        self._started: list[Started] = []
        (folder / "locustfile.py").write_text(LOCUSTFILE, encoding="utf-8")

    def start(self, plugins: tuple[str, ...], *arguments: str, **environment: str) -> Started:
        """Start one with these plugins, named without `.py`."""
        files = [str(self._folder / "locustfile.py"), *(str(PLUGINS / f"{name}.py") for name in plugins)]
        log = self._folder / f"{len(self._started)}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [locust_executable(self.version), "--locustfile", ",".join(files), *arguments],
                env={**os.environ, **environment},
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
        self._started.append(Started(process, log))
        return self._started[-1]

    def end(self) -> None:
        for started in self._started:
            started.process.kill()
            started.process.wait()


@contextlib.contextmanager
def locusts_of(folder: Path, version: str) -> Iterator[Locusts]:
    locusts = Locusts(folder, version)
    try:
        yield locusts
    finally:
        locusts.end()
