# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the monitor_lab contributors
"""Texts and numbers as a page shows them."""

from __future__ import annotations

import math
import re
from typing import Any

from ...module_utils._locust.transport import printable

# What stands where there is no number.
NOTHING = "-"


def plain(text: str) -> str:
    """Spell out what turns or hides the writing."""
    return re.sub(r"[^\n\t]+", lambda part: printable(part.group()), text)


def cut(text: str, most: int) -> str:
    """Return a text that is no longer than that, and says how much is missing."""
    text = plain(text)
    return text if len(text) <= most else f"{text[:most]}… ({len(text) - most:,} characters more)"


def shown(value: Any) -> str:
    """Return a number as a page shows it: a count whole, all else with two digits after the point as Locust has it."""
    if not isinstance(value, (int, float)) or isinstance(value, bool) or not math.isfinite(value):
        return NOTHING
    if float(value).is_integer():
        return f"{value:,.0f}"
    return f"{value:,.2f}" if abs(value) >= 0.01 else f"{value:.2g}"
