# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""The dashboards that the collection ships."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations
from typing import Any

import pytest
import yaml
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._grafana import dashboard as document
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._grafana.shapes import dashboards_in

from tests import alert_cases
from tests.checks.tree import CHECKOUT
from tools.dashboards import grafana, locust
from tools.dashboards.__main__ import rendered
from tools.dashboards.grafana import Graph, Line, Note, Stat

JSON = dict[str, Any]

FILES = CHECKOUT / "files"
DASHBOARDS = FILES / "dashboards"
NAMES = sorted(name.removesuffix(".json") for name in rendered())
ANGULAR = {"graph", "singlestat", "table-old"}
# What dashboard 11985 has in its endpoint table, but for failures per second, which its own graph shows.
COLUMNS_OF_11985 = {"Size", "Min", "Max", "Mean", "p50", "Failures", "Requests", "Rate"}
NOTE = Note("What.", "good.", "bad.")
# Of node_exporter's, with the collectors of its role, and of Prometheus itself.
NOT_OURS = {
    *(
        "node_cpu_seconds_total",
        "node_disk_io_time_seconds_total",
        "node_load1",
        "node_uname_info",
        "node_vmstat_oom_kill",
    ),
    *("node_memory_MemAvailable_bytes", "node_memory_MemTotal_bytes"),
    *("node_network_receive_bytes_total", "node_network_transmit_bytes_total"),
    *("node_filesystem_avail_bytes", "node_filesystem_size_bytes", "node_filesystem_readonly"),
    *("process_cpu_seconds_total", "process_max_fds", "process_open_fds", "process_resident_memory_bytes"),
    *("process_start_time_seconds", "up", "ALERTS"),
}
WORDS_OF_PROMQL = {
    *("and", "or", "unless", "on", "by", "group_left", "offset", "bool", "end", "time", "timestamp", "vector"),
    *(
        "avg",
        "ceil",
        "count",
        "floor",
        "group",
        "max",
        "min",
        "sum",
        "changes",
        "histogram_quantile",
        "increase",
        "label_replace",
    ),
    *("last_over_time", "max_over_time", "quantile_over_time", "rate"),
}


def committed(name: str) -> JSON:
    read: JSON = json.loads((DASHBOARDS / f"{name}.json").read_text(encoding="utf-8"))
    return read


def panels(name: str) -> list[JSON]:
    return list(document.walk_panels(committed(name)))


def shown(name: str) -> list[JSON]:
    return [panel for panel in panels(name) if panel["type"] != "row"]


def panel_of(name: str, title: str) -> JSON:
    return next(panel for panel in panels(name) if panel["title"] == title)


def expressions(name: str) -> Iterator[tuple[str, str]]:
    """Yield (the panel's title, PromQL)."""
    for panel in shown(name):
        for target in panel["targets"]:
            yield panel["title"], target["expr"]


def metrics_in(expression: str) -> set[str]:
    """Return the metrics that PromQL names."""
    bare = re.sub(r'"[^"]*"', '""', expression)
    bare = re.sub(r"\[[^\]]*\]|\{[^}]*\}|\$\w+|\b[0-9]+[mh]\b", "", bare)
    # Labels stand in parentheses behind these.
    bare = re.sub(r"\b(by|on|group_left)\s*\([^)]*\)", "", bare)
    named = set(re.findall(r"[a-zA-Z_:][\w:]*", bare)) - WORDS_OF_PROMQL
    pattern = re.search(r'__name__=~"([^"]+)"', expression)
    return named | ({pattern[1].replace("(locust|container)", "locust")} if pattern else set())


def told_of() -> set[str]:
    """Return the metrics that the READMEs of the exporters and of the service list, and those of the rules."""
    # One row writes its names by what they end with.
    found = {f"locust_requests_{name}_response_time" for name in ("avg", "min", "max", "median")}
    for folder in ("locust_exporter", "container_exporter", "tokenization"):
        readme = (FILES / folder / "README.md").read_text(encoding="utf-8")
        for row in re.findall(r"^\| (`\w+_.*?) \|", readme, re.MULTILINE):
            found |= set(re.findall(r"`(\w+)`", row))
    rules = {rule["record"] for group in alert_cases.groups() for rule in group["rules"] if "record" in rule}
    return found | rules | NOT_OURS


