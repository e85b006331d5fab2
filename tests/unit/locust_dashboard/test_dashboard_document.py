# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""Reading, checking and comparing dashboards."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._grafana import dashboard as document
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._grafana.shapes import dashboards_in
from hypothesis import given
from hypothesis import strategies as st

JSON = dict[str, Any]


def minimal(**more: Any) -> JSON:
    return {"title": "Locust", "panels": [{"id": 1, "type": "stat", "title": "Users"}], **more}


def test_reads_a_mapping_without_changing_it() -> None:
    given_one = minimal(id=7)
    [read] = dashboards_in(given_one, "content")
    read["panels"][0]["title"] = "other"
    assert given_one == minimal(id=7)


def test_reads_json_text() -> None:
    assert dashboards_in(json.dumps(minimal()), "path") == [minimal()]


def test_reads_what_the_api_answers() -> None:
    assert dashboards_in({"meta": {"version": 3}, "dashboard": minimal()}, "content") == [minimal()]


def test_reads_the_rows_of_old_schemas() -> None:
    old = {"title": "Old", "rows": [{"panels": [{"id": 1, "type": "graph"}]}]}
    [read] = dashboards_in(old, "content")
    assert list(document.walk_panels(read)) == [{"id": 1, "type": "graph"}]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{nope", "x is not JSON: "),
        (b"\xff\xfe", "x is not JSON: "),
        ("", "x is not JSON: "),
        ("[]", "x is no dashboard: it is JSON, but not an object"),
        ("3", "x is no dashboard: it is JSON, but not an object"),
        ('{"title": "Locust"}', "x is no dashboard: it has neither panels nor rows"),
        ('{"panels": 3}', "x is no dashboard: it has neither panels nor rows"),
        ('{"panels": ["a"]}', "x is no dashboard: panels is not a list of objects"),
        ('{"panels": [{"panels": 3}]}', "x is no dashboard: panels is not a list of objects"),
        ('{"panels": [{"targets": ["up"]}]}', "x is no dashboard: targets is not a list of objects"),
        ('{"panels": [], "templating": [{}]}', "x: templating is no part of a dashboard: it is not an object"),
        ('{"panels": [], "annotations": {"list": 1}}', "x: annotations is no dashboard: list is not a list of objects"),
        ('{"rows": [{"panels": 1}]}', "x is no dashboard: panels is not a list of objects"),
        ('{"elements": {}, "layout": {"kind": "GridLayout"}, "title": "New"}', "schema v2"),
        ("[" * 100_000, "more than 100 objects and lists in one another"),
        ('{"panels": [{"panels": ' + "[" * 900 + "]" * 900 + "}]}", "more than 100 objects and lists in one another"),
        ('{"panels": [' * 200 + "]}" * 200, "more than 100 objects and lists in one another"),
        (" " * (20 * 1024 * 1024), "x has 20971520 bytes, and a dashboard may have 10485760"),
    ],
)
def test_refuses_what_is_no_dashboard(content: Any, message: str) -> None:
    with pytest.raises(document.DashboardError, match=r"^x[ :]") as raised:
        dashboards_in(content, "x")
    assert message in str(raised.value)


def test_refuses_what_is_too_deep_however_it_was_read() -> None:
    deep: dict[str, Any] = {"panels": []}
    for _unused in range(2000):
        deep = {"panels": [deep]}
    with pytest.raises(document.DashboardError, match="more than 100"):
        dashboards_in(deep, "x")


def test_a_uid_may_have_40_characters() -> None:
    assert document.check_uid("x" * 40) == "x" * 40


@pytest.mark.parametrize(
    ("uid", "message"),
    [
        ("x" * 41, "has 41 characters, and Grafana takes at most 40"),
        ("a b/c", "may hold only letters, digits, - and _"),
        ("", "may hold only letters, digits, - and _"),
        ("ä", "may hold only letters, digits, - and _"),
        ("a\n", "may hold only letters, digits, - and _"),
    ],
)
def test_refuses_a_uid_that_grafana_refuses(uid: str, message: str) -> None:
    with pytest.raises(document.DashboardError, match=message):
        document.check_uid(uid)


