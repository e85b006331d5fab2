# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""Writes files/dashboards/*.json: `python3 -m tools.dashboards`. Commit them with what they were made from."""

from __future__ import annotations

import json
from pathlib import Path

from tools.dashboards import hosts, locust, security, tokenization

FOLDER = Path(__file__).resolve().parents[2] / "files" / "dashboards"


def rendered() -> dict[str, str]:
    """File name → content."""
    made = (hosts, locust, security, tokenization)
    return {
        f"{module.__name__.rpartition('.')[2]}.json": json.dumps(module.DASHBOARD.drawn(), indent=2) + "\n"
        for module in made
    }


if __name__ == "__main__":
    for name, content in rendered().items():
        (FOLDER / name).write_text(content, encoding="utf-8")
