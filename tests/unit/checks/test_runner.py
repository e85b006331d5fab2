# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
from __future__ import annotations

import pytest

from tests import __main__ as runner


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Parts that only note their names; the second fails."""
    names: list[str] = []

    def part(name: str) -> bool:
        names.append(name)
        return name != "sanity"

    monkeypatch.setattr(runner, "PARTS", {name: lambda name=name: part(name) for name in ("lint", "sanity", "unit")})
    return names


def test_a_part_that_fails_does_not_stop_the_others(ran: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert runner.main([]) == 1
    assert ran == ["lint", "sanity", "unit"]
    last = capsys.readouterr().out.splitlines()[-3:]
    assert [line.split()[:2] for line in last] == [["lint", "passed"], ["sanity", "FAILED"], ["unit", "passed"]]


def test_named_parts_alone(ran: list[str]) -> None:
    assert runner.main(["unit", "lint"]) == 0
    assert ran == ["lint", "unit"]


def test_an_unknown_part_stops_before_any_runs(ran: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert runner.main(["unit", "unti"]) == 2
    assert ran == []
    assert "no such part: unti; there are lint, sanity, unit" in capsys.readouterr().err
