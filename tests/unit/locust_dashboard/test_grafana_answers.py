# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""The client understands answers of the form that people showed of their Grafana 9, 12 and 13.

None of those was at hand, and recordings under a license (`test_grafana_recordings.py`) do not have all that the client
asks. So these are the forms, field by field, with values of our own, of what was shown here:

- 9.0.4: https://github.com/ansible-collections/community.grafana/pull/221
- 9.4 to 9.5: https://github.com/grafana/grafana/issues/75697, in words
- 12.3.9: .planning/phases/87-grafana-observability-dashboards/87-02-SUMMARY.md of github.com/kataniwayou/SK_P6
- 13.2.3: submissions/lab8.md of github.com/NikolayTaran/DevOps-Intro
- what a save is answered with: Grafana's documentation of its HTTP API
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._grafana.client import (
    DataSource,
    Folder,
    Grafana,
    GrafanaError,
    dialect_of,
)
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._grafana.datasource import differs

JSON = dict[str, Any]

HEALTH = {"database": "ok", "version": "12.3.9", "commit": "0" * 40}
SOURCE = {
    "id": 1,
    "uid": "lab-prometheus",
    "orgId": 1,
    "name": "Prometheus",
    "type": "prometheus",
    "typeLogoUrl": "public/plugins/prometheus/img/prometheus_logo.svg",
    "access": "proxy",
    "url": "http://prometheus:9090",
    "user": "",
    "database": "",
    "basicAuth": False,
    "basicAuthUser": "",
    "withCredentials": False,
    "isDefault": True,
    "jsonData": {"httpMethod": "POST", "timeInterval": "15s"},
    "secureJsonFields": {},
    "version": 1,
    "readOnly": True,
    "apiVersion": "",
}
REACHED = {
    "details": {"application": "Prometheus", "features": {"rulerApiEnabled": False}},
    "message": "Successfully queried the Prometheus API.",
    "status": "OK",
}
HITS_12 = [
    {
        "id": 2,
        "uid": "a",
        "orgId": 1,
        "title": "Lab / A",
        "uri": "db/lab-a",
        "url": "/d/a/lab-a",
        "type": "dash-db",
        "tags": ["lab"],
        "folderId": 1,
        "folderUid": "dft0000000000a",
        "folderTitle": "Lab",
        "folderUrl": "/dashboards/f/dft0000000000a/lab",
        "isDeleted": False,
    }
]
HITS_13 = [
    {
        "id": 2461237562826752,
        "uid": "a",
        "orgId": 1,
        "title": "Lab / A",
        "uri": "db/lab-a",
        "url": "/d/a/lab-a",
        "slug": "",
        "type": "dash-db",
        "tags": [],
        "isStarred": False,
        "sortMeta": 0,
        "isDeleted": False,
        "folderId": 2461237220446208,
        "folderUid": "ffz0000000000a",
        "folderTitle": "Lab",
        "folderUrl": "/dashboards/f/ffz0000000000a/lab",
    }
]
META_12 = {
    "type": "db",
    "canSave": True,
    "canEdit": True,
    "canAdmin": True,
    "canStar": True,
    "canDelete": True,
    "slug": "lab-a",
    "url": "/d/a/lab-a",
    "created": "2026-07-27T18:51:25Z",
    "updated": "2026-07-27T18:51:25Z",
    "updatedBy": "Anonymous",
    "createdBy": "Anonymous",
    "version": 1,
    "hasAcl": False,
    "isFolder": False,
    "apiVersion": "v0alpha1",
    "folderId": 1,
    "folderUid": "dft0000000000a",
    "folderTitle": "Lab",
    "folderUrl": "/dashboards/f/dft0000000000a/lab",
    "provisioned": True,
    "provisionedExternalId": "a.json",
}
PROMETHEUS = DataSource("Prometheus", "lab-prometheus", "prometheus", id=1)
HEALTH_PATH = "/api/datasources/uid/lab-prometheus/health"
QUERY_PATH = "/api/datasources/proxy/uid/lab-prometheus/api/v1/query"


