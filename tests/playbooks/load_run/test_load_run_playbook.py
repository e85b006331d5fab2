# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""load_run.yml: each option of the module has its variable, others are refused, and a verdict has its exit code."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._locust.arguments import ARGUMENTS, CONNECTION
from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._load_variables import (
    VARIABLES,
    load_variable_faults,
)

from tests.checks.tree import CHECKOUT
from tests.plays import ansible_playbook, shown

PLAYBOOK = CHECKOUT / "playbooks" / "load_run.yml"


def test_every_option_is_handed_on_from_its_variable() -> None:
    play = yaml.safe_load(PLAYBOOK.read_text())[1]
    (block,) = (task["block"] for task in play["tasks"] if "block" in task)
    options = block[0]["devsecops.monitor_lab.locust_run"]
    reached = play["module_defaults"]["group/devsecops.monitor_lab.locust"]
    assert reached.keys() >= CONNECTION.keys()
    assert options.keys() | reached.keys() >= ARGUMENTS.keys()
    for option, text in {**options, **reached}.items():
        assert f"locust_run_{'time' if option == 'run_time' else option} |" in text, option


def test_what_the_controller_asks_it_trusts_by_a_file_of_its_own() -> None:
    """The hosts have the lab's authority elsewhere; Grafana and Prometheus are asked from here."""
    text = PLAYBOOK.read_text()
    for service in ("grafana", "prometheus"):
        assert f"monitor_lab_access_here.{service}" in text
        assert f"monitor_lab_access.{service}" not in text


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("locust_run_user", "write locust_run_users"),
        ("locust_run_spawnrate", "write locust_run_spawn_rate"),
        ("locust_run_run_time", "write locust_run_time"),
        ("locust_run_duration_in_seconds", "ansible-doc devsecops.monitor_lab.locust_run tells the options"),
    ],
)
def test_what_means_nothing_is_named_with_what_was_meant(name: str, meant: str) -> None:
    assert load_variable_faults([name, "locust_run_users", "locust_runs"]) == [f"there is no variable {name}; {meant}"]


def test_what_means_something_is_taken() -> None:
    assert {"locust_run_users", "locust_run_time", "locust_run_locust_url", "locust_run_lab"} <= VARIABLES
    assert load_variable_faults(VARIABLES) == []


def test_a_typo_is_refused_before_any_load(tmp_path: Path) -> None:
    host = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable, "ansible_become": False}
    (tmp_path / "hosts.json").write_text(json.dumps({"locust": {"hosts": {"one": host}}}))
    done = ansible_playbook(PLAYBOOK, f"--inventory={tmp_path}/hosts.json", "--extra-vars=locust_run_user=500")
    assert done.returncode != 0
    told = " ".join(done.stdout.split())
    assert "there is no variable locust_run_user; write locust_run_users. No load was made." in told
    assert "Run the load test" not in told


@pytest.mark.parametrize(
    ("verdict", "fails", "code"),
    [
        ("passed", False, 0),
        ("failed", True, 2),
        ("incomplete", True, 3),
        # All artefacts could not be written, say.
        ("passed", True, 1),
        ("", True, 1),
    ],
)
def test_each_verdict_has_its_exit_code(verdict: str, fails: bool, code: int, tmp_path: Path) -> None:
    # No module, which takes longer than all the rest.
    leave = f"printf {verdict} >{{{{ load_run_verdict_file }}}}"
    tasks = [
        *([{"ansible.builtin.raw": leave}] if verdict else []),
        *([{"ansible.builtin.fail": {"msg": "it ends here"}}] if fails else []),
    ]
    play = {"hosts": "localhost", "connection": "local", "gather_facts": False, "tasks": tasks}
    (tmp_path / "play.yml").write_text(json.dumps([play]))
    command = [sys.executable, "-m", "tools.judged", "--inventory=localhost,", str(tmp_path / "play.yml")]
    done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stdout
    assert ("it ends here" in done.stdout + done.stderr) == fails


def test_what_is_no_playbook_ends_with_1() -> None:
    command = [sys.executable, "-m", "tools.judged", "nowhere.yml"]
    assert subprocess.run(command, cwd=CHECKOUT, capture_output=True, check=False).returncode == 1


def test_lab_run_judges_and_the_other_commands_do_not() -> None:
    lab = (CHECKOUT / "lab").read_text()
    assert lab.count("python -m tools.judged") == 1
    assert "  run)\n    player='python -m tools.judged'\n    play playbooks/load_run.yml" in lab


@pytest.mark.parametrize(
    ("kept", "foreign", "login"),
    [
        ({"grafana_admin_password": "p4ss"}, False, ["admin", "p4ss", ""]),
        # A token is for a Grafana that is somebody else's.
        ({"grafana_admin_password": "p4ss", "grafana_token": "t0ken\n"}, False, ["admin", "p4ss", ""]),
        ({"grafana_admin_password": "p4ss", "grafana_token": "t0ken\n"}, True, ["", "", "t0ken"]),
        ({"grafana_token": "t0ken\n"}, True, ["", "", "t0ken"]),
        ({"grafana_admin_password": "p4ss"}, True, ["admin", "p4ss", ""]),
        ({}, True, ["", "", ""]),
    ],
)
def test_grafana_is_told_of_a_run_with_the_login_that_is_kept(
    kept: dict[str, str], foreign: bool, login: list[str], tmp_path: Path
) -> None:
    for name, text in kept.items():
        (tmp_path / name).write_text(text)
    names = ("url_username", "url_password", "grafana_api_key")
    assert handed_on(tmp_path, *names, monitor_lab_grafana_is_foreign=foreign) == login


@pytest.mark.parametrize(
    ("lab", "foreign", "uid"),
    [
        ("", True, "monitor-lab-locust"),
        ("b", True, "monitor-lab-locust-b"),
        # As the role calls it.
        ("b", False, "monitor-lab-locust"),
    ],
)
def test_the_dashboard_is_the_labs_own(lab: str, foreign: bool, uid: str, tmp_path: Path) -> None:
    given = {"monitor_lab_grafana_is_foreign": foreign, "grafana_lab": lab}
    assert handed_on(tmp_path, "grafana_dashboard_uid", **given) == [uid]


def handed_on(folder: Path, *names: str, **given: Any) -> list[str]:
    """Return what the module gets of these options, empty where one is left out."""
    (block,) = (task["block"] for task in yaml.safe_load(PLAYBOOK.read_text())[1]["tasks"] if "block" in task)
    options = block[0]["devsecops.monitor_lab.locust_run"]
    told = [
        # What is omitted is no fact.
        {"ansible.builtin.set_fact": {"it_is": "known", **{name: options[name] for name in names}}},
        {
            "ansible.builtin.debug": {
                "msg": "{{ [" + ", ".join(f"{name} | default('')" for name in names) + "] | to_json }}"
            }
        },
    ]
    values = {
        "monitor_lab_secrets_dir": str(folder),
        "monitor_lab_grafana_url": "http://grafana",
        "monitor_lab_access": {"grafana": {}},
        **given,
    }
    play = {"hosts": "localhost", "connection": "local", "gather_facts": False, "vars": block[0]["vars"], "tasks": told}
    (folder / "play.yml").write_text(json.dumps([play]))
    done = ansible_playbook(folder / "play.yml", "--inventory=localhost,", f"--extra-vars={json.dumps(values)}")
    assert done.returncode == 0, done.stdout
    (found,) = shown(done)
    return list(found)
