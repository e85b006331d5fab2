# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""The ansible-cores that the collection is for, each in an environment with a Python that it runs on."""

from __future__ import annotations

import hashlib
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

from tests.checks.tree import CHECKOUT
from tests.environments import environment, find_python


class Core(NamedTuple):
    version: str
    package: str
    """The release of `ansible` whose collections it gets."""
    pythons: tuple[str, ...]
    """That it runs on as a controller; the first that this machine has is taken."""


# One for each release from galaxy.yml's oldest on. The first is the oldest whole: galaxy.yml promises its collections.
CORES = (
    Core("2.17.0", "11.11.0", ("3.11", "3.12")),
    Core("2.18.19", "11.13.0", ("3.11", "3.12", "3.13")),
    Core("2.19.14", "12.3.0", ("3.11", "3.12", "3.13")),
    Core("2.20.10", "13.8.0", ("3.13", "3.12", "3.14")),
    Core("2.21.5", "14.5.0", ("3.13", "3.12", "3.14")),
)


def python_of(core: Core) -> Path | None:
    return next(filter(None, map(find_python, core.pythons)), None)


def why_not(core: Core) -> str:
    """Return why a core is left out on this machine, empty where it is not."""
    if core.version == version("ansible-core"):
        return "the other parts run it"
    return "" if python_of(core) else f"no Python {' or '.join(core.pythons)} here"


def those_here() -> list[Core]:
    """Return the cores that this machine can run, the oldest first, and say which are left out."""
    reasons = {core: why_not(core) for core in CORES}
    for core, reason in reasons.items():
        if reason:
            print(f"left out: ansible-core {core.version}: {reason}", flush=True)
    return [core for core in CORES if not reasons[core]]


def environment_of(core: Core) -> Path:
    """Return the environment of a core, with all that the tests need."""
    python = python_of(core)
    assert python
    services = [CHECKOUT / "files" / name / "pyproject.toml" for name in ("tokenization", "locust_exporter")]
    requirements = [*(CHECKOUT / f"requirements{name}" for name in (".in", "-test.in", "-uv.txt")), *services]
    content = hashlib.sha256(b"".join(path.read_bytes() for path in requirements)).hexdigest()[:8]
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as overrides:
        print(f"ansible-core=={core.version}\nansible=={core.package}", file=overrides, flush=True)
        return environment(
            f"ansible-core/{core.version}-{core.package}-{python.name}-{content}",
            python,
            *("--override", overrides.name),
            *("--constraint", str(CHECKOUT / "files" / "locust" / "requirements.txt")),
            *(word for path in requirements for word in ("--requirement", str(path))),
        )
