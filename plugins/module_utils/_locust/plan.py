# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the monitor_lab contributors
"""What a load run shall be: its stages and settings, read from options and checked before anything is sent."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Optional, Union

_TIMESPAN = re.compile(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s?)?", re.ASCII)

# A value of C(locust_options); None leaves Locust its own.
Value = Union[str, int, float, bool, None, tuple[Union[str, int, float], ...]]

# What else sets these; a second way would only contradict the first.
_OWN_OPTIONS = {
    **{
        name: "users and stages"
        for name in ("users", "user_count", "num_users", "spawn_rate", "hatch_rate", "run_time")
    },
    **{name: name for name in ("host", "user_classes", "tags", "reset_stats", "locustfile")},
    **{name: name for name in ("expect_workers", "expect_workers_max_wait")},
    **{name: "locust_url" for name in ("web_host", "web_port", "web_base_path")},
    "csv_prefix": "csv",
    "html_file": "html",
    "stats_history_enabled": "csv_full_history",
    "shape_class": "the locustfile",
}
# What would take from this module what it needs: the web interface, the start, the end, the log.
_REFUSED_OPTIONS = {
    *("headless", "headful", "autostart", "autoquit", "config", "class_picker", "logfile"),
    *("worker", "slave", "master_host", "master_port", "expect_slaves"),
    *("list", "list_commands", "show_task_ratio", "show_task_ratio_json", "help", "version"),
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

    def ramp(self, before: int) -> float:
        """Return how many seconds it takes to get here from so many users."""
        return abs(self.users - before) / self.spawn_rate


@dataclass(frozen=True)
class Plan:
    """A load run as asked for. Times in seconds."""

    stages: tuple[Stage, ...]
    host: Optional[str] = None
    user_classes: tuple[str, ...] = ()
    locust_options: Mapping[str, Value] = field(default_factory=dict)
    warmup: int = 0
    reset_stats: bool = False
    expect_workers: int = 0
    expect_workers_max_wait: int = 60
    replace_workers_max_wait: int = 0
    start_max_wait: int = 60
    stop_max_wait: int = 30
    launches: bool = False
    """Whether Locust is started for the run, so that it has its options from the start."""
    ceiling: int = 0
    """How long a LoadTestShape may go on."""

    @property
    def shape(self) -> bool:
        """Whether a LoadTestShape of the locustfile decides on the users, and on the run's end."""
        return not self.stages

    @property
    def run_time(self) -> int:
        return sum(stage.duration for stage in self.stages) or self.ceiling

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
        form = [("run_time", f"{math.ceil(remaining)}s")]
        if not self.shape:
            users, spawn_rate = self.stages[stage].users, self.stages[stage].spawn_rate
            form = [("user_count", str(users)), ("spawn_rate", f"{spawn_rate:g}"), *form]
        if self.host is not None:
            form.append(("host", self.host))
        form.extend(("user_classes", name) for name in self.user_classes)
        form.extend(self._fields())
        return form

    def _fields(self) -> Iterator[tuple[str, str]]:
        for name, value in self.locust_options.items():
            if value is not None and not self.launches:
                yield from ((name, _text(one)) for one in (value if isinstance(value, tuple) else (value,)))


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
    stages = _stages(options)
    plan = Plan(
        stages=stages,
        ceiling=0 if stages else _duration("run_time", options["run_time"]),
        host=options.get("host"),
        user_classes=tuple(options.get("user_classes") or ()),
        locust_options=_locust_options(options.get("locust_options") or {}),
        warmup=seconds("warmup", options.get("warmup") or 0),
        reset_stats=bool(options.get("reset_stats")),
        expect_workers=options.get("expect_workers") or 0,
        expect_workers_max_wait=seconds("expect_workers_max_wait", options.get("expect_workers_max_wait") or 0),
        replace_workers_max_wait=seconds("replace_workers_max_wait", options.get("replace_workers_max_wait") or 0),
        start_max_wait=seconds("start_max_wait", options.get("start_max_wait") or Plan.start_max_wait),
        stop_max_wait=seconds("stop_max_wait", options.get("stop_max_wait") or Plan.stop_max_wait),
        launches=options.get("mode") == "process",
    )
    if plan.warmup >= plan.run_time:
        raise BadOptionError("warmup", f"{plan.warmup} s leave nothing of a run of {plan.run_time} s to judge")
    if plan.expect_workers < 0:
        raise BadOptionError("expect_workers", f"{plan.expect_workers} is negative")
    if options.get("kubernetes") and plan.launches:
        raise BadOptionError("kubernetes", "mode=process starts a Locust on this host, which is reached as it is")
    if options.get("tags") and options.get("mode") != "process":
        raise BadOptionError("tags", "Locust reads them when it starts, so they need mode=process")
    return plan


