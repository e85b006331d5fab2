# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""The dashboards that the collection ships."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._grafana import dashboard as document
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._grafana.shapes import dashboards_in

from tools.dashboards import locust
from tools.dashboards.__main__ import rendered
from tools.dashboards.grafana import Stat

JSON = dict[str, Any]

DASHBOARDS = Path(__file__).resolve().parents[3] / "files" / "dashboards"
NAMES = ("locust", "tokenization")
ANGULAR = {"graph", "singlestat", "table-old"}
# What dashboard 11985 has in its endpoint table.
COLUMNS_OF_11985 = {"Content", "Min", "Max", "Average", "Median", "Failures", "Failures/s", "Requests", "Requests/s"}


def committed(name: str) -> JSON:
    read: JSON = json.loads((DASHBOARDS / f"{name}.json").read_text(encoding="utf-8"))
    return read


def panels(name: str) -> list[JSON]:
    return list(document.walk_panels(committed(name)))


def test_the_committed_files_are_those_that_the_tool_writes() -> None:
    made = rendered()
    assert {path.name for path in DASHBOARDS.glob("*.json")} == set(made)
    for name, content in made.items():
        assert (DASHBOARDS / name).read_text(encoding="utf-8") == content, "run python3 -m tools.dashboards"


def test_a_row_more_is_a_panel_more() -> None:
    row = Stat(4, 4, "Errors/s", "sum(rate(locust_errors{@endpoint}[@window]))")
    *before, panel = replace(locust.DASHBOARD, panels=[*locust.PANELS, row]).drawn()["panels"]
    assert before == panels("locust")
    assert (panel["id"], panel["title"]) == (len(before) + 1, "Errors/s")
    assert panel["gridPos"]["y"] == before[-1]["gridPos"]["y"] + before[-1]["gridPos"]["h"]
    expr = 'sum(rate(locust_errors{job="$job",instance="$instance",name=~"$endpoint"}[$__rate_interval]))'
    assert panel["targets"][0]["expr"] == expr
    with pytest.raises(KeyError, match="endpiont"):
        replace(locust.DASHBOARD, panels=[replace(row, expr="locust_errors{@endpiont}")]).drawn()


@pytest.mark.parametrize("name", NAMES)
def test_each_can_be_imported(name: str) -> None:
    [read] = dashboards_in((DASHBOARDS / f"{name}.json").read_bytes(), name)
    assert document.settle(read, None, None, None) == f"monitor-lab-{name}"
    assert read == committed(name), "nothing was missing"


@pytest.mark.parametrize("name", NAMES)
def test_panels_have_ids_of_their_own_and_do_not_overlap(name: str) -> None:
    assert len({panel["id"] for panel in panels(name)}) == len(panels(name))
    taken: set[tuple[int, int]] = set()
    for place in (panel["gridPos"] for panel in panels(name)):
        cells = {(place["x"] + x, place["y"] + y) for x in range(place["w"]) for y in range(place["h"])}
        assert not cells & taken and place["x"] + place["w"] <= 24
        taken |= cells


def test_no_panel_is_one_of_those_that_a_later_grafana_lacks() -> None:
    assert not ANGULAR & {panel["type"] for name in NAMES for panel in panels(name)}
    # The heatmap has been Grafana's own React panel since 9.1; in 7.5 there is no other.
    assert {panel["type"] for panel in panels("locust")} == {"row", "stat", "gauge", "timeseries", "table"}


@pytest.mark.parametrize("name", NAMES)
def test_every_panel_asks_the_data_source_that_the_reader_chose(name: str) -> None:
    asking = [panel for panel in panels(name) if panel["type"] != "row"]
    assert {panel["datasource"] for panel in asking} == {"${datasource}"}
    assert all(panel["targets"] for panel in asking)


@pytest.mark.parametrize("name", NAMES)
def test_single_values_are_of_now_and_no_mean(name: str) -> None:
    for panel in panels(name):
        if panel["type"] in ("stat", "gauge"):
            assert panel["options"]["reduceOptions"]["calcs"] == ["lastNotNull"]
            assert all(target["instant"] for target in panel["targets"])


@pytest.mark.parametrize("name", NAMES)
def test_every_query_is_limited_to_what_the_reader_chose(name: str) -> None:
    for panel in panels(name):
        for target in panel.get("targets", []):
            if target["expr"] != "vector($memory_limit)":
                assert 'job="$job",instance="$instance"' in target["expr"], panel["title"]


def test_the_endpoint_table_has_all_its_columns_in_one_table() -> None:
    table = next(panel for panel in panels("locust") if panel["type"] == "table")
    merge, organise = table["transformations"]
    assert merge["id"] == "merge"
    assert set(organise["options"]["renameByName"].values()) >= COLUMNS_OF_11985
    assert len(organise["options"]["renameByName"]) == len(table["targets"])


def test_the_state_is_shown_as_text() -> None:
    state = next(panel for panel in panels("locust") if panel["title"] == "State")
    texts = {mapping["value"]: mapping["text"] for mapping in state["fieldConfig"]["defaults"]["mappings"]}
    assert texts == {"0": "stopped", "1": "ramping up", "2": "running"}


@pytest.mark.parametrize("name", NAMES)
def test_its_uid_is_made_of_its_files_name(name: str) -> None:
    # By which the role grafana gives it one of its own in a Grafana of several labs.
    assert committed(name)["uid"] == f"monitor-lab-{name}"
