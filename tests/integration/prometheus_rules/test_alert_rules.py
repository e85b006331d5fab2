# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""Each alert fires where it has to and is silent where it must be, says the promtool that Prometheus comes with."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._alert_rules import alert_rules

from tests import alert_cases


def promtool(*arguments: str | Path) -> str:
    done = subprocess.run(["promtool", *arguments], capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def test_every_alert_fires_and_is_silent(tmp_path: Path) -> None:
    tests = []
    for alert in alert_cases.alerts():
        (tmp_path / f"{alert}.json").write_text(json.dumps(alert_cases.rules_for(alert)))
        tests.append(tmp_path / f"{alert}-test.json")
        tests[-1].write_text(json.dumps(alert_cases.promtool_tests(alert, f"{alert}.json")))
    assert promtool("test", "rules", *tests) == ""


def test_promtool_finds_no_fault_with_the_rules(tmp_path: Path) -> None:
    (tmp_path / "rules.yml").write_text(alert_rules({}, alert_cases.JOBS))
    assert promtool("check", "rules", "--lint=all", "--lint-fatal", tmp_path / "rules.yml") == ""
