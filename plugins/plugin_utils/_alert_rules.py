# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the monitor_lab contributors
"""Prometheus's rules, which lie in files/prometheus/rules with <names> in the places of thresholds, and these."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Optional

from ansible.module_utils.common.yaml import yaml_load

from ._spelling import near_misses

FOLDER = Path(__file__).parents[2] / "files" / "prometheus"
RUNBOOK = "https://github.com/devsecops/monitor_lab/blob/main/docs/runbook.md"
_PLACE = re.compile(r"<(\w+)>")
_DURATION = re.compile(r"(\d+h)?(\d+m)?(\d+s)?", re.ASCII)


def default_thresholds(folder: Path = FOLDER) -> dict[str, Any]:
    """Return name → number, or a duration as Prometheus writes it."""
    return dict(yaml_load((folder / "thresholds.yml").read_text(encoding="utf-8")))


def thresholds_fault(value: Any, folder: Path = FOLDER) -> Optional[str]:
    """Say what is wrong with the thresholds that a user gives, None where nothing is."""
    defaults = default_thresholds(folder)
    for name, given in (value if isinstance(value, Mapping) else {}).items():
        if name not in defaults:
            meant = near_misses(str(name), defaults)
            hint = f"{meant[0]} is meant; " if meant else ""
            return f"no rule has a threshold {name}: {hint}all are in files/prometheus/thresholds.yml"
        if isinstance(defaults[name], str):
            if not given or not _DURATION.fullmatch(str(given)):
                return f"{name} is not a duration; write one such as 10s or 1m30s"
        elif isinstance(given, bool) or not re.fullmatch(r"\d+(\.\d+)?", str(given), re.ASCII):
            return f"{name} is not a number; write one such as {defaults[name]}"
    return None


def alert_rules(thresholds: Mapping[str, Any], jobs: Iterable[str], folder: Path = FOLDER) -> str:
    """Return the text of a file of rules: the lab's, with these thresholds beside those that are usual.

    `jobs` are those that have to be there, each with a series C(lab:job:expected). An alert's annotations get the
    C(runbook_url) of its section.
    """
    groups = [group for groups in groups_by_file(thresholds, jobs, folder).values() for group in groups]
    return json_file("The lab's rules.", {"groups": groups})


def groups_by_file(
    thresholds: Mapping[str, Any], jobs: Iterable[str], folder: Path = FOLDER
) -> dict[str, list[dict[str, Any]]]:
    """Return file → its groups of rules; what jobs there have to be is in C(jobs)."""
    values = {**default_thresholds(folder), **thresholds}
    found = {"jobs": [{"name": "jobs", "rules": [_expected(job) for job in jobs]}]}
    for file in sorted((folder / "rules").glob("*.yml")):
        text = _PLACE.sub(lambda place: str(values[place.group(1)]), file.read_text(encoding="utf-8"))
        groups = yaml_load(text)["groups"]
        found[file.stem] = [{**group, "rules": [_with_runbook(rule) for rule in group["rules"]]} for group in groups]
    return found


def json_file(about: str, content: Any) -> str:
    """Return the content as JSON below a comment, which makes YAML of it.

    So its older versions do not take the text for a dict, nor Ansible templates of Prometheus's for its own.
    """
    return f"# {about}\n{without_braces(json.dumps(content, indent=2))}\n"


def without_braces(text: str) -> str:
    """Return the same JSON, in which Ansible finds no template."""
    return text.replace("{{", "{\\u007b")


def _expected(job: str) -> dict[str, Any]:
    return {"record": "lab:job:expected", "expr": "vector(1)", "labels": {"job": job}}


def _with_runbook(rule: Mapping[str, Any]) -> dict[str, Any]:
    if "alert" not in rule:
        return dict(rule)
    runbook = {"runbook_url": f"{RUNBOOK}#{rule['alert'].lower()}"}
    return {**rule, "annotations": {**rule["annotations"], **runbook}}
