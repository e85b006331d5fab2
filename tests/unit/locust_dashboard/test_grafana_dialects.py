# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""What is asked of later Grafanas, in the words of their API documentation. None of them was at hand to try it on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._grafana.client import (
    DataSource,
    Grafana,
    GrafanaError,
    dialect_of,
)
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._grafana.dashboard import DashboardError
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._grafana.dashboard_import import (
    Wish,
    absent,
    present,
)

JSON = dict[str, Any]


class Documented(Grafana):
    """A later Grafana's answers, by the beginning of the path; keeps what it was asked to change."""

    def __init__(self, version: str, panels: Any = ("stat",), **answers: Any) -> None:
        super().__init__("http://127.0.0.1", token="t")
        source = {"name": "Prometheus", "uid": "prom", "type": "prometheus", "isDefault": True, "meta": {}}
        built_in = {"name": "-- Grafana --", "uid": "grafana", "type": "datasource", "meta": {"builtIn": True}}
        self.answers: JSON = {
            "GET /api/frontend/settings": {
                "buildInfo": {"version": version},
                "datasources": {"Prometheus": source, "-- Grafana --": built_in},
                "panels": {kind: {} for kind in panels},
            },
            "GET /api/search": [],
            "GET /api/folders?": [],
            "POST /api/dashboards/db": {"version": 1},
            **answers,
        }
        self.asked: list[tuple[str, Any]] = []

    def _call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        self.asked.append((f"{method} {path}", body))
        for start in sorted(self.answers, key=len, reverse=True):
            if f"{method} {path}".startswith(start):
                answer = self.answers[start]
                return answer(body) if callable(answer) else answer
        raise GrafanaError(f"{method} {path}: 404: not found", 404)

    def changes(self) -> list[tuple[str, Any]]:
        return [(what, body) for what, body in self.asked if not what.startswith("GET")]


def dashboard() -> JSON:
    return {"uid": "u", "title": "T", "panels": [{"id": 1, "type": "stat", "datasource": None, "targets": [{}]}]}


@pytest.mark.parametrize(
    ("version", "said"),
    [
        ((7, 5), (False, False, False, False, False, False, True, False)),
        ((8, 2), (False, False, False, False, False, False, True, False)),
        ((8, 3), (False, False, False, False, True, False, True, False)),
        ((9, 0), (True, False, True, True, True, True, True, False)),
        ((10, 4), (True, False, True, True, True, True, True, False)),
        ((11, 0), (True, True, True, True, True, True, True, True)),
        ((11, 3), (True, True, True, True, True, True, False, True)),
        ((12, 1), (True, True, True, True, True, True, False, True)),
    ],
)
def test_what_differs_between_versions(version: tuple[int, int], said: tuple[bool, ...]) -> None:
    dialect = dialect_of(version)
    assert said == (
        dialect.folder_by_uid,
        dialect.nested_folders,
        dialect.dashboard_history_by_uid,
        dialect.annotation_by_uid,
        dialect.data_source_objects,
        dialect.data_source_by_uid,
        dialect.unique_titles,
        "graph" in dialect.migrated_panels,
    )


@pytest.mark.parametrize("version", ["9.5.2", "10.4.1-pre", "12.1.1", "13.0.0-12345.patch1"])
def test_folders_are_named_by_uid_and_data_sources_by_objects(version: str) -> None:
    grafana = Documented(version, **{"GET /api/folders?": [{"uid": "f", "title": "Lab"}]})
    [outcome] = present(grafana, [dashboard()], Wish(folder="Lab"), check=False)
    [(what, body)] = grafana.changes()
    assert what == "POST /api/dashboards/db"
    assert (body["folderUid"], body["overwrite"], "folderId" in body) == ("f", False, False)
    assert body["dashboard"]["panels"][0]["datasource"] == {"type": "prometheus", "uid": "prom"}
    assert (outcome.folder_uid, outcome.bound) == ("f", {"(default)": "prom"})


def test_folders_are_made_in_folders() -> None:
    grafana = Documented(
        "12.1.1",
        **{
            "GET /api/folders?limit=1000&parentUid=a": [{"uid": "b", "title": "Load"}],
            "GET /api/folders?limit=1000&parentUid=b": [],
            "GET /api/folders?": [{"uid": "a", "title": "Lab"}],
            "POST /api/folders": lambda body: {"uid": f"new-{body['title']}", "title": body["title"]},
        },
    )
    [outcome] = present(grafana, [dashboard()], Wish(folder="Lab/Load/2026/May"), check=False)
    assert outcome.after["folder"] == "Load/2026/May"
    assert [(what, body) for what, body in grafana.changes() if "folders" in what] == [
        ("POST /api/folders", {"title": "2026", "parentUid": "b"}),
        ("POST /api/folders", {"title": "May", "parentUid": "new-2026"}),
    ]
    assert outcome.folder_uid == "new-May"


