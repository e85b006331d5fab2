# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the monitor_lab contributors
"""What a load run shall be: its stages and settings, read from options and checked before anything is sent."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Optional, Union

_TIMESPAN = re.compile(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s?)?", re.ASCII)

# Locust reads these from the form or at its start itself; a second way to set them would only contradict the first.
_OWN_OPTIONS = {
    *("users", "user_count", "num_users", "spawn_rate", "run_time", "host", "user_classes", "tags"),
    *("headless", "autostart", "autoquit", "web_host", "web_port", "locustfile", "config", "class_picker"),
}


class BadOptionError(ValueError):
    """An option that cannot be used, with what to do about it. `str()` starts with the option's name."""

    def __init__(self, option: str, problem: str) -> None:
        super().__init__(f"{option}: {problem}")
        self.option = option


@dataclass(frozen=True)
class Stage:
    """One stretch of a run: `users` running users, reached at `spawn_rate` users/s, for `duration` seconds in all."""

    duration: int
    users: int
    spawn_rate: float


@dataclass(frozen=True)
class Plan:
    """A load run as asked for. Times in seconds."""

    stages: tuple[Stage, ...]
    host: Optional[str] = None
    user_classes: tuple[str, ...] = ()
    locust_options: Mapping[str, str] = field(default_factory=dict)
    warmup: int = 0
    reset_stats: bool = False
    expect_workers: int = 0
    expect_workers_max_wait: int = 60

    @property
    def run_time(self) -> int:
        return sum(stage.duration for stage in self.stages)

    @property
    def peak_users(self) -> int:
        return max(stage.users for stage in self.stages)

    def boundaries(self) -> list[int]:
        """Return when each stage begins, in seconds since the run's start."""
        begins, total = [], 0
        for stage in self.stages:
            begins.append(total)
            total += stage.duration
        return begins

    def form(self, stage: int, remaining: float) -> list[tuple[str, str]]:
        """Return what Locust is asked for at the start of a stage, with so many seconds left of the run."""
        # Locust gets the whole remaining time at every stage: a controller that dies leaves no endless run, and the
        # timers of earlier stages, which Locust up to 2.46.3 cannot cancel, all end the run where it ends anyway.
        form = [
            ("user_count", str(self.stages[stage].users)),
            ("spawn_rate", f"{self.stages[stage].spawn_rate:g}"),
            ("run_time", f"{math.ceil(remaining)}s"),
        ]
        if self.host is not None:
            form.append(("host", self.host))
        form.extend(("user_classes", name) for name in self.user_classes)
        form.extend(self.locust_options.items())
        return form


def seconds(option: str, value: Union[str, int]) -> int:
    """Read a time span as Locust writes them: 90, 90s, 1m30s, 2h."""
    text = str(value).strip()
    match = _TIMESPAN.fullmatch(text)
    if not text or not match:
        raise BadOptionError(option, f"{text!r} is not a time span; write 90, 90s, 1m30s or 2h")
    hours, minutes, rest = (int(part or 0) for part in match.groups())
    return hours * 3600 + minutes * 60 + rest


def plan_from(options: Mapping[str, Any]) -> Plan:
    """Read a plan from the options of the module C(locust_run). Raises `BadOptionError`."""
    plan = Plan(
        stages=_stages(options),
        host=options.get("host"),
        user_classes=tuple(options.get("user_classes") or ()),
        locust_options=_locust_options(options.get("locust_options") or {}),
        warmup=seconds("warmup", options.get("warmup") or 0),
        reset_stats=bool(options.get("reset_stats")),
        expect_workers=options.get("expect_workers") or 0,
        expect_workers_max_wait=seconds("expect_workers_max_wait", options.get("expect_workers_max_wait") or 0),
    )
    if plan.warmup >= plan.run_time:
        raise BadOptionError("warmup", f"{plan.warmup} s leave nothing of a run of {plan.run_time} s to judge")
    if plan.expect_workers < 0:
        raise BadOptionError("expect_workers", f"{plan.expect_workers} is negative")
    if options.get("tags") and options.get("mode") != "process":
        raise BadOptionError("tags", "Locust reads them when it starts, so they need mode=process")
    return plan


def _stages(options: Mapping[str, Any]) -> tuple[Stage, ...]:
    stages = options.get("stages")
    single = [name for name in ("users", "spawn_rate", "run_time") if options.get(name) is not None]
    if stages is not None:
        if single:
            raise BadOptionError("stages", f"cannot be combined with {', '.join(single)}; each stage has its own")
        if not stages:
            raise BadOptionError("stages", "the list is empty")
        return tuple(_stage(f"stages[{number}].", stage, "duration") for number, stage in enumerate(stages))
    for name in ("users", "run_time"):
        if options.get(name) is None:
            raise BadOptionError(name, "is needed where there are no stages")
    return (_stage("", options, "run_time"),)


def _stage(where: str, values: Mapping[str, Any], duration_name: str) -> Stage:
    duration = seconds(where + duration_name, values[duration_name])
    if duration < 1:
        raise BadOptionError(where + duration_name, "must be at least one second")
    users = values["users"]
    if users < 1:
        raise BadOptionError(where + "users", f"{users} is not a number of users; at least 1 is needed")
    spawn_rate = 1.0 if values.get("spawn_rate") is None else float(values["spawn_rate"])
    if not (spawn_rate > 0 and math.isfinite(spawn_rate)):
        raise BadOptionError(where + "spawn_rate", f"{spawn_rate:g} is not a number of users per second above 0")
    return Stage(duration, users, spawn_rate)


def _locust_options(options: Mapping[str, Any]) -> dict[str, str]:
    read = {}
    for name, value in options.items():
        name = str(name).lstrip("-").replace("-", "_")
        if name in _OWN_OPTIONS:
            raise BadOptionError("locust_options", f"{name} is not set here but by the module")
        read[name] = str(value).lower() if isinstance(value, bool) else str(value)
    return read
