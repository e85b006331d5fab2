# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""Plays as ansible-playbook does, and ends with what the load run came to, which ansible-playbook cannot tell apart."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from ansible.cli.playbook import PlaybookCLI

CODES = {"failed": 2, "incomplete": 3}


def code_of(played: int, verdict: str) -> int:
    """Return 0 where the run passed and all else went well, 2 where it failed, 3 where it is incomplete, and else 1."""
    return 0 if played == 0 else CODES.get(verdict, 1)


def play(arguments: Sequence[str]) -> int:
    # In this process, so that whoever ends it ends Ansible.
    with tempfile.TemporaryDirectory() as folder:
        verdict = Path(folder, "verdict")
        asked = json.dumps({"load_run_verdict_file": str(verdict)})
        try:
            PlaybookCLI.cli_executor(["ansible-playbook", *arguments, f"--extra-vars={asked}"])
        except SystemExit as end:
            played = end.code if isinstance(end.code, int) else int(end.code is not None)
        else:
            played = 0
        return code_of(played, verdict.read_text(encoding="utf-8").strip() if verdict.exists() else "")


if __name__ == "__main__":
    sys.exit(play(sys.argv[1:]))
