# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the monitor_lab contributors
"""Refuses a host's Python that is too old for what stands beside this file, whose import would end in a traceback.

Each package here begins with it, and so does every module that a host runs. What is in this file itself, and in the
modules before their imports, is valid for the oldest Python that an ansible-core which we support can use on a host.
"""

from __future__ import annotations

import json
import platform
import sys

OLDEST = (3, 9)


def refuse_too_old() -> None:
    """End as a module does that failed."""
    if sys.version_info[:2] < OLDEST:
        wanted = ".".join(map(str, OLDEST))
        message = (
            f"{sys.executable} is Python {platform.python_version()}, and modules need Python {wanted} on a host. "
            f"Set ansible_python_interpreter to one of {wanted} or newer."
        )
        sys.stdout.write(json.dumps({"failed": True, "msg": message}) + "\n")
        raise SystemExit(1)
