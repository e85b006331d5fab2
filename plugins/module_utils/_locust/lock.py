# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the monitor_lab contributors
"""One start at a time, and the timers that earlier runs left in Locust."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import re
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TextIO

from .client import LocustError
from .plan import Plan
from .timing import Clock

# How long to wait for the timer of an earlier run.
TIMER_WAIT = 60.0


@contextlib.contextmanager
def one_at_a_time(url: str) -> Iterator[TextIO]:
    """Keep two starts on this machine from both finding Locust idle.

    The file also remembers until when the timer of the last run that was started from here goes on.
    """
    name = f"locust_run-{os.getuid()}-{hashlib.sha256(url.encode()).hexdigest()[:16]}"
    path = Path(tempfile.gettempdir(), name)
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise LocustError(f"{path} cannot be opened: {error.strerror}") from None
    with os.fdopen(handle, "r+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield file


def await_timer(file: TextIO, before: Mapping[str, Any], plan: Plan, clock: Clock) -> None:
    """Wait until the timer of an earlier run that was ended early has fired, where it would end this one.

    `before` is what `look` returned. Locust up to 2.46.3 cannot cancel a timer. A Locust that is C(ready) has had no
    run since its start, and so no timer.
    """
    fires = float(file.read() or 0)
    now = clock.time()
    if before["state"] == "ready" or _cancels_timers(before["version"]) or not now < fires < now + plan.run_time + 1:
        return
    if fires - now > TIMER_WAIT:
        raise LocustError(
            f"Locust {before['version']} cannot cancel the timer of an earlier run that was ended early; it would end "
            f"this run in {fires - now:.0f} s. Wait that long, restart Locust, or use Locust 2.47.0 or newer"
        )
    clock.sleep(fires - now)


def remember_timer(file: TextIO, fires: float) -> None:
    file.seek(0)
    file.truncate()
    file.write(f"{fires:.0f}")


def _cancels_timers(version: str) -> bool:
    return [int(number) for number in re.findall(r"\d+", version)[:2]] >= [2, 47]
