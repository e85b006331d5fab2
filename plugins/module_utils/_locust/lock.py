# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the monitor_lab contributors
"""One start at a time, and the timers that earlier runs left in Locust."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TextIO

from .client import CANCELS_TIMERS, version_of
from .plan import Plan
from .private import private_directory
from .timing import Clock
from .transport import LocustError

# How long to wait for the timer of an earlier run.
TIMER_WAIT = 60.0


@contextlib.contextmanager
def one_at_a_time(url: str, clock: Clock) -> Iterator[TextIO]:
    """Keep two starts of this user's on this machine from both finding Locust idle.

    The file also remembers until when the timer of the last run that was started from here goes on. Those of other
    Locusts are removed when that is past.
    """
    directory = private_directory()
    path = directory / f"lock-{hashlib.sha256(url.encode()).hexdigest()[:16]}"
    for other in directory.glob("lock-*"):
        if other != path:
            _remove_if_past(other, clock)
    with _locked(path, fcntl.LOCK_EX) as file:
        yield file


def _remove_if_past(path: Path, clock: Clock) -> None:
    with contextlib.suppress(LocustError, BlockingIOError), _locked(path, fcntl.LOCK_EX | fcntl.LOCK_NB) as file:
        if not _fires(file) > clock.time():
            path.unlink()


def _locked(path: Path, how: int) -> TextIO:
    while True:
        try:
            handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise LocustError(f"{path} cannot be opened: {error.strerror}") from None
        with contextlib.ExitStack() as opened:
            file = opened.enter_context(os.fdopen(handle, "r+", errors="replace"))
            fcntl.flock(file, how)
            if _is_still(path, handle):
                opened.pop_all()
                return file


def _is_still(path: Path, handle: int) -> bool:
    """Tell whether the file was not removed while its lock was waited for."""
    try:
        return os.path.samestat(path.lstat(), os.fstat(handle))
    except OSError:
        return False


def _fires(file: TextIO) -> float:
    file.seek(0)
    try:
        return float(file.read(100) or 0)
    except ValueError:
        return 0.0


def await_timer(file: TextIO, before: Mapping[str, Any], plan: Plan, clock: Clock) -> None:
    """Wait until the timer of an earlier run that was ended early has fired, where it would end this one.

    `before` is what `look` returned. Locust up to 2.46.3 cannot cancel a timer. A Locust that is C(ready) has had no
    run since its start, and so no timer.
    """
    fires = _fires(file)
    now = clock.time()
    cancels = version_of(before["version"]) >= CANCELS_TIMERS
    if before["state"] == "ready" or cancels or not now < fires < now + plan.run_time + 1:
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
