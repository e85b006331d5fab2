# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""`./lab test [PART …]`: runs the named parts, or all; ends with 1 where one fails."""

from __future__ import annotations

import os
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


def run(*command: str, cwd: Path = CHECKOUT, env: Mapping[str, str] | None = None) -> bool:
    print(f"+ {shlex.join(command)}", flush=True)
    return subprocess.run(command, cwd=cwd, env={**os.environ, **(env or {})}, check=False).returncode == 0


def types() -> bool:
    strict = ["mypy", "--strict", "--config-file", str(CHECKOUT / "pyproject.toml")]
    folders = [CHECKOUT / "files" / name for name in PACKAGES]
    results = [
        run(*strict, "--package", f"{PLUGINS}.module_utils"),
        *(run(*strict, folder.name, cwd=folder) for folder in folders),
        run("mypy", "--package", PLUGINS),
        run("mypy", "tests", "benchmarks", "files/locust", env={"MYPYPATH": ":".join(map(str, folders))}),
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


def unit() -> bool:
    return run(sys.executable, "-m", "pytest", "tests/unit")


def integration() -> bool:
    return debian_packages() and run(
        sys.executable, "-m", "pytest", "--numprocesses=2", "--dist=loadfile", "tests/integration"
    )


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


def main(names: list[str]) -> int:
    unknown = sorted(set(names) - set(PARTS))
    if unknown:
        print(f"no such part: {', '.join(unknown)}; there are {', '.join(PARTS)}", file=sys.stderr)
        return 2
    results = {}
    for name, part in PARTS.items():
        if name in names or not names:
            print(f"== {name}", flush=True)
            start = time.monotonic()
            results[name] = part(), time.monotonic() - start
    print()
    for name, (passed, seconds) in results.items():
        print(f"{name:<12} {'passed' if passed else 'FAILED'} in {seconds:.0f} s")
    return int(not all(passed for passed, seconds in results.values()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
