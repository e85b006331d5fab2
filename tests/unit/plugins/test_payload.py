# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""What modules bring to a host; a load run sends one every few seconds."""

from __future__ import annotations

import subprocess
import sys

from tests.checks.tree import CHECKOUT

MODULES = "ansible_collections.devsecops.monitor_lab.plugins.modules"


def test_modules_for_locust_leave_grafanas_client_at_home() -> None:
    program = f"""
import sys
import tests.conftest
import {MODULES}.locust_run
import {MODULES}.locust_run_info
heavy = ("ansible.module_utils.urls", "_grafana.client", "plugin_utils")
print([name for name in sys.modules if name.endswith(heavy)])
"""
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=CHECKOUT, capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.strip() == "[]"
