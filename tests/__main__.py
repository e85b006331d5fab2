# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""`./lab test [PART …]`: runs the named parts, or all; ends with 1 where one fails.

A part that is named alone prints as it runs. Of several, each writes into `artifacts/tests/PART.log`, and what failed
is shown at the end, where nobody has to look for it in an hour's output.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from tests.checks.sanity import sanity_home
from tests.checks.tree import CHECKOUT, copy_as_collection

# Debian packages that the integration tests start real servers from. Each brings a service of its own name.
DEBIAN_PACKAGES = ("postgresql", "prometheus")
# Each is checked from its own folder, from which its modules import each other.
PACKAGES = ("tokenization", "locust_exporter")
PLUGINS = "ansible_collections.devsecops.monitor_lab.plugins"
LOGS = CHECKOUT / "artifacts" / "tests"
SHOWN_LINES = 40


def run(*command: str, cwd: Path = CHECKOUT, env: Mapping[str, str] | None = None) -> bool:
    print(f"+ {shlex.join(command)}", flush=True)
    return subprocess.run(command, cwd=cwd, env={**os.environ, **(env or {})}, check=False).returncode == 0


def types() -> bool:
    strict = ["mypy", "--strict", "--config-file", str(CHECKOUT / "pyproject.toml")]
    folders = [CHECKOUT / "files" / name for name in PACKAGES]
    results = [
        run(*strict, "--package", PLUGINS),
        *(run(*strict, folder.name, cwd=folder) for folder in folders),
        run("mypy", "tests", "benchmarks", "tools", "files/locust", env={"MYPYPATH": ":".join(map(str, folders))}),
    ]
    return all(results)


def lint() -> bool:
    with tempfile.TemporaryDirectory() as collections:
        copy = copy_as_collection(Path(collections))
        results = [
            run("ruff", "check"),
            run("ruff", "format", "--check"),
            types(),
            run("vermin", "--no-tips", "--violations", "--no-parse-comments", "--target=3.9-", "plugins"),
            run("ansible-lint", cwd=copy, env={"ANSIBLE_COLLECTIONS_PATH": collections}),
            run(sys.executable, "-m", "tests.checks"),
        ]
    return all(results)


def sanity() -> bool:
    # This Python alone: others on the PATH may be a version manager's shims that lead nowhere.
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    with tempfile.TemporaryDirectory() as collections:
        return run(
            "ansible-test",
            "sanity",
            "--python",
            python,
            cwd=copy_as_collection(Path(collections)),
            env={"HOME": str(sanity_home())},
        )


def pytest_in_two(folder: str) -> bool:
    """Two files at a time: what they start is waited for longer than it works."""
    return run(sys.executable, "-m", "pytest", "--numprocesses=2", "--dist=loadfile", folder)


def unit() -> bool:
    return pytest_in_two("tests/unit")


def integration() -> bool:
    return debian_packages() and pytest_in_two("tests/integration")


def e2e() -> bool:
    return run(sys.executable, "-m", "pytest", "tests/e2e")


def molecule() -> bool:
    return run("molecule", "test")


def offline() -> bool:
    return run("molecule", "test", "--scenario-name", "offline")


def kubernetes() -> bool:
    return run("molecule", "test", "--scenario-name", "kubernetes")


def debian_packages() -> bool:
    missing = [name for name in DEBIAN_PACKAGES if not Path(f"/var/lib/dpkg/info/{name}.list").exists()]
    if not missing:
        return True
    root = [] if os.geteuid() == 0 else ["sudo"]
    install = ["apt-get", "install", "--yes", "--no-install-recommends", *missing]
    if not (run(*root, "apt-get", "update") and run(*root, *install)):
        print(f"the integration tests need Debian packages: {shlex.join([*root, *install])}", file=sys.stderr)
        return False
    # The tests start servers of their own, and Prometheus's usual port belongs to the lab.
    return all(run(*root, "service", name, "stop") and run(*root, "update-rc.d", name, "disable") for name in missing)


PARTS: dict[str, Callable[[], bool]] = {
    part.__name__: part for part in (lint, sanity, unit, integration, e2e, molecule, offline, kubernetes)
}


def log_of(name: str) -> Path:
    return LOGS / f"{name}.log"


def command_of(name: str) -> list[str]:
    return [sys.executable, "-m", "tests", name]


def passes(name: str) -> bool:
    """Run a part by itself, and say how it ended and how long it took."""
    LOGS.mkdir(parents=True, exist_ok=True)
    start = time.monotonic()
    with log_of(name).open("w") as log:
        done = subprocess.run(command_of(name), cwd=CHECKOUT, stdout=log, stderr=subprocess.STDOUT, check=False)
    passed = done.returncode == 0
    print(f"{name:<12} {'passed' if passed else 'FAILED'} in {time.monotonic() - start:.0f} s", flush=True)
    return passed


def what_failed(log: str) -> str:
    """The last lines of a part's log; of a play that failed, the last ones before what Molecule does after it."""
    lines = log.splitlines()
    recap = re.compile(r" : ok=.* (unreachable|failed)=[1-9]")
    end = next((number for number, line in enumerate(lines, 1) if recap.search(line)), None)
    return "\n".join(lines[:end][-SHOWN_LINES:])


def main(names: list[str]) -> int:
    unknown = sorted(set(names) - set(PARTS))
    if unknown:
        print(f"no such part: {', '.join(unknown)}; there are {', '.join(PARTS)}", file=sys.stderr)
        return 2
    if len(names) == 1:
        return int(not PARTS[names[0]]())
    failed = [name for name in PARTS if (name in names or not names) and not passes(name)]
    for name in failed:
        print(f"\n== {name} failed; all that it printed is in {log_of(name)}\n{what_failed(log_of(name).read_text())}")
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
