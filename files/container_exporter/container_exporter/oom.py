# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""Counts kills for want of memory. The kernel's count goes with the container that ends of one, so it is watched."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass

from container_exporter import cgroups
from container_exporter.cgroups import Cgroup
from container_exporter.engines import Container

# Podman removes the cgroup of what has ended after some 150 ms; Docker after 30 ms, and notes why it ended.
INTERVAL_SECONDS = 0.1


@dataclass
class _Count:
    total: int = 0
    in_cgroup: int = 0
    end: str = ""
    told_of_this_life: bool = False


class OomKills:
    """The counts of containers, for use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._watched: dict[str, Cgroup] = {}
        self._counts: dict[str, _Count] = {}

    def total(self, identity: str) -> int:
        with self._lock:
            return self._counts[identity].total if identity in self._counts else 0

    def look(self) -> None:
        """Take what the cgroups say now."""
        with self._lock:
            watched = dict(self._watched)
        for identity, cgroup in watched.items():
            self._take(identity, cgroups.oom_kills(cgroup))

    def _take(self, identity: str, kills: int | None) -> None:
        with self._lock:
            count = self._counts.get(identity)
            if count is None:
                return
            # A cgroup is made anew with its container, and begins at none.
            new = (kills or 0) - (count.in_cgroup if (kills or 0) >= count.in_cgroup else 0)
            count.in_cgroup = kills or 0
            count.total += new
            count.told_of_this_life |= new > 0

    def know(self, containers: Mapping[str, Container], found: Mapping[str, Cgroup]) -> None:
        """Say which containers there are; what a watched cgroup did not show in time, Docker may have noted."""
        with self._lock:
            for identity in self._counts.keys() - containers.keys():
                del self._counts[identity]
            self._watched |= {identity: found[identity] for identity in containers if identity in found}
            self._watched = {one: cgroup for one, cgroup in self._watched.items() if one in containers}
            for identity, container in containers.items():
                count = self._counts.setdefault(identity, _Count(end=container.end))
                if container.end != count.end:
                    if container.killed_for_memory and not count.told_of_this_life:
                        count.total += 1
                    count.end, count.told_of_this_life = container.end, False
        self.look()
