# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""One scrape: what the kernel and the engines say of the containers, under cAdvisor's names."""

from __future__ import annotations

import logging
import re
import threading
import time
from collections import Counter
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path

from locust_exporter.exposition import Page, label_text, labels
from prometheus_client import CollectorRegistry, PlatformCollector, ProcessCollector, generate_latest

from container_exporter import __version__, cgroups, engines, processes
from container_exporter.cgroups import Cgroup, Figures
from container_exporter.engines import Container, EngineError
from container_exporter.oom import INTERVAL_SECONDS, OomKills
from container_exporter.processes import Processes

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Sources:
    """Where the host's folders are for the exporter, in its container."""

    cgroup: Path
    proc: Path
    docker: Path
    podman: Path


@dataclass(frozen=True)
class Seen:
    """What one scrape saw of a container; of one that does not run, there are no figures."""

    labels: str
    runs: bool
    started: float | None
    figures: Figures
    processes: Processes
    oom_kills: int


# Kind, cAdvisor's name without its beginning, text, and which figure of Seen it is.
FAMILIES = (
    ("counter", "cpu_usage_seconds_total", "Processor time used.", "figures.cpu_seconds"),
    ("counter", "cpu_cfs_periods_total", "Periods that its quota of processor time had.", "figures.cfs_periods"),
    ("counter", "cpu_cfs_throttled_periods_total", "Those in which it had to wait.", "figures.cfs_throttled_periods"),
    ("counter", "cpu_cfs_throttled_seconds_total", "Time for which it waited.", "figures.cfs_throttled_seconds"),
    ("gauge", "spec_cpu_quota", "Microseconds of processor time that it may use in a period.", "figures.cpu_quota"),
    ("gauge", "spec_cpu_period", "Microseconds of a period.", "figures.cpu_period"),
    ("gauge", "memory_usage_bytes", "Memory used, with what was read from files.", "figures.memory_usage"),
    ("gauge", "memory_working_set_bytes", "Memory that can't be had back.", "figures.memory_working_set"),
    ("gauge", "memory_rss", "Memory that is no file's.", "figures.memory_rss"),
    ("gauge", "memory_cache", "Memory that holds what is in files.", "figures.memory_cache"),
    ("gauge", "spec_memory_limit_bytes", "Memory that it may use, 0 for all.", "figures.memory_limit"),
    ("counter", "oom_events_total", "Kills for want of memory.", "oom_kills"),
    ("gauge", "start_time_seconds", "When it was started, in Unix time; a restart changes it.", "started"),
    ("gauge", "processes", "Processes in it.", "processes.count"),
    ("gauge", "threads", "Threads of its processes.", "figures.threads"),
    ("gauge", "threads_max", "Threads that it may have, 0 for all.", "figures.threads_max"),
    ("gauge", "file_descriptors", "Open files of its processes.", "processes.files"),
)


class Exporter:
    """Makes the page of metrics of the containers whose names match `names`, for use from several threads."""

    title = "Container exporter"

    def __init__(self, sources: Sources, names: re.Pattern[str]) -> None:
        self._sources = sources
        self._names = names
        self._lock = threading.Lock()
        self._failures: Counter[str] = Counter({"docker": 0, "podman": 0, "proc": 0})
        self._failing: set[str] = set()
        self._refused_logins = 0
        self._oom_kills = OomKills()
        self._process = CollectorRegistry(auto_describe=False)
        ProcessCollector(registry=self._process)
        PlatformCollector(registry=self._process)
        self._process_figures = b""
        self.look_at_process()

    def watch(self) -> None:
        """Watch for kills for want of memory, for ever."""
        while True:
            self._oom_kills.look()
            time.sleep(INTERVAL_SECONDS)

    def scrape(self, timeout: float | None = None) -> bytes:
        """Return the whole page. It waits for nothing, so `timeout` changes nothing."""
        start = time.monotonic()
        seen = self._look()
        page = Page("container")
        for kind, name, text, figure in FAMILIES:
            more = ',cpu="total"' if name == "cpu_usage_seconds_total" else ""
            value = attrgetter(figure)
            page.family(kind, name, text, [("{" + one.labels + more + "}", value(one)) for one in seen])
        with self._lock:
            failures, refused = self._failures.copy(), self._refused_logins
        own = Page("container_exporter")
        own.family("gauge", "build_info", "The exporter's version.", [("{" + labels(version=__version__) + "}", 1)])
        own.family("gauge", "containers", "Containers that run and are told of.", [("", sum(one.runs for one in seen))])
        own.family(
            "counter",
            "failures_total",
            "Scrapes at which a source could not be read.",
            [("{" + labels(source=source) + "}", count) for source, count in failures.items()],
        )
        own.family(
            "counter",
            "refused_logins_total",
            "Requests to the exporter with a wrong user name or password.",
            [("", refused)],
        )
        own.family("gauge", "scrape_duration_seconds", "Time that this scrape took.", [("", time.monotonic() - start)])
        return page.encode() + own.encode() + self._process_figures

    def count_refused_login(self) -> None:
        with self._lock:
            self._refused_logins += 1

    def look_at_process(self) -> None:
        """Take the figures of the exporter's own process for the next page."""
        self._process_figures = generate_latest(self._process)

    def _look(self) -> list[Seen]:
        known: dict[str, Container] = {}
        for source, read, folder in (
            ("docker", engines.docker, self._sources.docker),
            ("podman", engines.podman, self._sources.podman),
        ):
            try:
                known |= read(folder)
            except EngineError as error:
                self._tell(source, str(error))
            else:
                self._tell(source, "")
        known = {identity: one for identity, one in known.items() if self._names.fullmatch(one.name)}
        found = cgroups.find(self._sources.cgroup)
        self._oom_kills.know(known, found)
        running: dict[str, Processes] = {}
        try:
            running = processes.of(known.keys(), self._sources.proc)
        except OSError as error:
            self._tell("proc", f"cannot read the host's processes: {error}")
        else:
            self._tell("proc", "")
        return [
            self._seen(identity, container, found.get(identity), running.get(identity, Processes()))
            for identity, container in sorted(known.items())
        ]

    def _seen(self, identity: str, container: Container, cgroup: Cgroup | None, running: Processes) -> Seen:
        figures = cgroups.figures(cgroup) if cgroup else None
        return Seen(
            labels=labels(id=identity, image=label_text(container.image), name=label_text(container.name)),
            runs=figures is not None,
            started=container.started or running.started,
            figures=figures or Figures(),
            processes=running,
            oom_kills=self._oom_kills.total(identity),
        )

    def _tell(self, source: str, fault: str) -> None:
        """Count a fault, and log a change: the same line at every scrape would fill a disk."""
        with self._lock:
            was_failing = source in self._failing
            if fault:
                self._failures[source] += 1
                self._failing.add(source)
            else:
                self._failing.discard(source)
        if fault and not was_failing:
            log.warning("%s", fault)
        elif was_failing and not fault:
            log.info("%s can be read again", source)
