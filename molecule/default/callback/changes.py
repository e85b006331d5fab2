# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""Writes down what a play in check mode reports as changed: for each host the messages and paths."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from ansible import context
from ansible.plugins.callback import CallbackBase

DOCUMENTATION = r"""
name: changes
type: aggregate
short_description: Writes down what a play in check mode reports as changed
description: One JSON file, check.json, in the scenario's scratch directory.
"""


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "changes"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self) -> None:
        super().__init__()
        self.reported: dict[str, list[str]] = {}

    def v2_runner_on_ok(self, result: Any) -> None:
        reply = result.result
        # A file that would be new is named in the task alone.
        dest = result.task_fields["args"].get("dest", [])
        for each in reply.get("results", [{**reply, "dest": dest}]):
            if each.get("changed"):
                for name in ("msg", "path", "dest", "changed_files", "changed_folders"):
                    told = each.get(name, [])
                    texts = [told] if isinstance(told, str) else told
                    self.reported.setdefault(result.host.get_name(), []).extend(texts)

    def v2_playbook_on_stats(self, stats: Any) -> None:
        if context.CLIARGS["check"]:
            path = Path(os.environ["MOLECULE_EPHEMERAL_DIRECTORY"], "check.json")
            path.write_text(json.dumps(self.reported, indent=1), encoding="utf-8")
