# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""A Locust plugin: keeps the mark of a load run, for the Locust exporter and whatever else asks.

Locust's web interface tells how a run is getting on, and not which one it is, what is held against it and how it
ended. Whoever starts and judges it says so here, at `/monitor-lab/run`, and Prometheus has it beside the run's figures.
Load it beside the locustfile of the master, or of a Locust without workers; it needs Locust 2.15.1 or newer:

    locust -f locustfile.py,run_mark.py

README.md beside this file describes the mark. The newest alone is kept, as long as this Locust runs. The header
`Locust-Run` tells the exporter that the plugin is there.
"""

from __future__ import annotations

import json
from typing import Any

from flask import request
from locust import events

LONGEST_BODY = 512 * 1024
MOST_THRESHOLDS = 50
LONGEST_WORD = 100
LONGEST_NAME = 1000
LARGEST = 1e15
VERDICTS = ("passed", "failed", "incomplete")
COMPARISONS = ("<", "<=", ">", ">=", "==")


class BadMarkError(ValueError):
    """What was sent is no mark; the message says why."""


@events.init.add_listener
def keep_marks(environment, **_kwargs):
    web_ui = environment.web_ui
    if web_ui is None:
        return
    base = (getattr(environment.parsed_options, "web_base_path", None) or "").rstrip("/")
    kept = {"mark": None}

    @web_ui.app.after_request
    def announce(response):
        response.headers["Locust-Run"] = "1"
        return response

    # A refusal has status 200, as those of Locust itself have.
    @web_ui.app.route(f"{base}/monitor-lab/run", methods=["GET", "POST"])
    @web_ui.auth_required_if_enabled
    def run_mark():
        if request.method == "GET":
            return kept
        try:
            mark = mark_in(request)
        except BadMarkError as error:
            return {"marked": False, "message": str(error)}
        if not follows(mark, kept["mark"]):
            return {"marked": False, "message": f"the mark that is kept is that of {kept['mark']['run']}"}
        kept["mark"] = mark
        return {"marked": True}


def follows(mark: dict[str, Any], kept: dict[str, Any] | None) -> bool:
    """Whether it may take the place of the one that is kept: the end of a run does not replace the run after it."""
    return kept is None or mark["ended"] is None or mark["run"] == kept["run"]


def mark_in(asked) -> dict[str, Any]:
    """Return the mark in the field `mark` of a form. Raises BadMarkError."""
    if asked.content_length is None or asked.content_length > LONGEST_BODY:
        raise BadMarkError(f"a form of at most {LONGEST_BODY} bytes, and its length, are needed")
    try:
        return parse(json.loads(asked.form.get("mark", "")))
    except (ValueError, RecursionError) as error:
        raise BadMarkError(str(error) or "no JSON") from error


def parse(value: object) -> dict[str, Any]:
    """Return the mark that `value`, decoded JSON, is; all of it is bounded. Raises BadMarkError."""
    keys = {"run", "lab", "started", "ended", "verdict", "thresholds"}
    if isinstance(value, dict) and "report" in value:
        keys.add("report")
    mark = _mapping(value, "the mark", keys)
    thresholds = mark["thresholds"]
    if not isinstance(thresholds, list) or len(thresholds) > MOST_THRESHOLDS:
        raise BadMarkError(f"thresholds: a list of at most {MOST_THRESHOLDS} is needed")
    _text(mark, "run", LONGEST_WORD)
    _text(mark, "lab", LONGEST_WORD)
    _figure(mark, "started")
    if mark["ended"] is not None:
        _figure(mark, "ended")
    if "report" in mark:
        _text(mark, "report", LONGEST_NAME)
        if not mark["report"].startswith(("http://", "https://")):
            raise BadMarkError("report: an http or https URL is needed")
    if mark["verdict"] is not None and mark["verdict"] not in VERDICTS:
        raise BadMarkError(f"verdict: none or one of {', '.join(VERDICTS)} is needed")
    for threshold in thresholds:
        _mapping(threshold, "a threshold", {"figure", "comparison", "limit", "name", "method"})
        _text(threshold, "figure", LONGEST_WORD)
        _text(threshold, "name", LONGEST_NAME)
        _text(threshold, "method", LONGEST_WORD)
        _figure(threshold, "limit")
        if threshold["comparison"] not in COMPARISONS:
            raise BadMarkError(f"comparison: one of {', '.join(COMPARISONS)} is needed")
    return mark


def _mapping(value: object, what: str, keys: set[str]) -> dict[str, Any]:
    if not isinstance(value, dict) or value.keys() != keys:
        raise BadMarkError(f"{what} has other keys than {', '.join(sorted(keys))}")
    return value


def _text(mapping: dict[str, Any], key: str, longest: int) -> None:
    if not isinstance(mapping[key], str) or len(mapping[key]) > longest:
        raise BadMarkError(f"{key}: a text of at most {longest} characters is needed")


def _figure(mapping: dict[str, Any], key: str) -> None:
    value = mapping[key]
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not abs(value) < LARGEST:
        raise BadMarkError(f"{key}: a number is needed")
