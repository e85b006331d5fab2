# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""What the values of the lab's variables mean."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Any

_MEMORY = re.compile(r"(?P<number>\d+(?:\.\d+)?)(?:(?P<unit>[kmgt])(?:i?b|i)?|b)?", re.ASCII | re.IGNORECASE)
_POWERS = {"k": 1, "m": 2, "g": 3, "t": 4}


def memory_bytes(value: Any) -> int:
    """Return the bytes that 512m, 512Mi, 1.5g or a plain number of bytes stand for, or raise ValueError."""
    text = str(value)
    found = _MEMORY.fullmatch(text)
    # A part of a byte is nothing.
    if isinstance(value, bool) or not found or ("." in text and not found["unit"]):
        raise ValueError(f"{text!r} is not an amount of memory; write one such as 512m, 512Mi or 1g")
    return int(Fraction(found["number"]) * 1024 ** _POWERS.get((found["unit"] or "").lower(), 0))