def test_a_dashboard_keeps_its_uid_unless_told_another() -> None:
    assert document.settle(minimal(uid="own"), None, None, None) == "own"
    assert document.settle(minimal(uid="own"), "other", None, None) == "other"


def test_a_dashboard_without_a_uid_gets_the_same_one_every_time() -> None:
    uids = {document.settle(minimal(title="Node Exporter (full): 2.0!"), None, None, None) for time in (1, 2)}
    assert uids == {"node-exporter-full-2-0"}


@pytest.mark.parametrize("title", ["", "  ", None])
def test_refuses_a_dashboard_without_a_title(title: Any) -> None:
    with pytest.raises(document.DashboardError, match="has no title: set title"):
        document.settle(minimal(title=title), "uid", None, None)


def test_refuses_a_title_that_gives_no_uid() -> None:
    with pytest.raises(document.DashboardError, match="set uid"):
        document.settle(minimal(title="仪表板"), None, None, None)


def test_tells_which_dashboard_has_no_title() -> None:
    with pytest.raises(document.DashboardError, match="the dashboard with the uid 'own' has no title: set title"):
        document.settle({"uid": "own", "panels": []}, None, None, None)


def test_title_and_tags_replace_the_dashboards_own() -> None:
    changed = minimal(tags=["old"])
    document.settle(changed, "uid", "New", ["a", "b"])
    assert (changed["title"], changed["tags"]) == ("New", ["a", "b"])


def test_panels_without_an_id_get_free_ones() -> None:
    changed = minimal(panels=[{"type": "row", "panels": [{"id": 4}, {}]}, {"id": None}, {"id": 2}])
    document.settle(changed, "uid", None, None)
    assert [panel["id"] for panel in document.walk_panels(changed)] == [5, 4, 6, 7, 2]


def test_panels_with_the_same_id_get_others() -> None:
    changed = minimal(panels=[{"id": 2, "panels": [{"id": 2}]}, {"id": 2}, {"id": 7}, {"id": True}, {"id": 7}])
    document.settle(changed, "uid", None, None)
    assert [panel["id"] for panel in document.walk_panels(changed)] == [2, 8, 9, 7, 10, 11]


MODEL: JSON = {"type": "timeseries", "title": "Rate", "datasource": "${DS_PROMETHEUS}", "targets": [{"expr": "up"}]}
REFERENCE: JSON = {
    "id": 4,
    "type": "library-panel-ref",
    "options": {},
    "gridPos": {"x": 0, "y": 0, "w": 6, "h": 4},
    "libraryPanel": {"uid": "lib", "name": "Rate of the library"},
}


@pytest.mark.parametrize(
    "elements",
    [
        {"lib": {"name": "Rate of the library", "uid": "lib", "kind": 1, "model": {**MODEL, "id": 9}}},
        [{"name": "Rate of the library", "uid": "lib", "kind": 1, "model": {**MODEL, "libraryPanel": {"uid": "lib"}}}],
    ],
    ids=["since 9.2", "before"],
)
def test_a_library_panel_of_the_export_is_put_in_its_place(elements: Any) -> None:
    whole = minimal(panels=[{"type": "row", "panels": [dict(REFERENCE)]}, dict(REFERENCE, id=5)], __elements=elements)
    [read] = dashboards_in(whole, "x")
    document.put_in_library_panels(read)
    inner, outer = read["panels"][0]["panels"][0], read["panels"][1]
    assert inner == {**MODEL, "id": 4, "gridPos": REFERENCE["gridPos"]}
    assert outer == {**MODEL, "id": 5, "gridPos": REFERENCE["gridPos"]}


