# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""Waiting for what real servers take their time for."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable


def wait_until(what: str, condition: Callable[[], bool], seconds: float = 120) -> None:
    """Waits for a condition; refused connections count as not yet."""
    end = time.monotonic() + seconds
    while True:
        with contextlib.suppress(OSError):
            if condition():
                return
        assert time.monotonic() < end, f"after {seconds:g} s still not so: {what}"
        time.sleep(0.05)
