# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""What is drawn, and how: colours by the page's variables, dashes, gaps, scales and marks of time."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._report.chart import (
    DASHES,
    TimeAxis,
    draw,
    scale_of,
)
from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._report.graphs import (
    MOST_LINES,
    MOST_POINTS,
    Graph,
    Line,
    Point,
    graphs,
    name_workers,
    thinned,
)

from tests.checks.tree import CHECKOUT
from tests.unit.report.made_run import STARTED, made_run

ID = "9f86d081884c7d659a2feaa0c55ad015"


def graph(*lines: list[Point], **given: Any) -> Graph:
    return Graph(
        "Title", "ms", "About", [Line(str(number), line, number) for number, line in enumerate(lines)], **given
    )


def drawn(*lines: list[Point], length: float = 100, elapsed: bool = True, **given: Any) -> str:
    return str(draw(graph(*lines, **given), TimeAxis(STARTED, STARTED + length, elapsed)))


def line_of(*numbers: float | None) -> list[Point]:
    return [(STARTED + 10 * number, value) for number, value in enumerate(numbers)]


def test_what_draws_is_loaded_when_something_is_drawn() -> None:
    """It takes a second, which a load run without a report need not wait."""
    action = "ansible_collections.devsecops.monitor_lab.plugins.action.locust_run"
    program = f"import sys, tests.conftest, {action}; print('matplotlib' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], cwd=CHECKOUT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_colours_are_the_pages_and_each_line_has_its_dashes() -> None:
    svg = drawn(*(line_of(1, 2, 3) for _number in range(MOST_LINES)))
    assert set(re.findall(r"#[0-9a-f]{6}\b", svg)) == set()
    assert {f"var(--line-{number})" for number in range(MOST_LINES)} <= set(re.findall(r"var\(--[\w-]+\)", svg))
    assert len(set(DASHES)) == len(DASHES) == MOST_LINES
    assert len(set(re.findall(r"stroke-dasharray: ([\d.,]+)", svg))) == MOST_LINES - 1


def test_the_picture_names_nothing_that_is_elsewhere() -> None:
    svg = drawn(line_of(1, 2, 3))
    assert svg.startswith('<svg viewBox="0 0 360 170"')
    assert not re.search(r"<metadata|<style|<!|<\?|http|@font|<image", svg)
    there, beside = (str(draw(graph(line_of(1)), TimeAxis(0, 9, True), place=place)) for place in ("0", "1"))
    first, second = (set(re.findall(r' id="(\w+)"', each)) for each in (there, beside))
    assert first and not first & second


def test_the_same_is_drawn_the_same() -> None:
    assert drawn(line_of(1, 2, 3)) == drawn(line_of(1, 2, 3))


def test_a_gap_breaks_the_line() -> None:
    (path,) = re.findall(r'<path d="([^"]*)"[^>]*var\(--line-0\)', drawn(line_of(1, 2, None, 3, 4)))
    assert path.count("M ") == 2


def test_an_upright_line_is_where_something_begins() -> None:
    plain = drawn(line_of(1, 2, 3))
    marked = str(draw(graph(line_of(1, 2, 3)), TimeAxis(STARTED, STARTED + 100, True, [STARTED, STARTED + 50])))
    assert marked.count("var(--muted)") == plain.count("var(--muted)") + 2


def test_a_single_number_is_a_point() -> None:
    assert "<use" in drawn(line_of(1))
    assert "<use" not in drawn(line_of(1, 2))


@pytest.mark.parametrize(
    ("numbers", "limits", "top"),
    [
        ((0, 0), [], 1.0),
        ((50, 100), [], 108.0),
        ((50, 100), [("p95 < 150", 150.0)], 162.0),
        ((50,), [("p95 < 900", 900.0)], 54.0),
    ],
)
def test_scales(numbers: tuple[float, ...], limits: list[tuple[str, float]], top: float) -> None:
    assert scale_of(graph(line_of(*numbers), limits=limits)) == pytest.approx(top)


def test_marks_of_small_numbers_differ() -> None:
    marks = re.findall(r"<text[^>]*text-anchor: end[^>]*>([^<]*)", drawn(line_of(0.02, 0.14)))
    assert marks == ["0", "0.05", "0.1", "0.15"]


@pytest.mark.parametrize(
    ("length", "elapsed", "marks"),
    [
        (30, True, ["0:00", "0:10", "0:20", "0:30"]),
        (3600, True, ["0:00", "15:00", "30:00", "45:00", "1:00:00"]),
        (3600, False, ["06:00", "06:15", "06:30", "06:45"]),
        (30, False, ["05:51:50", "05:52:00", "05:52:10"]),
        (86400 * 30, False, ["28 Nov", "03 Dec", "08 Dec", "13 Dec", "18 Dec", "23 Dec"]),
        (0, True, ["0:00"]),
    ],
)
def test_marks_of_time(length: float, elapsed: bool, marks: list[str]) -> None:
    svg = drawn(line_of(1, 2), length=length, elapsed=elapsed)
    found = re.findall(r"<text[^>]*text-anchor: middle[^>]*>([^<]*)", svg)
    assert found[: len(marks)] == marks
    assert len(found) <= 7


def test_a_long_run_is_thinned_to_means() -> None:
    points: list[Point] = [(float(number), float(number % 2)) for number in range(10 * MOST_POINTS)]
    found = thinned(points)
    assert len(found) == MOST_POINTS
    assert {number for _time, number in found} == {0.5}
    assert thinned([(0.0, None), (1.0, None)]) == [(0.0, None), (1.0, None)]


def test_failures_have_their_own_line_everywhere(tmp_path: Path) -> None:
    found = {each.title: each for each in graphs(None, None, made_run(tmp_path))}
    for title in ("Requests", "Failed requests"):
        (failures,) = (line for line in found[title].lines if line.name == "failures")
        assert failures.style == 1
    assert found["Failed requests"].lines[0].numbers[0] == pytest.approx(1.0)


def test_thresholds_of_the_whole_run_belong_to_their_graph(tmp_path: Path) -> None:
    answers = [
        ("p95 < 20", ""),
        ("fail_ratio < 0.02", ""),
        ("p50 <= 14.3 (baseline 13 + 10%)", ""),
        ("p99 < 9", "/a"),
        ("num_exceptions == 0", ""),
    ]
    thresholds = [
        {"threshold": text, "name": name, "method": "", "measured": 1.0, "passed": True, "message": ""}
        for text, name in answers
    ]
    found = {each.title: each.limits for each in graphs(None, None, made_run(tmp_path, thresholds=thresholds))}
    assert found["Response times"] == [("p95 < 20", 20.0), ("p50 <= 14.3 (baseline 13 + 10%)", 14.3)]
    assert found["Failed requests"] == [("fail_ratio < 0.02", 2.0)]
    assert found["Requests"] == []


def test_workers_are_called_by_their_host() -> None:
    ids = [f"gen1_{ID}", f"gen1_{ID[::-1]}", f"gen_2_{ID}", "other"]
    assert name_workers(ids) == {
        f"gen1_{ID[::-1]}": "gen1 1",
        f"gen1_{ID}": "gen1 2",
        f"gen_2_{ID}": "gen_2",
        "other": "other",
    }