def test_a_path_with_an_empty_title_is_refused() -> None:
    with pytest.raises(DashboardError, match="a folder in this path has no title"):
        present(Documented("12.1.1"), [dashboard()], Wish(folder="Lab//May"), check=True)


def test_history_is_asked_by_uid() -> None:
    stored = {
        "dashboard": {"uid": "u", "id": 7, "title": "T", "panels": [], "refresh": "5s"},
        "meta": {"version": 3, "folderUid": "f", "folderTitle": "Lab", "canSave": True},
    }
    version = {"version": 3, "message": "by hand", "createdBy": "jo", "created": "2026-05-01T10:00:00Z"}
    answers = {"GET /api/dashboards/uid/u/versions/3": version, "GET /api/dashboards/uid/u": stored}
    with pytest.raises(DashboardError, match="'T' was last saved by jo at 2026-05-01T10:00:00Z"):
        present(Documented("12.1.1", **answers), [dashboard()], Wish(overwrite=False), check=False)


def stored(title: str = "T", uid: str = "u", message: str = "locust_dashboard", **model: Any) -> JSON:
    """Return what is answered where a dashboard is stored, and how its last version was saved."""
    whole = {"uid": uid, "id": 7, "title": title, "panels": [], **model}
    meta = {"version": 3, "folderUid": "", "folderTitle": "General", "canSave": True}
    saved = {"version": 3, "message": message, "createdBy": "jo", "created": "2026-05-01T10:00:00Z"}
    return {
        f"GET /api/dashboards/uid/{uid}": {"dashboard": whole, "meta": meta},
        f"GET /api/dashboards/uid/{uid}/versions/3": saved,
        f"DELETE /api/dashboards/uid/{uid}": {},
    }


@pytest.mark.parametrize("check", [True, False])
def test_a_dashboard_with_another_title_is_not_replaced(check: bool) -> None:
    grafana = Documented("12.1.1", **stored("Somebody else's copy"))
    told = (
        "the uid 'u' belongs to another dashboard, \"Somebody else's copy\", which is not {}: set uid to one of its own"
    )
    with pytest.raises(DashboardError, match=told.format("replaced")):
        present(grafana, [dashboard()], Wish(), check=check)
    with pytest.raises(DashboardError, match=told.format("deleted")):
        absent(grafana, [dashboard()], Wish(), check=check)
    assert grafana.changes() == []


@pytest.mark.parametrize(
    "wish",
    [Wish(uid="u"), Wish(overwrite=True), Wish(title="Stored")],
    ids=["its uid is meant", "it may be overwritten", "it is called so"],
)
def test_a_dashboard_with_another_title_is_replaced_where_that_is_said(wish: Wish) -> None:
    grafana = Documented("12.1.1", **stored("Stored"))
    assert present(grafana, [dashboard()], wish, check=False)[0].changed
    assert absent(grafana, [dashboard()], wish, check=False)[0].changed
    assert [what for what, _body in grafana.changes()] == ["POST /api/dashboards/db", "DELETE /api/dashboards/uid/u"]


def test_a_dashboard_that_was_imported_gets_another_title() -> None:
    grafana = Documented("12.1.1", **stored("T"))
    assert present(grafana, [dashboard()], Wish(title="New"), check=False)[0].after["title"] == "New"


def test_what_was_saved_by_hand_is_not_deleted_where_overwrite_is_false() -> None:
    grafana = Documented("12.1.1", **stored(message="by hand"))
    with pytest.raises(DashboardError, match="'T' was last saved by jo"):
        absent(grafana, [dashboard()], Wish(overwrite=False), check=False)
    assert grafana.changes() == []
    grafana = Documented("12.1.1", **stored())
    assert absent(grafana, [dashboard()], Wish(overwrite=False), check=False)[0].changed


@pytest.mark.parametrize("wish", [Wish(lab="mine"), Wish(lab="mine", uid="u", overwrite=True)])
def test_a_dashboard_of_another_lab_is_neither_replaced_nor_removed(wish: Wish) -> None:
    grafana = Documented("12.1.1", **stored("T", tags=["x", "lab:theirs"]))
    for check in (True, False):
        with pytest.raises(
            DashboardError, match="'T' with the uid 'u' is of another lab, theirs, and this one is mine: give this one"
        ):
            present(grafana, [dashboard()], wish, check=check)
        assert not absent(grafana, [dashboard()], wish, check=check)[0].changed
    assert grafana.changes() == []


