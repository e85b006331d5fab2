# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors

"""A Locust and a clock that only exist in memory, for tests of what takes time or goes wrong."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible_collections.devsecops.monitor_lab.plugins.module_utils._locust.client import (
    LocustClient,
    Overview,
    version_of,
)
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._locust.transport import LocustError


class Clock:
    """Time passes only by sleeping."""

    def __init__(self) -> None:
        self.now = 1_700_000_000.0

    def time(self) -> float:
        return self.now

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        assert seconds >= 0
        self.now += seconds


class MemoryLocust(LocustClient):
    """Stands in for `LocustClient` and the Locust behind it, which serves 10 requests per second and user.

    As Locust up to 2.46.3 it never cancels a timer, unless it is of a newer `version`. `silent` lists spans of time
    without any answer, and `answering` others with the error that each answer is then. `events` are what happens, and
    when. `failing` is the share of the requests that fail, `raised` how often each exception was raised by a task.
    `starting` and `stopping` are the seconds that a C(test_start) listener and users that end take. `shape` holds a
    LoadTestShape's users and until when, `tasks` the user classes that run. `most` is how many users there come to be
    of those that are asked for.
    """

    def __init__(self, clock: Clock, version: str = "2.46.3", workers: int | None = None) -> None:
        super().__init__(f"http://memory-{id(self)}:8089")
        self.clock = clock
        self.version = version
        self.came = 0
        self.crew: list[str] | None = None
        self.missing: list[str] = []
        self.away = 0
        if workers is not None:
            self.come(workers)
        self.user_classes: tuple[str, ...] | None = None
        self.tasks: tuple[str, ...] = ("Buyer",)
        self.host: str | None = "http://shop"
        self.state = "ready"
        self.requests = 0.0
        self.since = clock.now
        self.timers: list[float] = []
        self.asked: list[tuple[float, str]] = []
        self.silent: list[tuple[float, float]] = []
        self.answering: list[tuple[float, float, LocustError]] = []
        self.events: list[tuple[float, Callable[[], object]]] = []
        self.failing = 0.0
        self.raised: dict[str, int] = {}
        self.endpoints: dict[str, dict[str, Any]] = {}
        self.cpu: float | None = None
        self.shape: list[tuple[float, int]] = []
        self.tells_shape = True
        self.marks: list[Mapping[str, Any]] = []
        self.starts = True
        self.starting = 0.0
        self.stopping = 0.0
        self.most = 10**9
        self._before = 0
        self._target = 0
        self._rate = 1.0
        self._asked_at = clock.now

    @property
    def workers(self) -> int | None:
        return None if self.crew is None else len(self.crew)

    @workers.setter
    def workers(self, number: int) -> None:
        """Let so many be connected: those that there are too many of are lost."""
        self.lose((self.workers or 0) - number)
        self.come(number - (self.workers or 0))

    def come(self, number: int = 1) -> None:
        self.came += max(0, number)
        self.crew = [*(self.crew or ()), *(f"worker{self.came - each}" for each in range(number))]

    def leave(self, number: int = 1) -> list[str]:
        """Let the first so many tell Locust that they go."""
        gone = (self.crew or [])[: max(0, number)]
        self.crew = (self.crew or [])[len(gone) :]
        return gone

    def lose(self, number: int = 1) -> None:
        """Let the first so many be silent; their users are gone until Locust shares users out anew."""
        self.away += self.users * max(0, number) // (self.workers or 1)
        self.missing += self.leave(number)

    @property
    def users(self) -> int:
        """As Locust starts and stops them: in batches, the first of them at once."""
        return max(0, self._spawned - self.away)

    @property
    def _spawned(self) -> int:
        if self.state not in ("spawning", "running"):
            return 0
        since = self.clock.now - self._asked_at
        if self.shape:
            return next((users for until, users in self.shape if since < until), 0)
        if since < 0:
            return self._before
        batch = max(1, math.floor(self._rate))
        changed = batch * (1 + math.floor(since * self._rate / batch))
        target = min(self._target, self.most)
        if target >= self._before:
            return min(target, self._before + changed)
        return max(target, self._before - changed)

    def happen(self) -> None:
        """Let everything happen that is due."""
        now = self.clock.now
        for event in sorted((event for event in self.events if event[0] <= now), key=lambda event: event[0]):
            self.events.remove(event)
            self._count(event[0])
            event[1]()
        for timer in sorted(timer for timer in self.timers if timer <= now):
            self._count(timer)
            if self.state in ("spawning", "running"):
                self._end()
            self.timers.remove(timer)
        self._count(now)
        if self.state == "spawning" and self.users == self._target and not self.shape:
            self.state = "running"
        if self.shape and self.state == "running" and now - self._asked_at >= self.shape[-1][0]:
            self._end()

    def begin(self) -> None:
        self.state = "running" if self.shape else "spawning"
        self._asked_at = self.since = self.clock.now

    def restart(self) -> None:
        """As a new process: it knows of nothing."""
        self.state, self.requests, self.timers = "ready", 0, []

    def _cancel_timers(self) -> None:
        if version_of(self.version) >= (2, 47, 0):
            self.timers = []

    def _end(self) -> None:
        self.state = "stopped"
        if self.stopping:
            self.state = "stopping"
            self.events.append((self.clock.now + self.stopping, self._ended))

    def _ended(self) -> None:
        self.state = "stopped"

    def _answer(self, what: str) -> None:
        self.happen()
        now = self.clock.now
        if any(begin <= now < end for begin, end in self.silent):
            self.clock.sleep(1)
            raise LocustError("no answer from Locust", transient=True)
        for begin, end, error in self.answering:
            if begin <= now < end:
                raise error
        self.asked.append((now, what))

    def _count(self, now: float) -> None:
        if self.state in ("spawning", "running"):
            self.requests += max(0.0, now - self.since) * 10 * self.users
        self.since = max(self.since, now)

    def overview(self) -> Overview:
        self._answer("/")
        return Overview(
            self.state,
            self.version,
            self.user_classes,
            shape=bool(self.shape) if self.tells_shape else None,
            host=self.host,
            users=self.users,
        )

    def stats(self) -> dict[str, Any]:
        self._answer("/stats/requests")
        failures = int(int(self.requests) * self.failing)
        total = {
            "name": "Aggregated",
            "method": "",
            "num_requests": int(self.requests),
            "num_failures": failures,
            "current_rps": 10.0,
            "current_fail_per_sec": 0.0,
        }
        rows = [{**total, "name": name, "method": "GET", **row} for name, row in self.endpoints.items()]
        states = {**dict.fromkeys(self.crew or (), "running"), **dict.fromkeys(self.missing, "missing")}
        workers = [{"id": name, "state": state, "cpu_usage": self.cpu or 5} for name, state in states.items()]
        percentiles = {"response_time_percentile_0.5": 5.0, "response_time_percentile_0.95": 9.0}
        return {
            "state": self.state,
            "user_count": self.users,
            "fail_ratio": failures / int(self.requests) if int(self.requests) else 0.0,
            "stats": [*rows, total],
            "current_response_time_percentiles": percentiles,
            **({} if self.crew is None else {"workers": workers}),
        }

    def swarm(self, form: Sequence[tuple[str, str]]) -> dict[str, Any]:
        self._answer(f"/swarm {' '.join(f'{name}={value}' for name, value in form)}")
        fields = dict(form)
        self.host = fields.get("host", self.host)
        if self.state not in ("spawning", "running"):
            self.requests, self._before = 0, 0
        else:
            self._before = self._spawned
        self.away = 0
        self._target, self._rate = int(fields.get("user_count", 0)), float(fields.get("spawn_rate", 1))
        if not self.starts:
            pass
        elif self.starting and self.state not in ("spawning", "running"):
            self.events.append((self.clock.now + self.starting, self.begin))
        else:
            self.begin()
            self.happen()
        if self.shape:
            return {"success": True, "message": "Swarming started using shape class 'Wave'"}
        answer = {"success": True, "message": "Swarming started", "host": self.host}
        self._cancel_timers()
        if "run_time" not in fields:
            return answer
        seconds = int(fields["run_time"][:-1])
        self.timers.append(self.clock.now + seconds)
        return {**answer, "run_time": seconds}

    def stop(self) -> None:
        self._answer("/stop")
        self._cancel_timers()
        if self.state in ("spawning", "running"):
            self._end()

    def reset_stats(self) -> None:
        self._answer("/stats/reset")
        self.requests = 0

    def mark(self, mark: Mapping[str, Any]) -> dict[str, Any]:
        self._answer("/monitor-lab/run")
        self.marks.append(mark)
        return {"marked": True}

    def download(self, path: str) -> str:
        self._answer(path)
        if path == "/tasks":
            return json.dumps({"per_class": {name: {} for name in self.tasks}, "total": {}})
        if path == "/stats/failures/csv":
            return "Method,Name,Error,Occurrences\n"
        if path == "/exceptions/csv":
            rows = "".join(f'{count},"{message}",Traceback,memory\n' for message, count in self.raised.items())
            return f"Count,Message,Traceback,Nodes\n{rows}"
        if path != "/stats/requests/csv":
            return ""
        header = "Type,Name,Request Count,Failure Count,Average Response Time,50%,95%"
        counts = f"{int(self.requests)},{int(int(self.requests) * self.failing)}"
        return f"{header}\nGET,/a,{counts},6,5,9\n,Aggregated,{counts},6,5,9\n"

    def changes(self) -> list[str]:
        return [what for _unused, what in self.asked if what.startswith(("/swarm", "/stop", "/stats/reset"))]
