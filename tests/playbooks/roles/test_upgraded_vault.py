# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""The role waits for a service that upgrades its vault, and no longer. The service's answers are made up here."""

from __future__ import annotations

import contextlib
import json
import re
import sys
from http.server import BaseHTTPRequestHandler
from pathlib import Path

from tests.checks.tree import CHECKOUT
from tests.plays import ansible_playbook
from tests.small_server import Act, reply, server

sys.path.insert(0, str(CHECKOUT / "files" / "tokenization"))

from tokenization.app import OPENING

READY = (200, {"status": "ok"})
UPGRADING = (503, {"error": OPENING})
FAILING = (503, {"error": "the vault can not be reached or written: try again"})

Answers = list[tuple[int, dict[str, str]]]


def in_turn(answers: Answers) -> Act:
    """Give each answer once, and the last one again and again."""
    left = iter(answers)

    def act(request: BaseHTTPRequestHandler) -> None:
        status, content = next(left, answers[-1])
        reply(status, json.dumps(content))(request)

    return act


def test_it_waits_while_a_vault_is_upgraded(tmp_path: Path) -> None:
    cases = {"upgrading": [UPGRADING, UPGRADING, READY], "failing": [UPGRADING, FAILING]}
    role = {"name": "devsecops.monitor_lab.tokenization", "tasks_from": "verify", "rolespec_validate": False}
    play = {"hosts": "all", "gather_facts": False, "tasks": [{"ansible.builtin.include_role": role}]}
    (tmp_path / "play.yml").write_text(json.dumps([play]))
    with contextlib.ExitStack() as stack:
        hosts = {
            name: {
                "ansible_connection": "local",
                "ansible_python_interpreter": sys.executable,
                "monitor_lab_tokenization_url": stack.enter_context(server(in_turn(answers))).url,
                "monitor_lab_access": {"tokenization": {}},
                # There, no log is read.
                "tokenization_runtime": "kubernetes",
            }
            for name, answers in cases.items()
        }
        (tmp_path / "hosts.json").write_text(json.dumps({"all": {"hosts": hosts}}))
        done = ansible_playbook(tmp_path / "play.yml", f"--inventory={tmp_path}/hosts.json")
    failed = dict(re.findall(r"^(\w+) +: ok=.* failed=(\d)", done.stdout, re.MULTILINE))
    assert failed == {"upgrading": "0", "failing": "1"}, done.stdout
    assert "failing: the tokenization service does not answer at http://" in " ".join(done.stdout.split())
