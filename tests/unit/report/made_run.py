# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""The artefacts of a load run and an exercise that were never made, in the form that real ones have."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._exercise import report
from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._load_reports import SETTINGS, summary, write
from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._load_run import Outcome
from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._report.artifacts import (
    Exercise,
    Run,
    read_exercise,
    read_run,
)

STARTED = 1795413102.952
NAME = "20261123T055142Z-4c62"
EARLIER = "20261122T160311Z-0b9e"
EXERCISE = "exercise-20261123T055142Z"


def row(name: str = "/a", method: str = "GET", **figures: Any) -> dict[str, Any]:
    return {
        **{"name": name, "method": method, "num_requests": 525, "num_failures": 3, "fail_ratio": 3 / 525},
        **{"rps": 43.93512028114524, "fail_per_sec": 0.25105783017797, "avg": 13.416525887618523},
        **{"min": 10.809540999844103, "max": 23.504394999918077, "median": 13.0, "avg_content_length": 2.0},
        **{"p50": 13.0, "p95": 18.0, "p99": 21.0},
        **figures,
    }


def sample(elapsed: float, **figures: Any) -> dict[str, Any]:
    return {
        **{"time": STARTED + elapsed, "elapsed": elapsed, "stage": 0, "counted": True, "steady": elapsed > 12},
        **{"state": "running", "users": 5, "rps": 40.0, "fail_per_sec": 0.4, "p50": 13, "p95": 18, "fail_ratio": 0.01},
        **{"num_requests": 40 * elapsed, "num_failures": 0, "workers": 2, "generator_cpu": 20.5},
        **figures,
    }


def made_run(
    folder: Path,
    name: str = NAME,
    figures: Callable[[float], dict[str, Any]] = lambda elapsed: {},
    length: int = 120,
    options: dict[str, Any] | None = None,
    **changes: Any,
) -> Run:
    """Leave the artefacts of a run in `folder`, and read them; `figures` are those of the samples by time."""
    outcome = Outcome(
        **{
            **{"verdict": "passed", "reasons": [], "failures": [], "cautions": [], "thresholds": [], "errors": []},
            **{"overall": {**row("Aggregated", ""), "num_exceptions": 0}, "endpoints": [row()], "exceptions": []},
            **{"started": STARTED, "ended": STARTED + length, "aborted": False, "version": "2.47.0", "workers": 2},
            **{"exit_code": None, "shape": False, "files": {}},
            "samples": [sample(elapsed, **figures(elapsed)) for elapsed in range(0, length, 2)],
            **changes,
        }
    )
    given = {"users": 5, "spawn_rate": 5.0, "run_time": "120s", "host": "http://127.0.0.1:18001", **(options or {})}
    directory = folder / name
    directory.mkdir(parents=True)
    write(directory, summary(name, outcome, {**dict.fromkeys(SETTINGS), **given}, None), outcome)
    return read_run(directory)


def made_exercise(folder: Path, alert: str = "SlowClients", fires: bool = True, begun: float = STARTED) -> Exercise:
    """Leave the artefacts of an exercise of two cases, a minute each, in `folder`, and read them."""
    fired = [{"alert": alert, "labels": {"severity": "warning"}, "start": 22.4, "end": 47.0}] if fires else []
    rule = {"for": 10.0, "allowed": 20.0, "held": 9.0, "due": 39.0}
    seen = {"rule": rule, "called": 35.0, "now": 60.0}
    told = report(
        [
            {"name": "baseline", "begun": begun, "done": {}, "seen": {**seen, "fired": []}},
            {"name": "slow_client", "begun": begun + 60, "done": {}, "seen": {**seen, "fired": fired}},
        ],
        {"baseline": {}, "slow_client": {"must": alert}},
        [],
        EXERCISE,
        [],
    )
    directory = folder / EXERCISE
    directory.mkdir(parents=True)
    for name, text in (
        ("exercise.json", told["json"]),
        ("exercise.md", told["markdown"]),
        ("junit.xml", told["junit"]),
    ):
        (directory / name).write_text(text, errors="backslashreplace")
    return read_exercise(directory)
