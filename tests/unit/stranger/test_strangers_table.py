# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""The table of the stranger in the scenario default: that it tells success from none, and what it tells of Grafana."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.checks.tree import CHECKOUT
from tests.stranger import listening

STAND_IN = CHECKOUT / "tests" / "grafana_stand_in" / "stand_in.py"
NOBODY = "https://127.0.0.1:1"


@pytest.fixture(scope="module")
def stranger() -> ModuleType:
    spec = importlib.util.spec_from_file_location("stranger", CHECKOUT / "molecule/default/files/stranger.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def grafana(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The stand-in, with variables as the role sets them; yield its URL."""
    (tmp_path / "password").write_text("long and random\n")
    environment = {
        "GF_SERVER_HTTP_ADDR": "127.0.0.1",
        "GF_SERVER_HTTP_PORT": "0",
        "GF_SECURITY_ADMIN_PASSWORD__FILE": str(tmp_path / "password"),
        "GF_PATHS_DATA": str(tmp_path),
        "GF_PATHS_PROVISIONING": str(tmp_path),
        **request.param,
    }
    process = subprocess.Popen([sys.executable, STAND_IN], env=environment, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    try:
        yield f"http://127.0.0.1:{process.stdout.readline().split()[-1]}"
    finally:
        process.terminate()
        process.communicate(timeout=10)


def rows(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def successes(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return [row["tried"] for row in rows(capsys) if row["success"]]


@pytest.mark.parametrize("name", ["service", "exporter", "prometheus", "alertmanager", "grafana"])
def test_what_is_given_to_everyone_is_a_success(
    stranger: ModuleType, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    tries = partial(stranger.exporter, "exporter") if name == "exporter" else getattr(stranger, name)
    table = stranger.Table()
    with listening() as (url, heard):
        tries(table, url)
    told = rows(capsys)
    assert len(told) == len(heard) > 4
    assert [row["tried"] for row in told if not row["success"]] == []
    assert table.failed


def test_where_nobody_is_nothing_was_tried(stranger: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    table = stranger.Table()
    stranger.prometheus(table, NOBODY)
    assert successes(capsys) == []
    assert table.failed


@pytest.mark.parametrize("grafana", [{}, {"GF_AUTH_ANONYMOUS_ENABLED": "false"}], indirect=True)
def test_a_closed_grafana_gives_nothing(stranger: ModuleType, grafana: str, capsys: pytest.CaptureFixture[str]) -> None:
    table = stranger.Table()
    stranger.grafana(table, grafana)
    told = rows(capsys)
    assert len(told) > 25
    assert [row for row in told if not row["got"].startswith("401")] == []
    assert not table.failed


@pytest.mark.parametrize("grafana", [{"GF_AUTH_ANONYMOUS_ENABLED": "true"}], indirect=True)
def test_viewers_without_a_login_are_told(
    stranger: ModuleType, grafana: str, capsys: pytest.CaptureFixture[str]
) -> None:
    stranger.grafana(stranger.Table(), grafana)
    seen = successes(capsys)
    assert "Grafana: GET /api/search" in seen
    assert [tried for tried in seen if "POST" in tried or "log in" in tried] == []


@pytest.mark.parametrize("grafana", [{"GF_SECURITY_ADMIN_PASSWORD__FILE": ""}], indirect=True)
def test_grafanas_own_password_is_told(stranger: ModuleType, grafana: str, capsys: pytest.CaptureFixture[str]) -> None:
    stranger.grafana(stranger.Table(), grafana)
    assert successes(capsys) == ["Grafana: log in as admin with 'admin'"]