def _stages(options: Mapping[str, Any]) -> tuple[Stage, ...]:
    """Return the stages; none where the locustfile's LoadTestShape is to decide."""
    stages = options.get("stages")
    single = [name for name in ("users", "spawn_rate", "run_time") if options.get(name) is not None]
    if stages is not None:
        if single:
            raise BadOptionError("stages", f"cannot be combined with {', '.join(single)}; each stage has its own")
        if not stages:
            raise BadOptionError("stages", "the list is empty")
        read: list[Stage] = []
        for number, stage in enumerate(stages):
            before = read[-1].users if read else 0
            read.append(_stage(f"stages[{number}].", stage, "duration", before))
        return tuple(read)
    if options.get("run_time") is None:
        raise BadOptionError(
            "run_time",
            "is needed where there are no stages: with users, or alone where a LoadTestShape decides on them",
        )
    if options.get("users") is not None:
        return (_stage("", options, "run_time", 0),)
    if options.get("spawn_rate") is not None:
        raise BadOptionError("spawn_rate", "needs users; a LoadTestShape decides on both itself")
    return ()


def _duration(option: str, value: Union[str, int]) -> int:
    duration = seconds(option, value)
    if duration < 1:
        raise BadOptionError(option, "must be at least one second")
    return duration


def _stage(where: str, values: Mapping[str, Any], duration_name: str, before: int) -> Stage:
    duration = _duration(where + duration_name, values[duration_name])
    users = values["users"]
    if users < 1:
        raise BadOptionError(where + "users", f"{users} is not a number of users; at least 1 is needed")
    spawn_rate = 1.0 if values.get("spawn_rate") is None else float(values["spawn_rate"])
    if not (spawn_rate > 0 and math.isfinite(spawn_rate)):
        raise BadOptionError(where + "spawn_rate", f"{spawn_rate:g} is not a number of users per second above 0")
    stage = Stage(duration, users, spawn_rate)
    if stage.ramp(before) > duration + 1e-6:
        enough = abs(users - before) / duration
        enough = math.ceil(enough) if enough > 1 else math.ceil(enough * 1000) / 1000
        raise BadOptionError(
            where + "spawn_rate",
            f"at {spawn_rate:g} users/s it takes {stage.ramp(before):.0f} s to get from {before} to {users} users, "
            f"which is more than the {duration} s there are; {enough:g} would do",
        )
    return stage


def _locust_options(options: Mapping[str, Any]) -> dict[str, Value]:
    read: dict[str, Value] = {}
    for given, value in options.items():
        name = str(given).lstrip("-").replace("-", "_")
        if name in _OWN_OPTIONS:
            raise BadOptionError("locust_options", f"{name} is not set here but by {_OWN_OPTIONS[name]}")
        if name in _REFUSED_OPTIONS:
            raise BadOptionError("locust_options", f"{name} cannot be set: the run needs it as it is")
        if name in read:
            raise BadOptionError("locust_options", f"{name} is there twice")
        read[name] = _value(name, value)
    return read


def _value(name: str, value: Any) -> Value:
    if isinstance(value, (list, tuple)):
        if any(isinstance(one, bool) or not isinstance(one, (str, int, float)) for one in value):
            raise BadOptionError("locust_options", f"{name} is a list of something else than texts and numbers")
        return tuple(one if isinstance(one, (int, float)) else str(one) for one in value)
    if isinstance(value, (bool, int, float)) or value is None:
        return value
    if isinstance(value, str):
        # Ansible has texts of types of its own.
        return str(value)
    raise BadOptionError("locust_options", f"{name} is neither a text, a number, true or false, nor a list")


def _text(value: Union[str, int, float, bool]) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
