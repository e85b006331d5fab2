# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the monitor_lab contributors
"""What Ansible answers where a module did not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

NO_TRACEBACK = "(traceback unavailable)"


def printed(result: Mapping[str, Any]) -> list[str]:
    """Return what a module that crashed was ended by, and what it printed, as far as there is anything.

    On a terminal, as over ssh, errors are in what a program prints.
    """
    raised: Any = result.get("exception")
    # Newer versions of Ansible have an object there, and no msg beside it where the module itself raised something.
    if hasattr(raised, "event"):
        raised = None if "msg" in result else raised.event.msg
    texts = (raised, result.get("module_stderr"), result.get("module_stdout"))
    return [text.strip() for text in texts if isinstance(text, str) and text.strip() not in ("", NO_TRACEBACK)]