def test_the_committed_files_are_those_that_the_tool_writes() -> None:
    made = rendered()
    assert {path.name for path in DASHBOARDS.glob("*.json")} == set(made)
    for name, content in made.items():
        assert (DASHBOARDS / name).read_text(encoding="utf-8") == content, "run python3 -m tools.dashboards"


def test_the_role_imports_each_of_them() -> None:
    read = yaml.safe_load((CHECKOUT / "roles" / "grafana" / "vars" / "main.yml").read_text(encoding="utf-8"))
    folder = "{{ monitor_lab_files }}/dashboards"
    assert sorted(read["__grafana_dashboards"]) == [f"{folder}/{name}.json" for name in NAMES]


def test_the_readme_names_each_of_them() -> None:
    readme = (DASHBOARDS / "README.md").read_text(encoding="utf-8")
    assert re.findall(r"`(monitor-lab-\w+)`", readme) == [
        f"monitor-lab-{name}" for name in ("locust", "tokenization")
    ] + [f"monitor-lab-{name}" for name in ("security", "hosts")]


def test_a_row_more_is_a_panel_more() -> None:
    row = Stat(4, 4, "Errors/s", NOTE, "sum(rate(locust_errors{@endpoint}[@window] @@ end()))")
    *before, panel = replace(locust.DASHBOARD, panels=[*locust.PANELS, row]).drawn()["panels"]
    assert before == panels("locust")
    assert (panel["id"], panel["title"]) == (len(before) + 1, "Errors/s")
    assert panel["gridPos"]["y"] == before[-1]["gridPos"]["y"] + before[-1]["gridPos"]["h"]
    here = 'job="$exporter_job",instance="$exporter"'
    expr = f'sum(rate(locust_errors{{{here},name=~"$endpoint"}}[$__rate_interval] @ end()))'
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
    assert {panel["type"] for panel in panels("locust")} == {"row", "stat", "timeseries", "table"}


@pytest.mark.parametrize("name", NAMES)
def test_every_panel_says_what_is_good_and_what_is_bad(name: str) -> None:
    for panel in shown(name):
        assert re.fullmatch(r"[A-Z].+\.\n\nGood: .+\.\n\nBad: .+\.", panel["description"]), panel["title"]


@pytest.mark.parametrize("name", NAMES)
def test_every_panel_asks_the_data_source_that_the_reader_chose(name: str) -> None:
    assert {panel["datasource"] for panel in shown(name)} == {"${datasource}"}
    assert all(panel["targets"] for panel in shown(name))


@pytest.mark.parametrize("name", NAMES)
def test_single_values_are_of_now_and_no_mean(name: str) -> None:
    for panel in panels(name):
        if panel["type"] == "stat":
            assert panel["options"]["reduceOptions"]["calcs"] == ["lastNotNull"]
            assert all(target["instant"] for target in panel["targets"])


def test_every_query_of_a_run_is_limited_to_the_exporter_that_the_reader_chose() -> None:
    for title, expression in expressions("locust"):
        if title != "Runs":
            assert 'job="$exporter_job",instance="$exporter"' in expression, title


@pytest.mark.parametrize("name", NAMES)
def test_every_metric_is_one_that_the_lab_has(name: str) -> None:
    suffixes = re.compile(r"_(bucket|sum|count)$")
    known = told_of()
    for title, expression in expressions(name):
        unknown = {metric for metric in metrics_in(expression) if metric not in known}
        assert {metric for metric in unknown if suffixes.sub("", metric) not in known} == set(), title


def test_scrapes_and_probes_are_no_load() -> None:
    for name in ("tokenization", "security"):
        for title, expression in expressions(name):
            for selector in re.findall(r"tokenization_request(?:s_total|_\w+)\{([^}]+)\}", expression):
                assert 'route!~"/metrics|/healthz|/readyz"' in selector, (name, title)


def test_the_endpoint_table_has_all_its_columns_in_one_table() -> None:
    table = next(panel for panel in shown("locust") if panel["title"] == "Endpoints")
    merge, organise = table["transformations"]
    assert merge["id"] == "merge"
    headings = set(organise["options"]["renameByName"].values())
    assert headings >= {*COLUMNS_OF_11985, "Method", "Endpoint", "Failed", "p95", "p99"}
    assert len(headings) == len(table["targets"]) + 2
    assert all("Aggregated" in target["expr"] for target in table["targets"])


