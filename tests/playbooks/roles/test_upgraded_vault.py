# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""The role waits for a service that upgrades its vault, and no longer. The service's answers are made up here."""

from __future__ import annotations

import contextlib
import http.server
import json
import re
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

from tests.checks.tree import CHECKOUT
from tests.plays import ansible_playbook

sys.path.insert(0, str(CHECKOUT / "files" / "tokenization"))

from tokenization.app import OPENING

READY = (200, {"status": "ok"})
UPGRADING = (503, {"error": OPENING})
FAILING = (503, {"error": "the vault can not be reached or written: try again"})

Answers = list[tuple[int, dict[str, str]]]


@contextlib.contextmanager
def service(answers: Answers) -> Iterator[str]:
    """Yield the URL of one that gives each answer once, and the last one again and again."""
    left = iter(answers)

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            code, content = next(left, answers[-1])
            body = json.dumps(content).encode()
            self.send_response(code)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *arguments: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


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
                "monitor_lab_tokenization_url": stack.enter_context(service(answers)),
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
