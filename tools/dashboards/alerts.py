# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""The alerts that files/prometheus/rules can make: Prometheus itself tells of those alone that fire."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

FILES = Path(__file__).resolve().parents[2] / "files" / "prometheus"
# Where the alerts begin to mind, unless somebody has set others.
THRESHOLDS: dict[str, Any] = yaml.safe_load((FILES / "thresholds.yml").read_text(encoding="utf-8"))


def names() -> list[str]:
    """Return their names, without those that tell of no fault."""
    found = []
    for file in sorted((FILES / "rules").glob("*.yml")):
        rules: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))
        found += [
            rule["alert"]
            for group in rules["groups"]
            for rule in group["rules"]
            if "alert" in rule and rule["labels"]["severity"] != "none"
        ]
    return found
