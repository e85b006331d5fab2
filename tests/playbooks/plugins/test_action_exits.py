# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""Each place where an action plugin itself fails is reached by a case of this table. Modules: test_module_exits.py."""

from __future__ import annotations

import ast
import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.checks.tree import CHECKOUT
from tests.plays import ansible_playbook, shown

ACTIONS = CHECKOUT / "plugins" / "action"
CLOSED = "http://127.0.0.1:9"
RUN = {"users": 1, "run_time": "5s", "locust_url": CLOSED, "artifacts_dir": "{here}/artifacts"}
# Refused by the host, which alone knows what is there.
NO_FILE = {**RUN, "mode": "process", "locustfile": "{here}/none.py", "locust_command": sys.executable}
NOBODY = {"ansible_connection": "ssh", "ansible_host": "127.0.0.1", "ansible_port": 9}

# Action, which of its failures by their order in its file, options, further keywords of the task, and all that it says,
# with an ellipsis for what varies. {here} is a folder with an empty file `file` and an empty folder `folder`.
CASES: list[tuple[str, int, dict[str, Any], dict[str, Any], str]] = [
    ("lab_check_values", 1, {}, {}, "1 value cannot be used; nothing was changed.\nlocalhost: prometheus_memory: …"),
    (
        "lab_files",
        1,
        {"files": [{"path": "{here}/x", "src": "{here}/none"}]},
        {},
        "{here}/none: No such file or directory. Nothing was changed.",
    ),
    (
        "lab_host_info",
        1,
        {},
        {"vars": {**NOBODY, "ansible_ssh_common_args": "-F /dev/null"}},
        "localhost: the host cannot be reached. Start it, …",
    ),
    (
        "lab_keys",
        1,
        {"secrets_dir": "{here}/file/secrets", "passwords": ["x"]},
        {},
        "{here}/file/secrets/x can't be written: Not a directory. No host was touched.",
    ),
    (
        "lab_keys",
        2,
        {"secrets_dir": "{here}/secrets", "tls_dir": "{here}/folder", "names": {"one": ["127.0.0.1"]}, "given": True},
        {},
        "{here}/folder/authority.crt can't be read as a certificate (PEM): … No host was touched.",
    ),
    ("lab_report", 1, {"run": "none", "artifacts_dir": "{here}"}, {}, "{here}/none has neither summary.json nor …"),
    (
        "lab_report",
        2,
        {"from": "2h", "artifacts_dir": "{here}/file"},
        {},
        "the report cannot be written: … File exists: '{here}/file'",
    ),
    ("locust_dashboard", 1, {"path": "{here}/folder"}, {}, "{here}/folder has no file with a dashboard: …"),
    ("locust_dashboard", 2, {"path": "{here}/none.json"}, {}, "path: there is no {here}/none.json …"),
    ("locust_run", 1, {**RUN, "baseline": "{here}/summary.json"}, {}, "baseline: needs baseline_regression, …"),
    ("locust_run", 2, NO_FILE, {}, "locustfile: '{here}/none.py' is not there on this host"),
    ("locust_run", 3, RUN, {}, f"no answer from Locust at {CLOSED}: …"),
    ("locust_run", 4, NO_FILE, {"check_mode": True}, "locustfile: '{here}/none.py' is not there on this host"),
]


def is_failure(node: ast.AST) -> bool:
    """Tell whether an action fails here, by an exception or by what it answers."""
    if isinstance(node, ast.Raise):
        return isinstance(node.exc, ast.Call) and ast.unparse(node.exc.func) == "AnsibleActionFail"
    if isinstance(node, ast.Dict):
        return any(
            isinstance(key, ast.Constant) and key.value == "failed" and ast.unparse(value) == "True"
            for key, value in zip(node.keys, node.values, strict=True)
        )
    return isinstance(node, ast.keyword) and node.arg == "failed" and ast.unparse(node.value) == "True"


def failures(action: Path) -> int:
    return sum(map(is_failure, ast.walk(ast.parse(action.read_text()))))


def test_every_failure_has_a_case() -> None:
    there = {(path.stem, number + 1) for path in ACTIONS.glob("*.py") for number in range(failures(path))}
    assert {case[:2] for case in CASES} == there


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("here")
    (folder / "file").touch()
    (folder / "folder").mkdir()
    return folder


@pytest.fixture(scope="module")
def said(here: Path) -> list[str]:
    """What each case says, of all in one play."""
    tasks = [
        {f"devsecops.monitor_lab.{action}": options, **keywords, "register": f"case_{number}", "ignore_errors": True}
        for number, (action, _exit, options, keywords, _says) in enumerate(CASES)
    ]
    debug = [
        {
            "ansible.builtin.debug": {
                "msg": f"{{{{ case_{number} is failed | ternary(case_{number}.msg, '') | to_json }}}}"
            }
        }
        for number in range(len(CASES))
    ]
    play = {
        "hosts": "localhost",
        "connection": "local",
        "gather_facts": False,
        "vars": {"ansible_python_interpreter": sys.executable, "prometheus_memory": "much"},
        "tasks": [*tasks, *debug],
    }
    playbook = here / "play.yml"
    playbook.write_text(json.dumps([play]).replace("{here}", str(here)))
    done = ansible_playbook(playbook, "--inventory=localhost,")
    assert done.returncode == 0, done.stdout + done.stderr
    return shown(done)


@pytest.mark.parametrize("number", range(len(CASES)), ids=[f"{case[0]}-{case[1]}" for case in CASES])
def test_an_action_fails(number: int, said: list[str], here: Path) -> None:
    expected = CASES[number][-1].replace("{here}", str(here)).split("…")
    assert re.fullmatch(".*".join(map(re.escape, expected)), said[number], re.DOTALL), said[number]
