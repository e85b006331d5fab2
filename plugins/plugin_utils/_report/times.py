# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the monitor_lab contributors
"""Moments as people write and read them; within, they are seconds since the epoch."""

from __future__ import annotations

import re
from datetime import datetime, timezone

from ...module_utils._locust.plan import BadOptionError, seconds
from .artifacts import ReportError


def span(start: str, end: str, now: float) -> tuple[float, float]:
    """Read a stretch of time: each moment in ISO 8601, UTC where it names no zone, or as a time ago, such as 2h."""
    moments = _moment("from", start, now), _moment("to", end, now) if end else now
    if moments[0] >= moments[1]:
        raise ReportError(f"from ({moment(moments[0])}) has to be before to ({moment(moments[1])})")
    return moments


def _moment(option: str, text: str, now: float) -> float:
    try:
        # Python reads the letter from 3.11 on.
        read = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        pass
    else:
        return (read if read.tzinfo else read.replace(tzinfo=timezone.utc)).timestamp()
    try:
        # A number alone is anything.
        if re.search("[hms]$", text):
            return now - seconds(option, text)
    except BadOptionError:
        pass
    raise ReportError(f"{option}: {text!r} is no moment; write 2026-11-30T09:00, or 2h for two hours ago")


def moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%d %H:%M:%S UTC")


def compact(seconds: float) -> str:
    """Return a moment for a file's name."""
    return datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y%m%dT%H%M%SZ")


def duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    parts = [(hours, "h"), (minutes, "min"), (rest, "s")]
    return " ".join(f"{number} {unit}" for number, unit in parts if number or unit == "s")