class Shown(Grafana):
    """A Grafana that gives these answers by path, where a number is that of a refusal; keeps what it was asked."""

    def __init__(self, **answers: Any) -> None:
        super().__init__("http://grafana.example", token="t")
        self.answers = answers
        self.asked: list[str] = []

    def _call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        path = path.partition("?")[0]
        self.asked.append(path)
        answer = self.answers[path]
        if isinstance(answer, int):
            raise GrafanaError(f"{path}: {answer}", answer)
        return json.loads(json.dumps(answer))


@pytest.mark.parametrize("version", ["12.3.9", "13.2.3", "12.3.2+security-01", "11.5.0-pre"])
def test_it_is_ready_and_tells_its_version(version: str) -> None:
    settings = {"buildInfo": {"version": version}, "datasources": {}, "panels": {}}
    grafana = Shown(**{"/api/health": {**HEALTH, "version": version}, "/api/frontend/settings": settings})
    grafana.wait_until_ready(0)
    assert grafana.server().dialect.data_source_by_uid


def test_a_data_source_is_compared_by_what_the_lab_says_of_it() -> None:
    grafana = Shown(**{"/api/datasources/uid/lab-prometheus": SOURCE})
    stored = grafana.data_source("lab-prometheus")
    assert stored is not None
    wanted = {key: SOURCE[key] for key in ("name", "uid", "type", "access", "url", "basicAuth")}
    assert not differs({**wanted, "jsonData": {"timeInterval": "15s"}}, stored)
    assert differs({**wanted, "jsonData": {"timeInterval": "5s"}}, stored)


@pytest.mark.parametrize(
    ("health", "query", "reason"),
    [
        # 12.3.9
        (REACHED, None, ""),
        # 9.0.4, which knows no health of Prometheus's
        (404, {"status": "success"}, ""),
        (404, 502, f"{QUERY_PATH}: 502"),
        # 9.4 and later, of a stranger
        ({"message": "Successfully queried the Prometheus API.", "status": "OK"}, 404, f"{QUERY_PATH}: 404"),
        ({"message": "Successfully queried the Prometheus API.", "status": "OK"}, {"status": "success"}, ""),
        (400, None, f"{HEALTH_PATH}: 400"),
    ],
)
def test_it_tells_whether_it_reaches_prometheus(health: Any, query: Any, reason: str) -> None:
    answers = {HEALTH_PATH: health, **({} if query is None else {QUERY_PATH: query})}
    assert Shown(**answers).unreached(PROMETHEUS, dialect_of((12, 3))) == reason


@pytest.mark.parametrize(("hits", "folder"), [(HITS_12, "dft0000000000a"), (HITS_13, "ffz0000000000a")])
def test_dashboards_are_found_by_their_title(hits: list[JSON], folder: str) -> None:
    grafana = Shown(**{"/api/search": hits})
    assert [(hit["uid"], hit["folderUid"]) for hit in grafana.dashboards_titled("Lab / A")] == [("a", folder)]
    assert grafana.dashboards_titled("Lab") == []


def test_a_stored_dashboard_is_understood() -> None:
    model = {"uid": "a", "title": "Lab / A", "panels": []}
    stored = Shown(**{"/api/dashboards/uid/a": {"meta": META_12, "dashboard": model}}).dashboard("a")
    assert stored is not None
    assert (stored.folder, stored.version) == (Folder("dft0000000000a", "Lab", 1), 1)
    assert (stored.provisioned, stored.may_save, stored.is_folder) == (True, True, False)


def test_a_saved_dashboard_is_understood() -> None:
    answer = {
        "folderUid": "",
        "id": 1,
        "slug": "lab-a",
        "status": "success",
        "uid": "a",
        "url": "/d/a/lab-a",
        "version": 1,
    }
    grafana = Shown(**{"/api/dashboards/db": answer})
    saved = grafana.save_dashboard({"uid": "a"}, Folder("", "General", 0), dialect_of((13, 2)), "", None)
    assert saved["version"] == 1