@pytest.mark.parametrize("tags", [["x", "lab:mine"], ["x"], None])
def test_a_dashboard_of_this_lab_or_of_none_is_replaced_and_removed(tags: list[str] | None) -> None:
    grafana = Documented("12.1.1", **stored("T", tags=tags))
    # It may have been exported from another lab's.
    given = {**dashboard(), "tags": ["x", "lab:theirs"]}
    assert present(grafana, [given], Wish(lab="mine"), check=False)[0].changed
    assert grafana.changes()[0][1]["dashboard"]["tags"] == ["x", "lab:mine"]
    assert absent(grafana, [given], Wish(lab="mine"), check=False)[0].changed


def test_who_names_no_lab_minds_none() -> None:
    grafana = Documented("12.1.1", **stored("T", tags=["lab:theirs"]))
    assert present(grafana, [dashboard()], Wish(), check=False)[0].changed
    assert "tags" not in grafana.changes()[0][1]["dashboard"]


@pytest.mark.parametrize(("version", "is_refused"), [("11.2.0", True), ("11.3.0", False), ("12.2.0", False)])
def test_a_title_is_asked_for_where_a_folder_has_it_once(version: str, is_refused: bool) -> None:
    grafana = Documented(version, **{"GET /api/search": [{"uid": "other", "title": "T"}]})
    if is_refused:
        with pytest.raises(DashboardError, match="the folder 'General' has another dashboard called 'T'"):
            present(grafana, [dashboard()], Wish(), check=False)
    else:
        assert present(grafana, [dashboard()], Wish(), check=False)[0].changed
    assert any("search" in what for what, _body in grafana.asked) == is_refused


def test_a_dashboard_that_is_stored_as_schema_v2_is_told() -> None:
    def refuse(_body: Any) -> None:
        raise GrafanaError("406: dashboard api version not supported, use /apis/dashboard.grafana.app/v2beta1", 406)

    grafana = Documented("12.2.0", **{"GET /api/dashboards/uid/u": refuse})
    with pytest.raises(
        GrafanaError, match=r"the uid 'u' is stored there as schema v2.*: set another uid, or remove that"
    ):
        present(grafana, [dashboard()], Wish(), check=False)


@pytest.mark.parametrize("version", ["11.0.0", "12.2.0"])
def test_panels_that_grafana_migrates_are_not_warned_of(version: str) -> None:
    kinds = ("graph", "singlestat", "table-old", "grafana-worldmap-panel", "made-up-panel")
    panels = [{"id": number, "type": kind, "title": kind} for number, kind in enumerate(kinds)]
    grafana = Documented(version, panels=["timeseries", "stat", "table", "geomap"])
    [outcome] = present(grafana, [{**dashboard(), "panels": panels}], Wish(), check=True)
    assert outcome.warnings == [
        f"Grafana {version} has no panel type 'made-up-panel', which is wanted by 'made-up-panel'"
    ]


LIBRARY: JSON = {"id": 2, "gridPos": {}, "libraryPanel": {"uid": "lib", "name": "Rate"}}


def test_a_library_panel_that_is_nowhere_is_warned_of() -> None:
    grafana = Documented("12.1.1")
    [outcome] = present(grafana, [{**dashboard(), "panels": [LIBRARY]}], Wish(), check=False)
    assert outcome.warnings == [
        "the library panel 'lib', which is wanted by 'Rate', is neither in this Grafana nor in what was given: export "
        "the dashboard for sharing, which puts it in"
    ]
    grafana = Documented("12.1.1", **{"GET /api/library-elements/lib": {"result": {}}})
    assert present(grafana, [{**dashboard(), "panels": [LIBRARY]}], Wish(), check=False)[0].warnings == []


def test_a_panel_that_has_the_library_panels_model_beside_is_one_of_its_own() -> None:
    own = {"type": "stat", "title": "Rate", "datasource": None, "targets": [{"expr": "up"}]}
    grafana = Documented("12.1.1")
    [outcome] = present(grafana, [{**dashboard(), "panels": [{**LIBRARY, **own}]}], Wish(), check=False)
    [(_what, body)] = grafana.changes()
    assert (outcome.warnings, "libraryPanel" in body["dashboard"]["panels"][0]) == ([], False)


def test_a_library_panel_of_the_export_is_bound() -> None:
    model = {"type": "stat", "title": "Rate", "datasource": "${DS_PROMETHEUS}", "targets": [{"expr": "up"}]}
    given = {**dashboard(), "panels": [LIBRARY], "__elements": {"lib": {"model": model}}}
    grafana = Documented("12.1.1")
    [outcome] = present(grafana, [given], Wish(), check=False)
    [(_what, body)] = grafana.changes()
    source = {"type": "prometheus", "uid": "prom"}
    assert body["dashboard"]["panels"] == [{**model, "datasource": source, "id": 2, "gridPos": {}}]
    assert (outcome.warnings, "__elements" in body["dashboard"]) == ([], False)


def several() -> list[JSON]:
    return [{**dashboard(), "uid": uid, "title": uid.upper()} for uid in "abc"]


