# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""Runs a playbook of a test's own with the Ansible of this environment.

Half of what a small play takes is Ansible's start. So a process starts it once, and forks for each play. Ansible reads
its environment as it starts: there is one such process for each environment.
"""

from __future__ import annotations

import atexit
import functools
import gc
import importlib
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NoReturn

import yaml

from tests.checks.tree import CHECKOUT
from tests.role_readme import ROLES

# What every play imports later.
EVERY_PLAY = (
    "ansible.executor.module_common",
    "ansible.executor.process.worker",
    "ansible.plugins.action.normal",
    "ansible.plugins.callback.default",
    "ansible.plugins.connection.local",
    *(f"ansible.plugins.filter.{name}" for name in ("core", "encryption", "mathstuff", "urls", "urlsplit")),
    "ansible.plugins.inventory.yaml",
    "ansible.plugins.strategy.linear",
    *(f"ansible.plugins.test.{name}" for name in ("core", "files", "mathstuff", "uri")),
)


def ansible_playbook(
    playbook: str | Path, *arguments: str | Path, cwd: Path = CHECKOUT, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Return how it ended and what it printed. The collection is the checkout, unless the environment says another."""
    around = {**os.environ, "ANSIBLE_CONFIG": str(CHECKOUT / "ansible.cfg"), **environment}
    # Pytest says there which test runs.
    around.pop("PYTEST_CURRENT_TEST", None)
    server = _server(tuple(sorted(around.items())))
    command = ["ansible-playbook", *map(str, arguments), str(playbook)]
    with tempfile.TemporaryDirectory() as folder:
        request = {"command": command, "cwd": str(cwd), "out": f"{folder}/out", "error": f"{folder}/error"}
        assert server.stdin and server.stdout
        try:
            server.stdin.write(f"{json.dumps(request)}\n")
            server.stdin.flush()
            code = int(server.stdout.readline())
        except BaseException:
            # A test's time is over: what would be answered now is no answer to who asks next.
            server.kill()
            _server.cache_clear()
            raise
        printed = [Path(folder, name).read_text(encoding="utf-8") for name in ("out", "error")]
    return subprocess.CompletedProcess(command, code, *printed)


def reading(roles: Iterable[str], *tasks: dict[str, Any]) -> dict[str, Any]:
    """Return a play on this machine that has the variables of these roles, and runs these tasks alone."""
    files = [ROLES / role / part / "main.yml" for role in roles for part in ("defaults", "vars")]
    return {
        "hosts": "localhost",
        "connection": "local",
        "gather_facts": False,
        "vars_files": [str(file) for file in files if file.exists()],
        "tasks": tasks,
    }


def shown(done: subprocess.CompletedProcess[str]) -> list[Any]:
    """Return what the play's tasks `debug` had as their messages, which are JSON, in order."""
    blocks = re.findall(r"^ok: .* => *\n((?: {4,}.*\n|\n)+)", done.stdout, re.MULTILINE)
    return [json.loads(result["msg"]) for result in map(yaml.safe_load, blocks) if result.keys() == {"msg"}]


@functools.cache
def _server(environment: tuple[tuple[str, str], ...]) -> subprocess.Popen[str]:
    server = subprocess.Popen(
        [sys.executable, "-m", __name__],
        cwd=CHECKOUT,
        env=dict(environment),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    atexit.register(_stop, server)
    return server


def _stop(server: subprocess.Popen[str]) -> None:
    server.communicate()


def _serve() -> None:
    """Play what each line asks for, until there is none."""
    importlib.import_module("ansible.cli.playbook")
    for name in EVERY_PLAY:
        importlib.import_module(name)
    # What is never looked at again stays shared by all that are forked.
    gc.collect()
    gc.freeze()
    for line in sys.stdin:
        child = os.fork()
        if not child:
            _play(json.loads(line))
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


def _play(request: dict[str, Any]) -> NoReturn:
    """End this process as `ansible-playbook` ends."""
    from ansible.cli.playbook import PlaybookCLI

    for number, path in enumerate((os.devnull, request["out"], request["error"])):
        os.dup2(os.open(path, os.O_RDWR | os.O_CREAT, mode=0o600), number)
    os.chdir(request["cwd"])
    code = 1
    try:
        PlaybookCLI.cli_executor(request["command"])
    except SystemExit as end:
        assert isinstance(end.code, int)
        code = end.code
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        # Without what Python does at its end: Ansible's folder for what it makes is the server's.
        os._exit(code)


if __name__ == "__main__":
    _serve()
