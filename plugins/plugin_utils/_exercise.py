# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the monitor_lab contributors
"""The exercise of the alerts: which cases it has, whether each was noticed as it has to be, and how that is told."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Optional
from xml.etree import ElementTree

from ..module_utils._lab.alerts import has
from ..module_utils._locust.transport import printable
from ._alert_rules import RUNBOOK
from ._load_reports import timestamp
from ._spelling import near_misses

# Counted up when a key of exercise.json changes its meaning or goes; new keys may come without that.
EXERCISE_VERSION = 1
# Before all others: what must be silent is silent.
BASELINE = "baseline"
COLUMNS = ("attack", "expected", "fired after", "resolved after", "false alarms")

Case = Mapping[str, Any]
"""An entry of C(exercise_cases) in playbooks/vars/exercise.yml, which says what each key means."""


@dataclass(frozen=True)
class Judged:
    """What became of a case. Times are in seconds: C(fired_after) since it began, C(resolved_after) since it ended."""

    name: str
    expected: str
    fired_after: Optional[float]
    resolved_after: Optional[float]
    false_alarms: list[str]
    problems: list[str]
    started: str
    """In ISO 8601, by the clock of Prometheus."""
    seconds: float


def plan(cases: Mapping[str, Case], first: Sequence[str], only: str, everything: bool) -> dict[str, Any]:
    """Return the C(names) of the cases to go through, and the C(fault) of what was asked for, "" for none."""
    others = [name for name in cases if name != BASELINE]
    fault = ""
    if only and everything:
        fault = "--only (exercise_only) is for one case, and --all (exercise_all) for all. Choose one."
    elif only and only not in others:
        meant = near_misses(only, others)
        fault = f"there is no case {only}: " + (f"write {meant[0]}." if meant else f"there are {', '.join(others)}.")
    chosen = [only] if only else others if everything else first
    return {"names": [BASELINE, *chosen], "fault": fault}


def judge(
    name: str, case: Case, begun: float, done: Mapping[str, Any], seen: Mapping[str, Any], may: Sequence[str] = ()
) -> Judged:
    """Judge a case by what Prometheus tells of its time, the answer of M(devsecops.monitor_lab.lab_alerts_info).

    It was `begun` so many seconds after the epoch. `done` are the results of the tasks C(attack), C(fault) and C(run),
    as far as it has them. Alerts in `may` may fire beside those that the case itself allows.
    """
    alert, labels = case.get("must", ""), case.get("labels", {})
    mine = [one for one in seen["fired"] if one["alert"] == alert and has(one["labels"], labels)]
    others = [one for one in seen["fired"] if one not in mine]
    false = [one for one in others if one["alert"] not in (*case.get("may", ()), *may)]
    fired = mine[0]["start"] if mine else None
    ends = [one["end"] for one in mine]
    end = max(ends) if ends and None not in ends else None
    problems = _mishaps(case, done) + (_unnoticed(alert, fired, end, seen) if alert else [])
    problems += [f"{one} fired, which is a false alarm" for one in dict.fromkeys(map(_named, false))]
    return Judged(
        name=name,
        expected=alert,
        fired_after=fired,
        # It may be over before the attack is.
        resolved_after=None if end is None else max(0.0, round(end - seen["called"], 3)),
        false_alarms=list(dict.fromkeys(one["alert"] for one in false)),
        problems=[printable(problem) for problem in problems],
        started=timestamp(begun),
        seconds=seen["now"],
    )


def _named(fired: Mapping[str, Any]) -> str:
    """Return an alert with the labels that tell it from others of its name."""
    labels = {name: value for name, value in fired["labels"].items() if name not in ("severity", "class")}
    told = ", ".join(f"{name} {value}" for name, value in sorted(labels.items()))
    return f"{fired['alert']} ({told})" if told else str(fired["alert"])


def _unnoticed(alert: str, fired: Optional[float], end: Optional[float], seen: Mapping[str, Any]) -> list[str]:
    """Say what is wrong with the alert that has to fire."""
    rule = seen["rule"]
    if rule is None:
        return [f"Prometheus has no rule {alert}"]
    if rule["held"] is None:
        return [f"the condition of {alert} never held" + (f" for {rule['for']:g} s" if rule["for"] else "")]
    if fired is None or fired > rule["due"]:
        late = f"fired after {fired:.0f} s" if fired is not None else f"did not fire within {seen['now']:.0f} s"
        due = f"it was due after {rule['due']:.0f} s, since its condition held after {rule['held']:.0f} s"
        return [f"{alert} {late}; {due}"]
    if end is None:
        return [f"{alert} still fired {seen['now'] - seen['called']:.0f} s after the attack"]
    return []


def _mishaps(case: Case, done: Mapping[str, Any]) -> list[str]:
    """Say what of the case itself did not happen as it has to."""
    problems = [
        f"the {what} ended with {done[what]['rc']}: {_reason(done[what])}"
        for what in ("attack", "fault")
        if what in case and done[what]["rc"] != 0
    ]
    run = done.get("run", {})
    if "run" in case and run.get("verdict") != case["run"]["verdict"]:
        problems.append(f"the run was to be {case['run']['verdict']}: {run.get('msg')}")
    return problems


def _reason(result: Mapping[str, Any]) -> str:
    """Return the line of a program's output that says what is wrong: of Locust's it is not the last."""
    lines = [line.strip() for name in ("stdout", "stderr") for line in str(result.get(name, "")).splitlines()]
    wrong = [line for line in lines if "rror" in line] or [line for line in lines if line] or [str(result.get("msg"))]
    return wrong[-1]


def report(
    gone_through: Sequence[Mapping[str, Any]],
    cases: Mapping[str, Case],
    may: Sequence[str],
    identity: str,
    places: Sequence[str],
) -> dict[str, Any]:
    """Return the exercise as C(table) (lines), C(markdown), C(json) and C(junit), and its C(problems); none is green.

    What was gone through has a C(name), and the arguments C(begun), C(done) and C(seen) of judge, as which `may` is;
    `places` are lines that say where to look.
    """
    rows = [
        # Older versions of Ansible make a text of a number.
        judge(one["name"], cases[one["name"]], float(one["begun"]), one["done"], one["seen"], may)
        for one in gone_through
    ]
    problems = [f"{row.name}: {problem}" for row in rows for problem in row.problems]
    places = [*places, f"What an alert means: {RUNBOOK}"]
    made = {
        "exercise_version": EXERCISE_VERSION,
        "exercise": identity,
        "green": not problems,
        "cases": [asdict(row) for row in rows],
    }
    return {
        "problems": problems,
        "table": [*_aligned([COLUMNS, *map(cells, rows)]), *problems, *places],
        "markdown": _markdown(identity, rows, problems, places),
        "json": json.dumps(made, indent=2) + "\n",
        "junit": _junit(identity, rows),
    }


def cells(row: Judged) -> tuple[str, ...]:
    """Return what the table has of a case, below C(COLUMNS)."""
    return (
        row.name,
        row.expected or "nothing",
        _seconds(row.fired_after, row.expected),
        _seconds(row.resolved_after, row.expected),
        ", ".join(row.false_alarms) or "none",
    )


def _seconds(seconds: Optional[float], expected: str) -> str:
    if seconds is None:
        return "NEVER" if expected else ""
    return f"{seconds:.0f} s"


def _aligned(lines: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(line[column]) for line in lines) for column in range(len(COLUMNS))]
    return ["  ".join(map(str.ljust, line, widths)).rstrip() for line in lines]


def _markdown(identity: str, rows: Sequence[Judged], problems: Sequence[str], places: Sequence[str]) -> str:
    table = [COLUMNS, ["---"] * len(COLUMNS), *map(cells, rows)]
    lines = [f"# {identity}: {'red' if problems else 'green'}", ""]
    lines += ["| " + " | ".join(line) + " |" for line in table]
    for listed in (problems, places):
        lines += ["", *(f"- {line}" for line in listed)] if listed else []
    return "\n".join(lines) + "\n"


def _junit(identity: str, rows: Sequence[Judged]) -> str:
    """Return a JUnit report: a test case for each case."""
    counts = {
        "tests": str(len(rows)),
        "failures": str(sum(len(row.problems) for row in rows)),
        "errors": "0",
        "time": f"{sum(row.seconds for row in rows):.3f}",
    }
    suites = ElementTree.Element("testsuites", counts)
    suite = ElementTree.SubElement(suites, "testsuite", {"name": identity, **counts})
    for row in rows:
        told = {"classname": "exercise", "name": row.name, "time": f"{row.seconds:.3f}"}
        case = ElementTree.SubElement(suite, "testcase", told)
        for problem in row.problems:
            ElementTree.SubElement(case, "failure", {"message": problem})
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(suites, encoding="unicode") + "\n"