@pytest.mark.parametrize("name", NAMES)
def test_tables_are_no_wider_than_the_smallest_screen_that_shows_all_of_them(name: str) -> None:
    """1280 pixels without the menu, of 24 columns."""
    for panel in shown(name):
        if panel["type"] == "table":
            properties = [one for each in panel["fieldConfig"]["overrides"] for one in each["properties"]]
            wide = sum(one["value"] for one in properties if one["id"] == "custom.width")
            assert wide + 150 <= 1180 * panel["gridPos"]["w"] / 24, panel["title"]


def test_runs_fit_beside_the_menu_of_later_versions() -> None:
    """Which is 300 pixels wide; what only links read is not shown there."""
    wide = {
        each["matcher"]["options"]: one["value"]
        for each in panel_of("locust", "Runs")["fieldConfig"]["overrides"]
        for one in each["properties"]
        if one["id"] in ("custom.width", "custom.minWidth")
    }
    assert sum(value for name, value in wide.items() if name not in ("From", "To")) <= 1280 - 300 - 40


def test_the_columns_that_only_links_read_are_the_last() -> None:
    """7.5 mixes up the columns behind one that is hidden."""
    runs = panel_of("locust", "Runs")
    hidden = [
        each["matcher"]["options"]
        for each in runs["fieldConfig"]["overrides"]
        if {"id": "custom.hidden", "value": True} in each["properties"]
    ]
    order = runs["transformations"][1]["options"]
    names = sorted(order["indexByName"], key=order["indexByName"].get)
    assert [order["renameByName"].get(name) for name in names][-2:] == hidden == ["From", "To"]


def links_of_runs() -> dict[str, str]:
    """Return the addresses by the headings of the columns that lead there."""
    return {
        each["matcher"]["options"]: one["value"][0]["url"]
        for each in panel_of("locust", "Runs")["fieldConfig"]["overrides"]
        for one in each["properties"]
        if one["id"] == "links"
    }


def test_a_click_on_a_run_opens_its_time() -> None:
    url = "/d/${__dashboard.uid}?${__all_variables}&from=${__data.fields.From.numeric}&to=${__data.fields.To.numeric}"
    assert [name for name, to in links_of_runs().items() if to == url] == ["Run", "Verdict", "Started"]


def test_a_run_that_tells_where_its_report_is_leads_there() -> None:
    assert links_of_runs()["Report"] == "${__value.raw}"
    runs = panel_of("locust", "Runs")
    assert runs["transformations"][1]["options"]["renameByName"]["report"] == "Report"
    assert "by (run, lab, report)" in runs["targets"][0]["expr"]


def test_a_time_without_runs_says_so() -> None:
    (verdict, *_others) = panel_of("locust", "Runs")["targets"]
    assert verdict["expr"].endswith('or on () label_replace(vector(-1), "run", "no run in this time", "", "")')


@pytest.mark.parametrize(("title", "column"), [("Endpoints", "Endpoint"), ("Errors", "Endpoint"), ("Errors", "Error")])
def test_long_names_and_errors_can_be_read_in_full(title: str, column: str) -> None:
    overrides = next(panel for panel in shown("locust") if panel["title"] == title)["fieldConfig"]["overrides"]
    (properties,) = (each["properties"] for each in overrides if each["matcher"]["options"] == column)
    assert grafana.INSPECTED in properties


def test_what_an_alert_begins_at_is_one_line() -> None:
    """Where there is nothing usual yet, and later, it has the same labels."""
    (alert_above,) = (
        target["expr"]
        for target in panel_of("security", "Load outside runs")["targets"]
        if target["legendFormat"] == "alert above"
    )
    assert re.fullmatch(r"\d+ \+ \d+ \* \(max\(quantile_over_time\(.+\)\) or vector\(0\)\)", alert_above)


def test_endpoints_without_failures_have_no_line_among_the_failures() -> None:
    by_endpoint, everything, _behind = panel_of("locust", "Failures by endpoint")["targets"]
    assert by_endpoint["expr"].endswith("[$__range] @ end())) > 0)")
    # So that nobody sees an empty panel.
    assert everything["legendFormat"] == "all"


