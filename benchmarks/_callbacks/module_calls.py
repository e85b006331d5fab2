# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""Writes to $MODULE_CALLS a JSON line for every module that a playbook runs, and for every task that changes something.

A callback sees a task's result, and a task may run several modules or none, so the one method that runs modules is
wrapped. That happens when this plugin is loaded, before the workers are forked.
"""

from __future__ import annotations

import functools
import json
import os
import time
from pathlib import Path
from typing import Any

from ansible.plugins.action import ActionBase
from ansible.plugins.callback import CallbackBase


def write(**line: object) -> None:
    with Path(os.environ["MODULE_CALLS"]).open("a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")


def recorded(execute: Any) -> Any:
    @functools.wraps(execute)
    def execute_module(action: ActionBase, module_name: str | None = None, *args: Any, **kwargs: Any) -> Any:
        start = time.monotonic()
        try:
            return execute(action, module_name, *args, **kwargs)
        finally:
            task = action._task
            write(module=module_name or task.action, task=task.get_name(), seconds=time.monotonic() - start)

    return execute_module


ActionBase._execute_module = recorded(ActionBase._execute_module)


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "module_calls"
    CALLBACK_NEEDS_ENABLED = True

    def v2_runner_on_ok(self, result: Any) -> None:
        if result.is_changed():
            write(changed=result.task.get_name())
