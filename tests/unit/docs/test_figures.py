# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""The page on what the numbers mean has each figure of a load run, and says of which ones endpoints have none."""

from __future__ import annotations

import re
from pathlib import Path

from ansible_collections.devsecops.monitor_lab.plugins.module_utils._locust.figures import FIGURES

from tests.documents import read

TABLE = read(Path("docs/figures.md")).partition("| figure |")[2].partition("\n\n")[0]
ROWS = [line.strip("|").split("|") for line in TABLE.splitlines()[2:]]


def names(row: list[str]) -> list[str]:
    return re.findall(r"`([^`]+)`", row[0])


def test_each_figure_has_one_row() -> None:
    assert sorted(name for row in ROWS for name in names(row)) == sorted(FIGURES)


def test_what_is_of_the_whole_run_is_said() -> None:
    said = {name for row in ROWS for name in names(row) if "of the whole run only" in row[2]}
    assert said == {name for name, figure in FIGURES.items() if figure.of_the_whole_run}