@pytest.mark.parametrize("name", ["hosts", "locust", "security"])
def test_legends_have_room_beside_the_names_of_hosts(name: str) -> None:
    legends = {target.get("legendFormat", "") for panel in shown(name) for target in panel["targets"]}
    assert not [legend for legend in legends if "{{instance}}" in legend or "{{host}}" in legend]


@pytest.mark.parametrize(
    ("instance", "short"),
    [
        ("mon1.load.example.org:9100", "mon1"),
        ("192.0.2.4:9100", "192.0.2.4"),
        ("[2001:db8::1]:9100", "[2001:db8::1]"),
        ("localhost:9100", "localhost"),
        ("3com.example.org", "3com"),
    ],
)
def test_a_host_is_shortened_to_the_first_part_of_its_name(instance: str, short: str) -> None:
    pattern = grafana.shortened("up").split('"')[-2]
    # Which Python's module would read otherwise one day, and Prometheus does not.
    found = re.fullmatch(pattern.replace("[[]", r"\["), instance)
    assert found and found[1] == short


@pytest.mark.parametrize("name", NAMES)
def test_legends_have_values_and_lines_no_fills(name: str) -> None:
    for panel in shown(name):
        if panel["type"] == "timeseries":
            legend = panel["options"]["legend"]
            assert legend["calcs"] == ["lastNotNull", "mean", "max"]
            # The largest of many is there without scrolling.
            assert (legend["sortBy"], legend["sortDesc"]) == ("Max", True)
            custom = panel["fieldConfig"]["defaults"]["custom"]
            # All zero, an axis would end at 100 of its unit.
            assert custom["fillOpacity"] == 0 and custom["axisSoftMax"] > 0


@pytest.mark.parametrize("name", NAMES)
def test_annotations_are_of_this_lab_and_have_the_colour_of_the_verdict(name: str) -> None:
    built_in, *_others = annotations = committed(name)["annotations"]["list"]
    assert (built_in["builtIn"], built_in["enable"]) == (1, False)
    made = [one for one in annotations if one.get("type") == "tags"]
    assert [(one["tags"], one["iconColor"]) for one in made] == [
        (["locust_run", "passed", "lab:$lab"], grafana.GREEN),
        (["locust_run", "failed", "lab:$lab"], grafana.RED),
        (["locust_run", "incomplete", "lab:$lab"], grafana.GREY),
    ]
    assert all(one["matchAny"] is False for one in made)


@pytest.mark.parametrize("name", NAMES)
def test_each_leads_to_the_others_at_the_same_time(name: str) -> None:
    model = committed(name)
    (others, *_more) = model["links"]
    assert (others["type"], others["tags"], others["keepTime"], others["includeVars"]) == (
        "dashboards",
        ["monitor-lab"],
        True,
        True,
    )
    assert "monitor-lab" in model["tags"]


def test_in_a_grafana_of_several_labs_they_lead_to_each_other_alone() -> None:
    theirs = {"type": "dashboards", "tags": ["team"]}
    # It may have been exported from another lab's.
    exported = {**theirs, "tags": [grafana.TAG, "lab:theirs"]}
    for model in map(committed, NAMES):
        model["links"] += [theirs, exported, {"type": "link"}]
        document.give_to(model, "mine")
        assert "lab:mine" in model["tags"]
        kept = [link["tags"] for link in model["links"] if link["type"] == "dashboards"]
        assert kept == [[grafana.TAG, "lab:mine"], ["team"], [grafana.TAG, "lab:mine"]]


def test_a_variable_that_two_dashboards_have_means_the_same_in_both() -> None:
    """A link takes the values along."""
    definitions: dict[str, set[str]] = {}
    for name in NAMES:
        for one in committed(name)["templating"]["list"]:
            definitions.setdefault(one["name"], set()).add(json.dumps(one["query"]))
    assert {name: found for name, found in definitions.items() if len(found) > 1} == {}


def test_the_locust_dashboard_leads_to_locusts_page() -> None:
    assert [link["url"] for link in committed("locust")["links"]] == ["", "$locust_page"]
    (page,) = (one for one in committed("locust")["templating"]["list"] if one["name"] == "locust_page")
    assert page["hide"] == 2


