# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""The client understands what real Grafanas 9.0, 9.5 and 13.1 answered somebody else's tests.

`recordings/managed-grafana.json` says whose, and under which license. What it does not hold is 404.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._grafana.client import (
    ROOT,
    Folder,
    Grafana,
    GrafanaError,
    dialect_of,
)

JSON = dict[str, Any]

RECORDED: JSON = json.loads(Path(__file__).with_name("recordings").joinpath("managed-grafana.json").read_text())
VERSIONS = sorted(RECORDED["exchanges"])


@contextmanager
def recorded(version: str) -> Iterator[tuple[Grafana, list[Any]]]:
    """Yield a client of a Grafana of that version, and what it is sent."""
    answers = {
        (each["request"]["method"], each["request"]["path"]): each["response"]
        for each in RECORDED["exchanges"][version]
    }
    sent: list[Any] = []

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            if length:
                sent.append(json.loads(self.rfile.read(length)))
            found = answers.get((self.command, self.path.partition("?")[0]), {"status": 404, "body": {}})
            body = json.dumps(found["body"]).encode()
            self.send_response(found["status"])
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PUT = do_DELETE = answer

        def log_message(self, format: str, *args: Any) -> None:
            pass

    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield Grafana(f"http://127.0.0.1:{httpd.server_port}", token="t"), sent
    finally:
        httpd.shutdown()
        httpd.server_close()
        thread.join()


def test_the_recordings_name_their_source_and_license() -> None:
    assert RECORDED["source"].startswith("https://github.com/")
    assert all(version in RECORDED["source"] for version in VERSIONS)
    assert RECORDED["license"][0] == "MIT License" and "Copyright" in RECORDED["license"][1]


def test_9_5_is_ready() -> None:
    with recorded("9.5.16") as (grafana, _sent):
        grafana.wait_until_ready(0)


@pytest.mark.parametrize(
    ("version", "folder"), [("9.0.1", "geneva"), ("9.5.16", "geneva"), ("13.1.0", "bfteoy8sur85cb")]
)
def test_a_dashboard_is_found_by_its_title(version: str, folder: str) -> None:
    with recorded(version) as (grafana, _sent):
        assert [(hit["uid"], hit["folderUid"]) for hit in grafana.dashboards_titled("Agent QoS")] == [
            ("OSBzdgnnz", folder)
        ]
        assert grafana.dashboards_titled("Agent") == []


@pytest.mark.parametrize(
    ("version", "uid", "folder"),
    [
        ("9.0.1", "rKn5aGz4k", ROOT),
        ("9.5.16", "mg2OAlTVa", Folder("f93b15e9-81f4-474a-ae05-4f05cf6bfe94", "Test Folder", 33)),
    ],
)
def test_a_stored_dashboard_is_understood(version: str, uid: str, folder: Folder) -> None:
    with recorded(version) as (grafana, _sent):
        stored = grafana.dashboard(uid)
        assert stored is not None
        assert (stored.folder, stored.version, stored.model["title"]) == (folder, 1, "Test Dashboard")
        assert (stored.provisioned, stored.may_save, stored.is_folder) == (False, True, False)
        assert grafana.dashboard("none") is None


def test_a_dashboard_is_saved_in_9() -> None:
    with recorded("9.0.1") as (grafana, sent):
        saved = grafana.save_dashboard({"title": "Test Dashboard"}, ROOT, dialect_of((9, 0)), "", None)
        assert (saved["uid"], saved["version"]) == ("rKn5aGz4k", 1)
        assert sent[0]["folderUid"] == ""


def test_a_dashboard_of_schema_v2_is_deleted_in_13() -> None:
    with recorded("13.1.0") as (grafana, _sent):
        grafana.delete_dashboard("clitestv2dash")
        with pytest.raises(GrafanaError, match="404"):
            grafana.delete_dashboard("other")


def test_folders_are_understood_in_9() -> None:
    with recorded("9.0.1") as (grafana, _sent):
        made = grafana.make_folder("Test Folder", ROOT, dialect_of((9, 0)))
        assert made == grafana.folder("eO1KaMz4k") == Folder("eO1KaMz4k", "Test Folder", 48)
        assert grafana.folder("Test Folder Update") is None
        assert Folder("geneva", "Geneva", 11) in grafana.folders(ROOT, dialect_of((9, 0)))


def test_data_sources_are_understood_in_9() -> None:
    with recorded("9.0.1") as (grafana, sent):
        grafana.make_data_source({"name": "Test Azure Monitor Data Source"})
        assert {one["uid"]: one["type"] for one in grafana.data_sources()} == {
            "prometheus-mdm": "prometheus",
            "qpQF-GkVk": "grafana-azure-monitor-datasource",
        }
        grafana.delete_data_source("qpQF-GkVk")
        assert sent == [{"name": "Test Azure Monitor Data Source"}]
        assert grafana.data_source("none") is None


def test_a_name_that_is_taken_is_told() -> None:
    with recorded("9.5.16") as (grafana, _sent):
        with pytest.raises(GrafanaError, match="409: data source with the same name already exists") as refused:
            grafana.make_data_source({"name": "Azure Monitor"})
        assert refused.value.status == 409


def test_what_a_role_lacks_is_told() -> None:
    with recorded("9.0.1") as (grafana, _sent):
        with pytest.raises(GrafanaError, match=r"403: You'll need additional permissions.*folders:read") as refused:
            grafana._call("GET", "/api/folders/id/eO1KaMz4k")
        assert refused.value.status == 403
