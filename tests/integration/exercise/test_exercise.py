# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""The exercise with real programs: green where all is noticed, red where a rule is gone or a wrong one fires."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import requests

from tests import alert_cases
from tests.integration.exercise.lab import running

pytestmark = pytest.mark.timeout(600)
# What they take where a minute is ten seconds.
SECONDS = {"baseline": 5, "slow_client": 12, "endpoint_failure": 30, "run_failing": 25}


def shorter(database: Path, *names: str) -> dict[str, Any]:
    """These of the exercise's own cases, with a vault that no container has."""
    # Two of them have the same fault.
    found: dict[str, Any] = json.loads(
        json.dumps({name: alert_cases.exercise()["exercise_cases"][name] for name in names})
    )
    for name, case in found.items():
        case.get("attack", case.get("run"))["seconds"] = SECONDS[name]
        if "fault" in case:
            script = case["fault"]["script"]
            inspect = script.splitlines()[0]
            assert inspect.startswith("vault=$(podman volume inspect ")
            for long, short in {inspect: f"vault={database}", "sleep 20": "sleep 8", "sleep(60)": "sleep(20)"}.items():
                assert long in script
                script = script.replace(long, short)
            case["fault"]["script"] = script
    return found


def test_what_is_noticed_is_green_and_the_lab_is_as_it_was(tmp_path: Path) -> None:
    with running(tmp_path) as lab:
        done = lab.exercise(shorter(tmp_path / "vault.db", *SECONDS), exercise_all=True)
        assert done.returncode == 0, done.stdout
        stored = {"name": "after", "data": "stored"}
        assert requests.post(f"{lab.service}/tokenize", json=stored, timeout=10).status_code == 200
        written = lab.written()
        made = json.loads(written["exercise.json"])
        page = lab.report(made["exercise"])
    assert made["green"]
    assert "✓ green" in page and "Answers of the service" in page
    assert all(f"<td>{case['name']}</td>" in page for case in made["cases"])
    assert page.count("SlowClients") > 1, "in the table, and among the alerts"
    assert [(case["name"], case["expected"], case["fired_after"] is None) for case in made["cases"]] == [
        ("baseline", "", True),
        ("slow_client", "SlowClients", False),
        ("endpoint_failure", "EndpointFailing", False),
        ("run_failing", "RunFailing", False),
    ]
    told = " ".join(done.stdout.split())
    assert "attack expected fired after resolved after false alarms" in told
    assert f"{lab.prometheus}/alerts" in told
    assert f"{tmp_path}/artifacts/{made['exercise']}" in told
    assert "| slow_client | SlowClients |" in written["exercise.md"]
    assert ElementTree.fromstring(written["junit.xml"]).attrib["failures"] == "0"


def test_a_rule_that_is_gone_and_a_false_alarm_are_red(tmp_path: Path) -> None:
    chosen = shorter(tmp_path, "baseline", "slow_client")
    chosen["baseline"]["attack"]["class"] = "oversized"
    with running(tmp_path, without="SlowClients") as lab:
        done = lab.exercise(chosen, exercise_only="slow_client")
        written = lab.written()
    assert done.returncode != 0
    target = lab.service.removeprefix("http://")
    wrong = [
        f"baseline: OversizedRequests (instance {target}) fired, which is a false alarm",
        "slow_client: Prometheus has no rule SlowClients",
    ]
    told = " ".join(done.stdout.split())
    assert f"The exercise is red: {'; '.join(wrong)}." in told
    assert all(f"- {problem}\n" in written["exercise.md"] for problem in wrong)
    failures = ElementTree.fromstring(written["junit.xml"]).iter("failure")
    assert [failure.attrib["message"] for failure in failures] == [problem.partition(": ")[2] for problem in wrong]
    assert not json.loads(written["exercise.json"])["green"]