@pytest.mark.parametrize("elements", [{}, [], None, {"lib": {}}, {"lib": 3}, [3], {"other": {"model": MODEL}}, "x"])
def test_a_library_panel_that_is_not_in_the_export_stays(elements: Any) -> None:
    [read] = dashboards_in(minimal(panels=[dict(REFERENCE)], __elements=elements), "x")
    document.put_in_library_panels(read)
    assert read["panels"] == [REFERENCE]
    assert document.missing_panel_types(read, frozenset(), {}) == {}


def test_refuses_a_library_panel_that_is_none() -> None:
    with pytest.raises(document.DashboardError, match="x is no dashboard: targets is not a list of objects"):
        dashboards_in(minimal(__elements={"lib": {"model": {"targets": 3}}}), "x")


def test_what_grafana_puts_in_the_place_of_a_library_panel_is_no_difference() -> None:
    loaded = {
        **MODEL,
        "id": 4,
        "gridPos": REFERENCE["gridPos"],
        "libraryPanel": {"uid": "lib", "version": 3, "meta": {}},
    }
    for shown in (lambda panel: [panel], lambda panel: [{"id": 1, "type": "row", "panels": [panel]}]):
        assert document.normalise(minimal(panels=shown(loaded))) == document.normalise(minimal(panels=shown(REFERENCE)))
    moved = {**REFERENCE, "gridPos": {"x": 6}}
    assert document.normalise(minimal(panels=[moved])) != document.normalise(minimal(panels=[REFERENCE]))


def test_whatever_grafana_keeps_is_compared() -> None:
    odd: JSON = {"panels": [3, {"id": 1, "panels": 3}, {"id": 2, "panels": [None]}]}
    assert document.normalise(odd) == odd


def test_tells_which_panels_want_a_type_that_is_missing() -> None:
    panels = [
        {"type": "row", "panels": [{"type": "graph", "title": "A"}]},
        {"type": "graph", "id": 3},
        {"type": "stat"},
    ]
    missing = {"graph": ["'A'", "'id 3'"]}
    assert document.missing_panel_types({"panels": panels}, frozenset({"stat"}), {}) == missing
    assert document.missing_panel_types({"panels": panels}, frozenset({"stat"}), {"graph": "timeseries"}) == missing
    assert document.missing_panel_types({"panels": panels}, frozenset({"stat"}), {"graph": "stat"}) == {}


def test_the_servers_own_keys_and_defaults_are_not_compared() -> None:
    stored = minimal(id=12, version=4, iteration=1700000000, editable=True, links=[], timepicker={}, gnetId=None)
    assert document.normalise(stored) == document.normalise(minimal())


def test_a_value_that_is_no_default_is_compared() -> None:
    assert document.normalise(minimal(editable=False)) != document.normalise(minimal())


def test_differences_name_the_panel_and_the_path() -> None:
    before = minimal(tags=["a"])
    new = {"id": 9, "type": "text", "title": "New"}
    after = minimal(tags=["a", "b"], panels=[new, {"id": 1, "type": "gauge", "title": "People"}], refresh="5s")
    assert document.differences(before, after) == (
        {"panels[1 Users].type": "stat", "panels[1 Users].title": "Users"},
        {
            "panels[1 Users].type": "gauge",
            "panels[1 Users].title": "People",
            "panels[9 New]": new,
            "tags[1]": "b",
            "refresh": "5s",
        },
    )


def test_another_order_is_a_difference() -> None:
    one, two = {"name": "job", "type": "query"}, {"name": "instance", "type": "query"}
    assert document.differences({"list": [one, two]}, {"list": [two, one]}) == (
        {"list (order)": ["job", "instance"]},
        {"list (order)": ["instance", "job"]},
    )


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=4),
    max_leaves=12,
)


@given(JSON_VALUES, JSON_VALUES)
def test_there_are_differences_exactly_where_two_documents_differ(before: Any, after: Any) -> None:
    assert (document.differences(before, after) == ({}, {})) == (
        json.dumps(before, sort_keys=True) == json.dumps(after, sort_keys=True)
    )