def test_the_state_is_shown_as_text() -> None:
    state = panel_of("locust", "State")
    texts = {mapping["value"]: mapping["text"] for mapping in state["fieldConfig"]["defaults"]["mappings"]}
    assert texts == {
        "-1": "no exporter",
        "0": "exporter down",
        "1": "no Locust",
        "2": "stopped",
        "3": "ramping up",
        "4": "running",
    }


def test_no_value_is_not_green() -> None:
    for name in NAMES:
        for panel in shown(name):
            if panel["type"] == "stat" and "vector" not in panel["targets"][0]["expr"]:
                base = panel["fieldConfig"]["defaults"]["thresholds"]["steps"][0]["color"]
                assert base != grafana.GREEN, panel["title"]


def test_each_alert_has_a_row() -> None:
    (state, *_others) = panel_of("security", "State of each alert")["targets"]
    rows = re.findall(r'"alertname", "(\w+)"', state["expr"])
    assert sorted([*rows, "LoadRunActive"]) == sorted(alert_cases.alerts())


def test_a_line_is_drawn_in_its_own_way_whatever_its_labels_are() -> None:
    line = Line("x", "limit: {{figure}} {{comparison}}", [grafana.DASHED])
    drawn = Graph(4, 4, "x", NOTE, "s", [line, Line("y", "plain")]).drawn()
    assert drawn["fieldConfig"]["overrides"][0] == {
        "matcher": {"id": "byRegexp", "options": "/^limit: .* .*$/"},
        "properties": [grafana.DASHED],
    }


def test_an_axis_that_is_all_zero_does_not_end_at_a_hundred_of_its_unit() -> None:
    lines = [
        Line("x", "x"),
        Line("y", "y", grafana.on_the("right", "cps")),
        Line("z", "z", grafana.on_the("hidden", "none")),
    ]
    drawn = Graph(4, 4, "x", NOTE, "s", lines).drawn()
    behind = drawn["targets"][-1]["expr"]
    assert re.findall(r'vector\(([0-9.]+)\), "behind", "(least \w+)"', behind) == [
        ("0.01", "least s"),
        ("1", "least cps"),
    ]
    overrides = {each["matcher"]["options"]: each["properties"] for each in drawn["fieldConfig"]["overrides"]}
    for name in ("least s", "least cps"):
        assert {"id": "custom.lineWidth", "value": 0} in overrides[name]
        assert grafana.hidden_from(tooltip=True) in overrides[name]
    assert {"id": "custom.axisPlacement", "value": "right"} in overrides["least cps"]


def test_more_than_a_hundred_percent_is_drawn() -> None:
    assert Graph(4, 4, "x", NOTE, "percentunit", []).drawn()["fieldConfig"]["defaults"]["max"] > 10


def seen(colour: str, matrix: tuple[tuple[float, ...], ...]) -> tuple[float, ...]:
    """Return a colour's L*, a* and b* as somebody sees it who lacks one kind of cones, by Machado et al. 2009."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    red, green, blue = (sum(share * part for share, part in zip(row, linear, strict=True)) for row in matrix)
    xyz = (
        (0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.9505,
        0.2126 * red + 0.7152 * green + 0.0722 * blue,
        (0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.089,
    )
    x, y, z = (part ** (1 / 3) if part > 0.008856 else 7.787 * part + 16 / 116 for part in xyz)
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


@pytest.mark.parametrize(
    "matrix",
    [
        ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
        ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
        ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
    ],
    ids=["anybody", "protanopia", "deuteranopia"],
)
def test_colours_of_states_differ_for_those_who_cannot_tell_red_from_green(
    matrix: tuple[tuple[float, ...], ...],
) -> None:
    states = (grafana.GREEN, grafana.ORANGE, grafana.RED, grafana.GREY)
    for one, other in combinations(states, 2):
        apart = sum((a - b) ** 2 for a, b in zip(seen(one, matrix), seen(other, matrix), strict=True)) ** 0.5
        assert apart > 25, (one, other, apart)


@pytest.mark.parametrize("name", NAMES)
def test_its_uid_is_made_of_its_files_name(name: str) -> None:
    # By which the role grafana gives it one of its own in a Grafana of several labs.
    assert committed(name)["uid"] == f"monitor-lab-{name}"
