# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""The mark of a load run, as the Locust plugin `run_mark.py` keeps it, as metrics."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from locust_exporter.exposition import Page, label_text, labels, number

MOST_THRESHOLDS = 50


def write(page: Page, answer: object) -> None:
    """Write the mark in `answer`, which is {"mark": {"run", "lab", "started", "ended", "verdict", "thresholds"}}.

    The mark may have a "report" besides. Of an answer that holds none, nothing is written.
    """
    mark = answer.get("mark") if isinstance(answer, dict) else None
    if not isinstance(mark, dict):
        return
    run = label_text(mark.get("run"))
    told = {
        name: label_text(mark.get(name)) for name in ("lab", "verdict", "report") if name != "report" or name in mark
    }
    info = labels(run=run, **told)
    of_the_run = "{" + labels(run=run) + "}"
    page.family("gauge", "run_info", "The run, and its verdict once it has one.", [("{" + info + "}", 1)])
    for name, key, text in (
        ("run_start_time_seconds", "started", "When the run began, in Unix time."),
        ("run_end_time_seconds", "ended", "When the run ended, in Unix time."),
    ):
        page.family("gauge", name, text, [(of_the_run, number(mark.get(key)))])
    listed = mark.get("thresholds")
    limits = {
        _labels(run, threshold): number(threshold.get("limit"))
        for threshold in (listed[:MOST_THRESHOLDS] if isinstance(listed, list) else [])
        if isinstance(threshold, dict)
    }
    page.family("gauge", "run_threshold", "What the run's figure has to be, in the figure's own unit.", limits.items())


def _labels(run: str, threshold: Mapping[str, Any]) -> str:
    pairs = {key: label_text(threshold.get(key)) for key in ("figure", "comparison", "name", "method")}
    return "{" + labels(run=run, **pairs) + "}"
