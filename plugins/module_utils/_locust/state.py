# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the monitor_lab contributors
"""What the steps of a load run know from those before them.

Each step is a module call. The caller carries the state from one to the next, as a dictionary.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Optional, TypeVar

from .transport import LocustError


@dataclass(frozen=True)
class Launched:
    """A Locust that was started for the run: its process, when that began, and the run's directory (C(process))."""

    pid: int
    born: Optional[str]
    directory: str = ""


@dataclass
class RunState:
    """A run that has begun. Times are seconds since the epoch on the machine where the steps run."""

    started: float
    version: str
    workers: Optional[int]
    next_poll: float
    answered: float
    """When Locust answered last."""
    counted_since: float
    """From when on Locust's statistics count: its start, or the last reset."""
    reset_due: Optional[float] = None
    """When to reset the statistics, as far as that is known."""
    reset_pending: bool = False
    stage: int = 0
    ramped_up: Optional[float] = None
    """When all users of this stage were first seen to run."""
    num_requests: int = 0
    users: int = 0
    """How many were seen last."""
    reached: bool = False
    """Whether this stage's users were seen."""
    off_since: Optional[float] = None
    """Since when there have been other users, after this stage's had been reached."""
    next_look: float = 0
    """When to look at Locust's front page next."""
    looked: bool = False
    host: Optional[str] = None
    """What was tested when the run was looked at first, as far as Locust tells."""
    load_since: Optional[float] = None
    """When Locust was first seen to make load."""
    cpu_seconds: Optional[float] = None
    """How much of a processor the Locust that was started for the run had used at `cpu_at`."""
    cpu_at: float = 0
    crew: Optional[list[str]] = None
    """The names of the workers that were connected when they were counted last."""
    wanted: int = 0
    """How many there should be."""
    short_since: Optional[float] = None
    """Since when there have been fewer, and how many of those went in which way."""
    short_lost: int = 0
    short_quit: int = 0
    crew_since: float = 0
    """When one of them went or came last, and when one went last."""
    gone_at: float = 0
    share_anew: bool = False
    """Whether Locust is to give the users of one that was lost to the others."""
    workers_lost: int = 0
    workers_quit: int = 0
    workers_came: int = 0


@dataclass(frozen=True)
class Carried:
    """All that is carried from step to step; each part is there from the step on that makes it."""

    launched: Optional[Launched] = None
    run: Optional[RunState] = None

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Carried:
        """Read what `as_dict` wrote, perhaps of another version, where the collection was changed during a run."""
        return cls(_read(Launched, values.get("launched")), _read(RunState, values.get("run")))

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    @property
    def begun(self) -> RunState:
        if self.run is None:
            raise LocustError("this run has not begun")
        return self.run


Part = TypeVar("Part", Launched, RunState)


def _read(part: type[Part], values: Optional[Mapping[str, Any]]) -> Optional[Part]:
    if values is None:
        return None
    known = {field.name for field in fields(part)}
    try:
        return part(**{name: value for name, value in values.items() if name in known})
    except TypeError as error:
        raise LocustError(f"this run was begun by another version of the collection: {error}") from None
