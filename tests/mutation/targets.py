# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""What is mutated, and the unit tests that have to notice: those that are about it, so that a run ends."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Target:
    module: str
    """Below plugins."""
    tests: tuple[str, ...]
    """Below tests/unit."""
    functions: tuple[str, ...] = ()
    """Those that are mutated, by name; all of the module where none is named."""


_GRAFANA = ("locust_dashboard/test_grafana_dialects.py", "locust_dashboard/test_grafana_answers.py")
_LOOP = ("locust_run/test_locust_run_loop.py", "locust_run/test_fault_matrix.py")
TARGETS = (
    # Thresholds.
    Target("module_utils/_locust/figures.py", ("locust_run/test_locust_run_thresholds.py",)),
    Target("module_utils/_locust/thresholds.py", ("locust_run/test_locust_run_thresholds.py",)),
    # Verdicts.
    Target(
        "plugin_utils/_load_run.py",
        _LOOP,
        ("_judge", "_own_verdict", "_late", "_busy", "_partial", "_name_exceptions", "breach"),
    ),
    Target("plugin_utils/_exercise.py", ("exercise/test_judging.py",)),
    # Binding of inputs.
    Target("module_utils/_grafana/binding.py", ("locust_dashboard/test_dashboard_binding.py",)),
    # The table of services.
    Target("plugin_utils/_services.py", ("services/test_services.py",)),
    # Versions.
    Target(
        "module_utils/_locust/client.py",
        ("locust_run/test_locust_run_client.py",),
        ("parse_overview", "version_of", "_overview_of_form", "_version"),
    ),
    Target("module_utils/_locust/lock.py", ("locust_run/test_locust_run_steps.py",), ("await_timer",)),
    Target("module_utils/_grafana/client.py", _GRAFANA, ("dialect_of", "server")),
    Target("plugin_utils/_distribution.py", ("distribution/test_distribution.py",)),
)
