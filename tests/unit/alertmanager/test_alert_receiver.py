# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""The receiver keeps what comes with the password, whole, and not more than fits."""

from __future__ import annotations

import json
import resource
import threading
from collections.abc import Iterator, Mapping
from http.client import HTTPConnection
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from alert_receiver import LONGEST_BODY, Handler, Log, Server

RIGHT: Mapping[str, str] = MappingProxyType({"Authorization": "Bearer p4ss"})


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    (tmp_path / "password").write_text("p4ss\n")
    monkeypatch.setattr(Handler, "log", Log(tmp_path / "alerts.jsonl"), raising=False)
    monkeypatch.setattr(Handler, "password_file", tmp_path / "password", raising=False)
    with Server(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def ask(
    server: Server, method: str = "POST", path: str = "/alerts", body: str = "{}", headers: Mapping[str, str] = RIGHT
) -> int:
    connection = HTTPConnection("127.0.0.1", server.server_port, timeout=10)
    try:
        connection.request(method, path, body, headers)
        return connection.getresponse().status
    finally:
        connection.close()


def kept(folder: Path) -> list[Any]:
    file = folder / "alerts.jsonl"
    return [json.loads(line)["notification"] for line in file.read_text().splitlines()] if file.exists() else []


def test_each_notification_is_a_line(server: Server, tmp_path: Path) -> None:
    assert [ask(server, body=json.dumps({"number": number})) for number in (1, 2)] == [200, 200]
    assert kept(tmp_path) == [{"number": 1}, {"number": 2}]


@pytest.mark.parametrize(
    "headers", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": "p4ss"}, {"Authorization": "Bearer \xfc"}]
)
def test_nothing_is_kept_of_who_has_not_the_password(server: Server, tmp_path: Path, headers: dict[str, str]) -> None:
    assert ask(server, headers=headers) == 401
    assert kept(tmp_path) == []


def test_a_changed_password_holds_at_once(server: Server, tmp_path: Path) -> None:
    (tmp_path / "password").write_text("other")
    assert ask(server) == 401


@pytest.mark.parametrize(
    ("method", "path", "body", "headers", "status"),
    [
        ("GET", "/-/healthy", "", {}, 200),
        ("GET", "/alerts", "", RIGHT, 404),
        ("POST", "/", "{}", RIGHT, 404),
        ("PUT", "/alerts", "{}", RIGHT, 501),
        ("POST", "/alerts", "no JSON", RIGHT, 400),
        ("POST", "/alerts", "[" * 100_000, RIGHT, 400),
        ("POST", "/alerts", "\xff", RIGHT, 400),
        ("POST", "/alerts", "{}", {**RIGHT, "Content-Length": str(LONGEST_BODY + 1)}, 413),
        ("POST", "/alerts", "{}", {**RIGHT, "Content-Length": "9" * 5000}, 413),
        ("POST", "/alerts", "{}", {**RIGHT, "Content-Length": "-1"}, 411),
    ],
)
def test_what_is_no_notification_is_refused(
    server: Server, tmp_path: Path, method: str, path: str, body: str, headers: dict[str, str], status: int
) -> None:
    assert ask(server, method, path, body, headers) == status
    assert kept(tmp_path) == []
    assert ask(server) == 200


def test_the_file_does_not_grow_for_ever(tmp_path: Path) -> None:
    log = Log(tmp_path / "alerts.jsonl", largest=1000)
    for number in range(100):
        log.append(number)
    sizes = {path.name: path.stat().st_size for path in tmp_path.iterdir()}
    assert sizes.keys() == {"alerts.jsonl", "alerts.jsonl.1"}
    assert max(sizes.values()) <= 1000
    assert kept(tmp_path)[-1] == 99


def test_alertmanager_is_told_that_it_could_not_be_kept(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Handler, "log", Log(tmp_path))
    assert ask(server) == 507


def test_what_cannot_be_written_whole_leaves_nothing(tmp_path: Path) -> None:
    log = Log(tmp_path / "alerts.jsonl")
    log.append("kept")
    before = log.path.read_bytes()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + 3, hard))
    try:
        with pytest.raises(OSError, match="only 3 of"):
            log.append("more than fits")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert log.path.read_bytes() == before
