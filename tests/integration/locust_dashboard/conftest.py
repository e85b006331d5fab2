# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""Each test talks to a Grafana 7.5.5 as it was recorded in recordings/.

With MONITOR_LAB_GRAFANA set to the URL of a real one whose login is admin, password admin, the tests talk to that one
instead, and what it answers takes the place of the recordings. It loses all its dashboards, folders and API keys.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.locust_dashboard.grafana_exchanges import LOGIN, Exchanges, Lab, Player, Recorder, ask, served

JSON = dict[str, Any]

RECORDINGS = Path(__file__).with_name("recordings")
REAL = os.environ.get("MONITOR_LAB_GRAFANA")


def reset(grafana: str) -> None:
    def call(method: str, path: str, body: Any = None) -> Any:
        return ask(grafana, {"method": method, "path": path, "headers": {}, "body": body}, LOGIN)["body"]

    for dashboard in call("GET", "/api/search?type=dash-db"):
        call("DELETE", f"/api/dashboards/uid/{dashboard['uid']}")
    for folder in call("GET", "/api/folders"):
        call("DELETE", f"/api/folders/{folder['uid']}")
    for key in call("GET", "/api/auth/keys"):
        call("DELETE", f"/api/auth/keys/{key['id']}")
    for org in call("GET", "/api/orgs"):
        if org["id"] != 1:
            call("DELETE", f"/api/orgs/{org['id']}")
    for source in call("GET", "/api/datasources"):
        call("DELETE", f"/api/datasources/{source['id']}")
    for name, uid, kind, default in (
        ("Prometheus", "monitor-lab-prometheus", "prometheus", True),
        ("Second", "second", "prometheus", False),
        ("Loki", "loki", "loki", False),
    ):
        source = {"name": name, "uid": uid, "type": kind, "isDefault": default}
        call("POST", "/api/datasources", {**source, "url": "http://127.0.0.1:9090", "access": "proxy"})


@pytest.fixture
def exchanges(request: pytest.FixtureRequest) -> Iterator[Exchanges]:
    recording = RECORDINGS / f"{request.node.originalname.removeprefix('test_')}.json"
    kept: Player | Recorder
    if REAL:
        reset(REAL)
        kept = Recorder(REAL, recording)
    else:
        kept = Player(recording)
    yield kept
    kept.close()


@pytest.fixture
def lab(exchanges: Exchanges) -> Iterator[Lab]:
    with served(exchanges) as url:
        yield Lab(url, exchanges)
