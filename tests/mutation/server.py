# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""Runs tests over mutants in the folder that it is started in, a process for each; what takes time is imported once.

Each line that comes is JSON: path, source, tests. The answer to each is one line: "killed" or "survived".
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import resource
import signal
import sys
import time
from pathlib import Path

import pytest
from hypothesis import Phase, settings

# So that each process has them.
PRELOADED = ("ansible.plugins.loader", "jinja2", "yaml")
# Others that are installed take longer to load than most tests to run.
PLUGINS = ("-p", "pytest_timeout", "-p", "_hypothesis_pytestplugin", "-p", "no:cacheprovider")
# Nobody reads what fails: it need not be made small.
settings.register_profile("mutants", deadline=None, database=None, phases=(Phase.explicit, Phase.generate))

# Seconds of a processor, and by the clock: on a busy machine these are far apart.
WORK = 60
PATIENCE = 600
MEMORY = 4 * 2**30


def tests_pass(tests: list[str], bytecode: bool) -> bool:
    child = os.fork()
    if child == 0:
        os.setpgid(0, 0)
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CPU, (WORK, WORK))
        nothing = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(nothing, stream)
        sys.dont_write_bytecode = not bytecode
        os._exit(pytest.main(["--exitfirst", "--quiet", *PLUGINS, "--hypothesis-profile=mutants", *tests]))
    give_up = time.monotonic() + PATIENCE
    while time.monotonic() < give_up:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            _end(child)
            return os.waitstatus_to_exitcode(status) == 0
        time.sleep(0.01)
    _end(child)
    os.waitpid(child, 0)
    return False


def _end(group: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)


os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "yes"
for name in PRELOADED:
    importlib.import_module(name)
for line in sys.stdin:
    asked = json.loads(line)
    file = Path(asked["path"])
    original = file.read_text()
    # A mutant may have the size and the second of another, and Python would take what it kept of that one.
    for kept in file.parent.glob(f"__pycache__/{file.stem}.*"):
        kept.unlink()
    file.write_text(asked["source"])
    passed = tests_pass(asked["tests"], bytecode=asked["source"] == original)
    file.write_text(original)
    print("survived" if passed else "killed", flush=True)
