# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the monitor_lab contributors
"""What a load run or an exercise left on the controller, read again."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from pathlib import Path
from typing import Any

from .._exercise import EXERCISE_VERSION, Judged
from .._load_reports import SUMMARY_VERSION

SUMMARY = "summary.json"
EXERCISE = "exercise.json"
# What a page tells of it.
_KEYS = (
    "verdict",
    "reasons",
    "cautions",
    "settings",
    "thresholds",
    "errors",
    "exceptions",
    "locust_version",
    "workers",
)
# How many runs are named where one is not found.
_NAMED = 5

Row = Mapping[str, Any]


# What reading a file of another kind or version raises.
_UNREADABLE = (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError)


class ReportError(Exception):
    """A report cannot be made, for a reason that whoever asked for it can mend."""


@dataclass(frozen=True)
class Run:
    """A run, by its summary and samples. Texts in them are those of its target, and so anybody's."""

    folder: Path
    name: str
    started: float
    ended: float
    summary: Row
    overall: Row
    """The figures of the whole run; of one that Locust could not be asked at the end, only some or none."""
    endpoints: Mapping[tuple[str, str], Row]
    """Those of each endpoint, by method and name."""
    samples: Sequence[Row]
    steady: Sequence[Row]
    """The samples whose current figures are those of every user running, in the part that the verdict counts."""


@dataclass(frozen=True)
class Exercise:
    folder: Path
    name: str
    started: float
    ended: float
    """In seconds since the epoch."""
    is_green: bool
    cases: Sequence[Judged]
    """At least one."""


def seconds_of(text: str) -> float:
    """Return a moment in seconds since the epoch, of its form in ISO 8601 with a zone."""
    # Python reads the letter from 3.11 on.
    return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def read_run(folder: Path) -> Run:
    try:
        summary = json.loads((folder / SUMMARY).read_text(encoding="utf-8"))
        path = folder / "samples.jsonl"
        samples = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []
        if summary["summary_version"] != SUMMARY_VERSION:
            raise ReportError(f"{folder} is of another version of the collection")
        lacking = ", ".join(key for key in _KEYS if key not in summary)
        if lacking:
            raise ReportError(f"{folder} holds no load run that can be read: its summary lacks {lacking}")
        return Run(
            folder=folder,
            name=str(summary["run_id"]),
            started=seconds_of(summary["started"]),
            ended=seconds_of(summary["ended"]),
            summary=summary,
            overall=dict(summary["stats"]["overall"]),
            endpoints={(row["method"], row["name"]): row for row in summary["stats"]["endpoints"]},
            samples=samples,
            steady=[sample for sample in samples if sample["steady"] and sample["counted"]],
        )
    except _UNREADABLE as error:
        raise ReportError(f"{folder} holds no load run that can be read: {error!r}") from error


def read_exercise(folder: Path) -> Exercise:
    try:
        made = json.loads((folder / EXERCISE).read_text(encoding="utf-8"))
        if made["exercise_version"] != EXERCISE_VERSION:
            raise ReportError(f"{folder} is of another version of the collection")
        cases = [Judged(**{field.name: case[field.name] for field in fields(Judged)}) for case in made["cases"]]
        last = cases[-1]
        return Exercise(
            folder=folder,
            name=str(made["exercise"]),
            started=seconds_of(cases[0].started),
            ended=seconds_of(last.started) + float(last.seconds),
            is_green=bool(made["green"]),
            cases=cases,
        )
    except (*_UNREADABLE, IndexError) as error:
        raise ReportError(f"{folder} holds no exercise that can be read: {error!r}") from error


def find(name: str, artifacts_dir: Path) -> Path:
    """Return the folder of a run or an exercise, by its id or, with a slash, its path; without a name the last run."""
    known = runs_in(artifacts_dir)
    if not name:
        if not known:
            raise ReportError(f"there is no load run in {artifacts_dir} yet")
        return known[-1]
    folder = Path(name) if "/" in name else artifacts_dir / name
    if not any((folder / each).is_file() for each in (SUMMARY, EXERCISE)):
        last = ", ".join(each.name for each in known[-_NAMED:])
        raise ReportError(
            f"{folder} has neither {SUMMARY} nor {EXERCISE}, so it is no load run or exercise"
            f"{f'; the last runs are {last}' if last else ''}"
        )
    return folder


def runs_in(artifacts_dir: Path) -> list[Path]:
    """Return the folders of all runs, the last one last: their names begin with the time."""
    return sorted(path.parent for path in artifacts_dir.glob(f"*/{SUMMARY}"))


def runs_between(artifacts_dir: Path, start: float, end: float) -> tuple[list[Run], list[str]]:
    """Return the runs of which some part lies in that time, and why others could not be read."""
    runs, unreadable = [], []
    for folder in runs_in(artifacts_dir):
        try:
            run = read_run(folder)
        except ReportError as error:
            unreadable.append(str(error))
        else:
            runs += [run] if run.started < end and run.ended > start else []
    return runs, unreadable
