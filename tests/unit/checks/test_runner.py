# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
from __future__ import annotations

import os
import sys
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
    monkeypatch.setattr(runner, "USUAL", ("lint", "sanity", "unit"))
    monkeypatch.setattr(runner, "command_of", command_of)
    monkeypatch.setattr(runner, "LOGS", tmp_path / "tests")
    return names


@pytest.fixture
def scripts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Parts that do what the file of their name in this folder says; the file `docker` says what Docker was asked."""

    def docker(state: str) -> bool:
        with (tmp_path / "docker").open("a") as file:
            print(state, (tmp_path / "said").exists(), file=file)
        return True

    monkeypatch.setattr(runner, "command_of", lambda name: ["sh", "-eu", str(tmp_path / name), name, str(tmp_path)])
    monkeypatch.setattr(runner, "docker", docker)
    monkeypatch.setattr(runner, "LOGS", tmp_path / "tests")
    return tmp_path


def test_a_part_that_fails_does_not_stop_the_others(ran: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert runner.main([]) == 1
    assert sorted(ran) == ["lint", "sanity", "unit"]
    lines = capsys.readouterr().out.splitlines()
    assert sorted(line.split()[:2] for line in lines[:3]) == [
        ["lint", "passed"],
        ["sanity", "FAILED"],
        ["unit", "passed"],
    ]
    assert lines[3].startswith("all in ")


def test_what_guards_a_release_is_asked_for_by_name(scripts: Path) -> None:
    for name in runner.PARTS:
        (scripts / name).write_text('echo "$1" >>"$2/said"')
    assert runner.main([]) == 0
    said = set((scripts / "said").read_text().split())
    assert said == {*runner.PARTS} - {*runner.RELEASE}


def test_each_part_has_its_place() -> None:
    assert set(runner.PARTS) == {*runner.ALONE, *runner.IDLE, *runner.SCENARIOS, "e2e"}


def test_parts_wait_side_by_side(scripts: Path) -> None:
    for name, other in (("lint", "sanity"), ("sanity", "lint")):
        (scripts / name).write_text(f'touch "$2/{name}-here"; until test -e "$2/{other}-here"; do sleep 0.01; done')
    assert runner.main(["lint", "sanity"]) == 0


def test_what_measures_is_not_disturbed(scripts: Path) -> None:
    for name in ("integration", "e2e", "lint", "sanity"):
        (scripts / name).write_text('echo "$1" >>"$2/said"; sleep 0.1; echo "$1" >>"$2/said"')
    assert runner.main(["sanity", "lint", "e2e", "integration"]) == 0
    said = (scripts / "said").read_text().split()
    assert said[:2] == ["integration", "integration"]
    assert sorted(said[2:]) == ["e2e", "e2e", "lint", "lint", "sanity", "sanity"]


def test_docker_is_e2e_s_alone(scripts: Path) -> None:
    (scripts / "e2e").write_text('sleep 0.2; touch "$2/said"')
    for name in ("molecule", "offline"):
        (scripts / name).write_text('test -e "$2/said"')
    assert runner.main(["offline", "molecule", "e2e"]) == 0
    assert (scripts / "docker").read_text() == "started True\nstopped True\n"


def test_what_works_for_processors_has_what_others_leave(scripts: Path) -> None:
    for name, other in (("lint", "e2e"), ("e2e", "lint")):
        waits = f'touch "$2/{name}-here"; until test -e "$2/{other}-here"; do sleep 0.01; done'
        (scripts / name).write_text(f'{waits}; chrt --pid $$ >"$2/policy-{name}"')
    assert runner.main(["lint", "e2e"]) == 0
    policies = {name: (scripts / f"policy-{name}").read_text().split("SCHED_")[1] for name in ("lint", "e2e")}
    # As a part of the whole, this test is idle work itself.
    mine = "IDLE" if os.sched_getscheduler(0) == os.SCHED_IDLE else "OTHER"
    assert [policies["lint"].split()[0], policies["e2e"].split()[0]] == ["IDLE", mine]


def test_scenarios_share_a_docker_that_none_of_them_stops(scripts: Path) -> None:
    for name in ("molecule", "offline"):
        (scripts / name).write_text('echo "$MONITOR_LAB_DOCKER_STAYS" >>"$2/said"')
    assert runner.main(["molecule", "offline"]) == 0
    assert (scripts / "said").read_text() == "yes\n" * 2
    assert (scripts / "docker").read_text() == "started False\nstopped True\n"


def test_parts_without_hosts_need_no_docker(scripts: Path) -> None:
    for name in ("lint", "sanity"):
        (scripts / name).write_text("")
    assert runner.main(["lint", "sanity"]) == 0
    assert not (scripts / "docker").exists()


def test_docker_that_cannot_be_had_is_shown(
    scripts: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def docker(state: str) -> bool:
        runner.log_of(f"docker-{state}").write_text("no such package")
        return state == "stopped"

    monkeypatch.setattr(runner, "docker", docker)
    (scripts / "tests").mkdir()
    for name in ("molecule", "lint"):
        (scripts / name).write_text("")
    assert runner.main(["molecule", "lint"]) == 1
    assert capsys.readouterr().out.endswith("docker-started.log\nno such package\n")


def test_of_a_part_is_told_what_its_programs_worked(scripts: Path) -> None:
    works = "import time\nwhile time.process_time() < 0.3: pass"
    started = ["sh", "-c", f"'{sys.executable}' -c '{works}'; true"]
    passed, worked = runner.logged("lint", started)
    assert passed
    assert worked >= 0.3


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
    assert sorted(ran) == ["lint", "unit"]


def test_one_part_prints_as_it_runs(ran: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    assert runner.main(["unit"]) == 0
    monkeypatch.setitem(runner.PARTS, "unit", lambda: False)
    assert runner.main(["unit"]) == 1
    assert ran == []


def test_an_unknown_part_stops_before_any_runs(ran: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert runner.main(["unit", "unti"]) == 2
    assert ran == []
    assert "no such part: unti; there are lint, sanity, unit" in capsys.readouterr().err