def test_several_are_imported_into_one_folder_that_is_made_once() -> None:
    made = {"POST /api/folders": {"uid": "f", "title": "Lab"}}
    grafana = Documented("12.1.1", **made, **stored("B", "b", panels=several()[1]["panels"]))
    outcomes = present(grafana, several(), Wish(folder="Lab"), check=False)
    assert [(one.uid, one.title, one.folder_uid) for one in outcomes] == [
        ("a", "A", "f"),
        ("b", "B", "f"),
        ("c", "C", "f"),
    ]
    saved = [(what, body.get("folderUid")) for what, body in grafana.changes()]
    assert saved == [("POST /api/folders", None), *[("POST /api/dashboards/db", "f")] * 3]


def test_several_are_removed() -> None:
    grafana = Documented("12.1.1", **stored("A", "a"), **stored("C", "c"))
    outcomes = absent(grafana, several(), Wish(), check=False)
    assert [one.changed for one in outcomes] == [True, False, True]
    assert [what for what, _body in grafana.changes()] == [f"DELETE /api/dashboards/uid/{uid}" for uid in "ac"]


@pytest.mark.parametrize(
    ("changes", "wish", "message"),
    [
        ({}, Wish(uid="x"), "uid is for one dashboard, and 3 were given: leave it out"),
        ({}, Wish(title="x"), "title is for one dashboard, and 3 were given: leave it out"),
        ({"uid": "a"}, Wish(), "'A' and 'C' have both the uid 'a': import them one by one, with uid"),
        ({"title": "B"}, Wish(), "two of the dashboards are called 'B', which a folder may hold once"),
        ({}, Wish(inputs={"DS_X": "prom"}), "inputs: no dashboard has DS_X; they have none at all"),
        ({"panels": [{"id": 1, "datasource": {"type": "loki", "uid": "l"}, "targets": []}]}, Wish(), r"^C: can't tell"),
    ],
)
def test_what_is_wrong_with_one_of_several_stops_all(changes: JSON, wish: Wish, message: str) -> None:
    first, second, third = several()
    grafana = Documented("11.2.0")
    with pytest.raises(DashboardError, match=message):
        present(grafana, [first, second, {**third, **changes}], wish, check=False)
    assert grafana.changes() == []


def test_inputs_that_no_dashboard_has_are_told() -> None:
    declared = {"name": "DS_PROMETHEUS", "type": "datasource", "pluginId": "prometheus"}
    given = {**dashboard(), "__inputs": [declared]}
    with pytest.raises(DashboardError, match="inputs: the dashboard has no DS_TYPO; it has DS_PROMETHEUS"):
        present(Documented("12.1.1"), [given], Wish(inputs={"DS_TYPO": "prom"}), check=False)


def test_inputs_are_for_whichever_of_several_has_them() -> None:
    declared = {"name": "DS_PROMETHEUS", "type": "datasource", "pluginId": "prometheus"}
    first, second, third = several()
    outcomes = present(
        Documented("12.1.1"),
        [first, {**second, "__inputs": [declared]}, third],
        Wish(inputs={"DS_PROMETHEUS": "prom"}),
        check=False,
    )
    assert all(one.changed for one in outcomes)


def test_a_version_that_is_none_is_told() -> None:
    with pytest.raises(GrafanaError, match="calls its version 'main', which is not understood"):
        Documented("main").server()


@pytest.mark.parametrize(
    "settings", [{}, {"buildInfo": {"version": "12.1.1"}}, {"buildInfo": None}, {"buildInfo": {"version": 12}}, []]
)
def test_settings_without_a_version_are_told(settings: Any) -> None:
    with pytest.raises(GrafanaError, match="does not tell its version and panel types"):
        Documented("12.1.1", **{"GET /api/frontend/settings": settings}).server()


def test_data_sources_are_those_that_somebody_made() -> None:
    sources = {
        "Prometheus": {"name": "Prometheus", "uid": "prom", "type": "prometheus", "isDefault": True, "id": 3},
        "Loki": {"name": "Loki", "uid": "loki", "type": "loki", "meta": None},
        "-- Mixed --": {"name": "-- Mixed --", "type": "datasource", "meta": {"mixed": True}},
        "-- Grafana --": {"name": "-- Grafana --", "uid": "grafana", "type": "datasource", "meta": {"builtIn": True}},
    }
    settings = {"buildInfo": {"version": "12.1.1"}, "panels": {}}
    grafana = Documented("12.1.1", **{"GET /api/frontend/settings": {**settings, "datasources": sources}})
    assert grafana.server().data_sources == (
        DataSource("Prometheus", "prom", "prometheus", is_default=True, id=3),
        DataSource("Loki", "loki", "loki", is_default=False, id=0),
    )
    without = Documented("12.1.1", **{"GET /api/frontend/settings": settings})
    assert without.server().data_sources == ()
