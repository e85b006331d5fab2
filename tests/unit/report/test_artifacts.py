# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""Which run is meant, what of its artefacts can be read, and which time."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._report.artifacts import (
    ReportError,
    find,
    read_exercise,
    read_run,
    runs_between,
)
from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._report.times import compact, duration, moment, span

from tests.unit.report.made_run import EARLIER, EXERCISE, NAME, STARTED, made_exercise, made_run

NOW = 1795420800.0


def test_the_last_run_is_meant_where_none_is_named(tmp_path: Path) -> None:
    for name in (NAME, EARLIER):
        made_run(tmp_path, name)
    (tmp_path / "tests").mkdir()
    (tmp_path / "20991231T000000Z-dead").mkdir()
    assert find("", tmp_path) == tmp_path / NAME
    assert find(EARLIER, tmp_path) == tmp_path / EARLIER
    assert find(f"{tmp_path}/{EARLIER}/", Path("/nowhere")) == tmp_path / EARLIER


def test_a_run_that_is_not_there_is_told_with_those_that_are(tmp_path: Path) -> None:
    with pytest.raises(ReportError, match="there is no load run in"):
        find("", tmp_path)
    made_run(tmp_path)
    with pytest.raises(
        ReportError,
        match=f"neither summary.json nor exercise.json, so it is no load run or exercise; the last runs are {NAME}",
    ):
        find("20261123T055142Z-0000", tmp_path)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: "",
        lambda text: "[]",
        lambda text: "{" * 5000,
        lambda text: text.replace('"verdict"', '"word"'),
        lambda text: text.replace('"overall"', '"whole"'),
        lambda text: text.replace("2026-11-23T", "yesterday "),
    ],
)
def test_what_is_no_summary_is_told(spoil: Callable[[str], str], tmp_path: Path) -> None:
    made_run(tmp_path)
    summary = tmp_path / NAME / "summary.json"
    summary.write_text(spoil(summary.read_text()))
    with pytest.raises(ReportError, match=f"{NAME} holds no load run that can be read"):
        read_run(tmp_path / NAME)


def test_an_exercise_lasts_from_its_first_case_to_the_end_of_its_last(tmp_path: Path) -> None:
    made = made_exercise(tmp_path)
    assert find(EXERCISE, tmp_path) == made.folder
    assert (made.name, made.started, made.ended, made.is_green) == (EXERCISE, STARTED, STARTED + 120, True)
    with pytest.raises(ReportError, match="there is no load run in"):
        find("", tmp_path)


@pytest.mark.parametrize(
    ("spoil", "problem"),
    [
        (lambda text: "", "holds no exercise that can be read"),
        (lambda text: text.replace('"started"', '"begun"'), "holds no exercise that can be read: KeyError"),
        (lambda text: '{"exercise_version": 1, "cases": []}', "holds no exercise that can be read"),
        (lambda text: text.replace('"exercise_version": 1', '"exercise_version": 0'), "is of another version"),
    ],
)
def test_what_is_no_exercise_is_told(spoil: Callable[[str], str], problem: str, tmp_path: Path) -> None:
    file = made_exercise(tmp_path).folder / "exercise.json"
    file.write_text(spoil(file.read_text()))
    with pytest.raises(ReportError, match=f"{EXERCISE} {problem}"):
        read_exercise(tmp_path / EXERCISE)


def test_a_summary_of_another_version_is_told(tmp_path: Path) -> None:
    made_run(tmp_path)
    summary = tmp_path / NAME / "summary.json"
    summary.write_text(summary.read_text().replace('"summary_version": 2', '"summary_version": 1'))
    with pytest.raises(ReportError, match="is of another version of the collection"):
        read_run(tmp_path / NAME)


def test_runs_of_a_time_are_those_that_touch_it(tmp_path: Path) -> None:
    made_run(tmp_path)
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "summary.json").write_text("")

    def names(start: float, end: float) -> list[str]:
        runs, unreadable = runs_between(tmp_path, start, end)
        assert len(unreadable) == 1
        return [run.name for run in runs]

    assert names(STARTED + 60, STARTED + 600) == [NAME]
    assert names(STARTED + 121, STARTED + 600) == []
    assert names(STARTED - 60, STARTED) == []


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ("2h", "", (NOW - 7200, NOW)),
        ("1h30m", "10m", (NOW - 5400, NOW - 600)),
        ("2026-11-23T07:00", "2026-11-23T08:00:30", (1795417200.0, 1795420830.0)),
        ("2026-11-23T07:00Z", "2026-11-23T10:00+02:00", (1795417200.0, 1795420800.0)),
        ("2026-11-23", "", (1795392000.0, NOW)),
    ],
)
def test_moments_as_people_write_them(start: str, end: str, expected: tuple[float, float]) -> None:
    assert span(start, end, NOW) == expected


@pytest.mark.parametrize(
    ("start", "end", "problem"),
    [
        ("yesterday", "", "from: 'yesterday' is no moment; write 2026-11-30T09:00, or 2h for two hours ago"),
        ("2 h", "", "from: '2 h' is no moment"),
        ("7200", "", "from: '7200' is no moment"),
        ("2h", "now", "to: 'now' is no moment"),
        ("1h", "2h", "has to be before to"),
    ],
)
def test_what_is_no_moment_is_told(start: str, end: str, problem: str) -> None:
    with pytest.raises(ReportError) as error:
        span(start, end, NOW)
    assert problem in str(error.value)


def test_moments_as_people_read_them() -> None:
    assert (moment(NOW), compact(NOW)) == ("2026-11-23 08:00:00 UTC", "20261123T080000Z")
    assert [duration(seconds) for seconds in (0, 61, 7200.4)] == ["0 s", "1 min 1 s", "2 h 0 s"]
