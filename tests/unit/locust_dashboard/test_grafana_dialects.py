# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""What is asked of later Grafanas, in the words of their API documentation. None of them was at hand to try it on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._grafana.client import (
    Grafana,
    GrafanaError,
    dialect_of,
)
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._grafana.dashboard import DashboardError
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._grafana.dashboard_import import Wish, present

JSON = dict[str, Any]


class Documented(Grafana):
    """A later Grafana's answers, by the beginning of the path; keeps what it was asked to change."""

    def __init__(self, version: str, **answers: Any) -> None:
        super().__init__("http://127.0.0.1", token="t")
        source = {"name": "Prometheus", "uid": "prom", "type": "prometheus", "isDefault": True, "meta": {}}
        built_in = {"name": "-- Grafana --", "uid": "grafana", "type": "datasource", "meta": {"builtIn": True}}
        self.answers: JSON = {
            "GET /api/frontend/settings": {
                "buildInfo": {"version": version},
                "datasources": {"Prometheus": source, "-- Grafana --": built_in},
                "panels": {"stat": {}},
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
        ((7, 5), (False, False, False, False, False)),
        ((8, 2), (False, False, False, False, False)),
        ((8, 3), (False, False, False, False, True)),
        ((9, 0), (True, False, True, True, True)),
        ((11, 0), (True, True, True, True, True)),
        ((12, 1), (True, True, True, True, True)),
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
    )


@pytest.mark.parametrize("version", ["9.5.2", "10.4.1-pre", "12.1.1", "13.0.0-12345.patch1"])
def test_folders_are_named_by_uid_and_data_sources_by_objects(version: str) -> None:
    grafana = Documented(version, **{"GET /api/folders?": [{"uid": "f", "title": "Lab"}]})
    outcome = present(grafana, dashboard(), Wish(folder="Lab"), check=False)
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
    outcome = present(grafana, dashboard(), Wish(folder="Lab/Load/2026/May"), check=False)
    assert outcome.after["folder"] == "Load/2026/May"
    assert [(what, body) for what, body in grafana.changes() if "folders" in what] == [
        ("POST /api/folders", {"title": "2026", "parentUid": "b"}),
        ("POST /api/folders", {"title": "May", "parentUid": "new-2026"}),
    ]
    assert outcome.folder_uid == "new-May"


def test_a_path_with_an_empty_title_is_refused() -> None:
    with pytest.raises(DashboardError, match="a folder in this path has no title"):
        present(Documented("12.1.1"), dashboard(), Wish(folder="Lab//May"), check=True)


def test_history_is_asked_by_uid() -> None:
    stored = {
        "dashboard": {"uid": "u", "id": 7, "title": "T", "panels": [], "refresh": "5s"},
        "meta": {"version": 3, "folderUid": "f", "folderTitle": "Lab", "canSave": True},
    }
    version = {"version": 3, "message": "by hand", "createdBy": "jo", "created": "2026-05-01T10:00:00Z"}
    answers = {"GET /api/dashboards/uid/u/versions/3": version, "GET /api/dashboards/uid/u": stored}
    with pytest.raises(DashboardError, match="'T' was last saved by jo at 2026-05-01T10:00:00Z"):
        present(Documented("12.1.1", **answers), dashboard(), Wish(overwrite=False), check=False)


def test_a_version_that_is_none_is_told() -> None:
    with pytest.raises(GrafanaError, match="calls its version 'main', which is not understood"):
        Documented("main").server()


def test_settings_without_a_version_are_told() -> None:
    with pytest.raises(GrafanaError, match="does not tell its version and panel types"):
        Documented("12.1.1", **{"GET /api/frontend/settings": {}}).server()
