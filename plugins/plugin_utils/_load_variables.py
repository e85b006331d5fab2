# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the monitor_lab contributors
"""The variables by which the playbook load_run.yml is told the options of M(devsecops.monitor_lab.locust_run)."""

from __future__ import annotations

from collections.abc import Iterable

from ..module_utils._locust.arguments import ARGUMENTS
from ._spelling import near_misses

PREFIX = "locust_run_"
# The option would be locust_run_run_time. What is asked of a cluster is no option.
VARIABLES = {f"{PREFIX}{'time' if option == 'run_time' else option}" for option in ARGUMENTS} | {f"{PREFIX}workers"}


def load_variable_faults(names: Iterable[str]) -> list[str]:
    """Return a sentence for each of `names` that begins as these variables do and is none of them."""
    return [_fault(name) for name in sorted(names) if name.startswith(PREFIX) and name not in VARIABLES]


def _fault(name: str) -> str:
    meant = [f"{PREFIX}time"] if name == f"{PREFIX}run_time" else sorted(near_misses(name, VARIABLES))
    return f"there is no variable {name}; " + (
        f"write {' or '.join(meant)}" if meant else "ansible-doc devsecops.monitor_lab.locust_run tells the options"
    )
