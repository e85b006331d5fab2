# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""Writes files/dashboards/*.json: `python3 -m tools.dashboards`. Commit them with what they were made from."""

from __future__ import annotations

import json
from pathlib import Path

from tools.dashboards import locust, tokenization

FOLDER = Path(__file__).resolve().parents[2] / "files" / "dashboards"


def rendered() -> dict[str, str]:
    """File name → content."""
    made = {"locust.json": locust.DASHBOARD, "tokenization.json": tokenization.DASHBOARD}
    return {name: json.dumps(dashboard.drawn(), indent=2) + "\n" for name, dashboard in made.items()}


if __name__ == "__main__":
    for name, content in rendered().items():
        (FOLDER / name).write_text(content, encoding="utf-8")
