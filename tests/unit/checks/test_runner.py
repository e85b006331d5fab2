# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
from __future__ import annotations

from pathlib import Path

import pytest

from tests import __main__ as runner


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """Parts that only note their names; the second fails."""
    names: list[str] = []

    def command_of(name: str) -> list[str]:
        names.append(name)
        return ["sh", "-c", f"echo {name} said this; echo and this >&2; test {name} != sanity"]

    monkeypatch.setattr(runner, "PARTS", {name: lambda: True for name in ("lint", "sanity", "unit")})
    monkeypatch.setattr(runner, "command_of", command_of)
    monkeypatch.setattr(runner, "LOGS", tmp_path / "tests")
    return names


def test_a_part_that_fails_does_not_stop_the_others(ran: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert runner.main([]) == 1
    assert ran == ["lint", "sanity", "unit"]
    first = capsys.readouterr().out.splitlines()[:3]
    assert [line.split()[:2] for line in first] == [["lint", "passed"], ["sanity", "FAILED"], ["unit", "passed"]]


def test_only_what_failed_is_shown_and_all_is_kept(
    ran: list[str], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    runner.main([])
    printed = capsys.readouterr().out
    assert "lint said this" not in printed
    assert printed.endswith(f"{tmp_path}/tests/sanity.log\nsanity said this\nand this\n")
    assert (tmp_path / "tests" / "lint.log").read_text() == "lint said this\nand this\n"


def test_what_failed_is_the_end_of_the_log() -> None:
    lines = [f"line {number}" for number in range(100)]
    assert runner.what_failed("\n".join(lines)).splitlines() == lines[-runner.SHOWN_LINES :]


def test_what_molecule_does_after_a_play_that_failed_is_not_what_failed() -> None:
    failed = "pod1                       : ok=3    changed=1    unreachable=0    failed=1    skipped=2"
    passed = failed.replace("failed=1", "failed=0")
    log = ["fatal: [pod1]", passed, "fatal: [pod1]: FAILED!", failed, *["ok: [localhost]"] * 100, passed]
    assert runner.what_failed("\n".join(log)).splitlines() == log[:4]


def test_named_parts_alone(ran: list[str]) -> None:
    assert runner.main(["unit", "lint"]) == 0
    assert ran == ["lint", "unit"]


def test_one_part_prints_as_it_runs(ran: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    assert runner.main(["unit"]) == 0
    monkeypatch.setitem(runner.PARTS, "unit", lambda: False)
    assert runner.main(["unit"]) == 1
    assert ran == []


def test_an_unknown_part_stops_before_any_runs(ran: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert runner.main(["unit", "unti"]) == 2
    assert ran == []
    assert "no such part: unti; there are lint, sanity, unit" in capsys.readouterr().err
