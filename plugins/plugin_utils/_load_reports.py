# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the monitor_lab contributors
"""What a load run leaves behind: summary, JUnit report, samples, the line of progress, and what Grafana is told."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timezone
from html import escape
from pathlib import Path
from typing import Any, Optional
from urllib.parse import quote
from xml.etree import ElementTree

from ._load_run import Baseline, Outcome, breach
from ._module_results import printed

# Counted up when a key changes its meaning or goes; new keys may come without that.
SUMMARY_VERSION = 2
# How much is shown of what a module printed when it crashed.
LAST_LINES = 20
# The options that a later reader has to know to compare two runs.
SETTINGS = ("locust_url", "mode", "users", "spawn_rate", "run_time", "stages", "host", "user_classes", "tags", "warmup")


def timestamp(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def summary(run_id: str, outcome: Outcome, options: Mapping[str, Any], baseline: Optional[Baseline]) -> dict[str, Any]:
    """Return what C(summary.json) holds; the module's documentation says what each key means."""
    return {
        "summary_version": SUMMARY_VERSION,
        "run_id": run_id,
        "verdict": outcome.verdict,
        "reasons": outcome.reasons,
        "cautions": outcome.cautions,
        "aborted": outcome.aborted,
        "started": timestamp(outcome.started),
        "ended": timestamp(outcome.ended),
        "locust_version": outcome.version,
        "workers": outcome.workers,
        "exit_code": outcome.exit_code,
        "shape": outcome.shape,
        "settings": {name: options[name] for name in SETTINGS if options[name]},
        "compared": baseline is not None,
        "thresholds": outcome.thresholds,
        "stats": {"overall": outcome.overall, "endpoints": outcome.endpoints},
        "errors": outcome.errors,
        "exceptions": outcome.exceptions,
    }


def junit(run_id: str, outcome: Outcome) -> str:
    """Return a JUnit report: a test case for the run as such, and one for each threshold."""
    failed = [answer for answer in outcome.thresholds if not answer["passed"]]
    incomplete = outcome.verdict == "incomplete"
    counts = {
        "tests": str(len(outcome.thresholds) + 1),
        "failures": str(len(failed) + len(outcome.failures)),
        "errors": str(int(incomplete)),
        "time": f"{outcome.ended - outcome.started:.3f}",
    }
    suites = ElementTree.Element("testsuites", counts)
    suite = ElementTree.SubElement(
        suites, "testsuite", {"name": run_id, "timestamp": timestamp(outcome.started), **counts}
    )
    case = ElementTree.SubElement(suite, "testcase", {"classname": "locust_run", "name": "run"})
    if incomplete:
        ElementTree.SubElement(case, "error", {"message": _printable(outcome.reasons[0])})
    for failure in outcome.failures:
        ElementTree.SubElement(case, "failure", {"message": _printable(failure)})
    if outcome.cautions:
        ElementTree.SubElement(case, "system-err").text = _printable("\n".join(outcome.cautions))
    for answer in outcome.thresholds:
        endpoint = " ".join(part for part in (answer["method"], answer["name"]) if part) or "overall"
        case = ElementTree.SubElement(
            suite,
            "testcase",
            {"classname": f"locust_run.{_printable(endpoint)}", "name": _printable(answer["threshold"])},
        )
        if not answer["passed"]:
            ElementTree.SubElement(case, "failure", {"message": _printable(breach(answer))})
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(suites, encoding="unicode") + "\n"


def _printable(text: str) -> str:
    """Leave out what XML 1.0 cannot hold; the names of endpoints are anybody's."""
    return "".join(
        character
        for character in text
        if (character >= " " or character in "\n\t")
        and not "\ud800" <= character <= "\udfff"
        and character not in "\ufffe\uffff"
    )


def write(directory: Path, made: Mapping[str, Any], outcome: Outcome) -> None:
    """Write all artefacts into `directory`; C(summary.json) comes last, when the others are there."""
    files = {
        **outcome.files,
        "samples.jsonl": "".join(json.dumps(sample) + "\n" for sample in outcome.samples),
        "junit.xml": junit(made["run_id"], outcome),
        "summary.json": json.dumps(made, indent=2) + "\n",
    }
    for name, text in files.items():
        # Half of a character, which JSON can hold, is no text in a file.
        (directory / name).write_bytes(text.encode(errors="backslashreplace"))


def line(run_id: str, outcome: Outcome) -> str:
    """Return the line that names the verdict and all that there is to say of it."""
    text = f"Load run {run_id} {outcome.verdict}"
    if outcome.reasons:
        text += f": {'; '.join(outcome.reasons)}"
    if outcome.cautions:
        text += f" (but {'; '.join(outcome.cautions)})"
    return text


def problem_of(answer: Mapping[str, Any]) -> str:
    """Say why a module failed. One that crashed tells nothing but that, and has printed the rest."""
    known = str(answer.get("msg") or "")
    for text in printed(answer):
        tail = "\n".join(text.splitlines()[-LAST_LINES:])
        if tail not in known:
            known += f"\n{tail}" if known else tail
    return known or "the module failed without a word"


def progress(sample: Mapping[str, Any], run_time: int) -> str:
    """Return the line that tells how a run is getting on."""
    p95 = "-" if sample["p95"] is None else f"{sample['p95']:.0f}"
    return (
        f"{sample['elapsed']:.0f}/{run_time} s  {sample['users']} users  {sample['rps'] or 0:.1f} requests/s  "
        f"p95 {p95} ms  {sample['num_failures']} failures ({100 * (sample['fail_ratio'] or 0):.2f}%)"
    )


def annotation_tags(verdict: str, lab: str) -> list[str]:
    """Return the tags by which dashboards tell the annotations of one lab's runs from others, and their verdicts."""
    return ["locust_run", verdict, f"lab:{lab}"]


def report_url(artifacts_url: str, run_id: str, name: str) -> str:
    """Return where a run's page is, below where its artefacts are."""
    return f"{artifacts_url.rstrip('/')}/{quote(run_id, safe='')}/{name}"


def annotation_text(text: str, report: str) -> str:
    """Return what Grafana shows, which is HTML, with a link to the run's page where there is one."""
    shown = escape(text, quote=False)
    return f'{shown}<br><a href="{escape(report)}">Its report</a>' if report else shown


def dashboard_url(grafana_url: str, uid: str, started: float, ended: float) -> str:
    """Return the address of a Grafana's dashboard at the time of a run, with a few seconds around it."""
    return dashboard_at(f"{grafana_url.rstrip('/')}/d/{quote(uid, safe='')}", started, ended)


def dashboard_at(address: str, started: float, ended: float) -> str:
    """Return a dashboard's address with such a time in it."""
    margin = 5
    since, until = round((started - margin) * 1000), round((ended + margin) * 1000)
    return f"{address}{'&' if '?' in address else '?'}from={since}&to={until}"
