# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors

"""A Locust and a clock that only exist in memory, for tests of what takes time or goes wrong."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ansible_collections.devsecops.monitor_lab.plugins.module_utils._locust.client import (
    LocustClient,
    LocustError,
    Overview,
)


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

    As Locust up to 2.46.3 it never cancels a timer. `silent` lists spans of time without any answer, `failing` is the
    share of the requests that fail, `raised` how often each exception was raised by a task.
    """

    def __init__(self, clock: Clock, version: str = "2.46.3", workers: int | None = None) -> None:
        super().__init__(f"http://memory-{id(self)}:8089")
        self.clock = clock
        self.version = version
        self.workers = workers
        self.user_classes: tuple[str, ...] | None = None
        self.state = "ready"
        self.users = 0
        self.requests = 0.0
        self.since = clock.now
        self.timers: list[float] = []
        self.asked: list[tuple[float, str]] = []
        self.silent: list[tuple[float, float]] = []
        self.failing = 0.0
        self.raised: dict[str, int] = {}
        self.has_shape = False
        self.starts = True

    def _answer(self, what: str) -> None:
        now = self.clock.now
        for timer in sorted(timer for timer in self.timers if timer <= now):
            self._count(timer)
            if self.state == "running":
                self.state = "stopped"
            self.timers.remove(timer)
        self._count(now)
        if any(begin <= now < end for begin, end in self.silent):
            self.clock.sleep(1)
            raise LocustError("no answer from Locust", transient=True)
        self.asked.append((now, what))

    def _count(self, now: float) -> None:
        if self.state == "running":
            self.requests += max(0.0, now - self.since) * 10 * self.users
        self.since = max(self.since, now)

    def overview(self) -> Overview:
        self._answer("/")
        return Overview(self.state, self.version, self.user_classes)

    def stats(self) -> dict[str, Any]:
        self._answer("/stats/requests")
        total = {"name": "Aggregated", "num_requests": int(self.requests), "num_failures": 0, "current_rps": 10.0}
        workers = None if self.workers is None else {"workers": [{"state": "running"}] * self.workers}
        percentiles = {"response_time_percentile_0.5": 5.0, "response_time_percentile_0.95": 9.0}
        return {
            "state": self.state,
            "user_count": self.users,
            "fail_ratio": 0.0,
            "stats": [total],
            "current_response_time_percentiles": percentiles,
            **(workers or {}),
        }

    def swarm(self, form: Sequence[tuple[str, str]]) -> dict[str, Any]:
        self._answer(f"/swarm {' '.join(f'{name}={value}' for name, value in form)}")
        if self.has_shape:
            return {"success": True, "message": "Swarming started using shape class 'Wave'"}
        fields = dict(form)
        if self.state != "running":
            self.requests = 0
        if self.starts:
            self.state, self.users = "running", int(fields["user_count"])
        seconds = int(fields["run_time"][:-1])
        self.timers.append(self.clock.now + seconds)
        return {"success": True, "message": "Swarming started", "run_time": seconds}

    def stop(self) -> None:
        self._answer("/stop")
        if self.state == "running":
            self.state = "stopped"

    def reset_stats(self) -> None:
        self._answer("/stats/reset")
        self.requests = 0

    def download(self, path: str) -> str:
        self._answer(path)
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
