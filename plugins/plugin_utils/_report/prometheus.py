# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the monitor_lab contributors
"""What a report asks Prometheus of a stretch of time."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Optional, TypeVar

from ...module_utils._lab.prometheus import PrometheusError, asker

TIMEOUT = 10

Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Series:
    labels: Mapping[str, str]
    points: Sequence[tuple[float, float]]
    """Each a time in seconds since the epoch and a number."""


class Prometheus:
    """One Prometheus, with the login and the authority that it wants. Whatever it is asked raises PrometheusError."""

    def __init__(
        self, url: str, username: Optional[str] = None, password: Optional[str] = None, ca_path: Optional[str] = None
    ) -> None:
        if not url.startswith(("http://", "https://")) or "@" in url:
            raise PrometheusError("prometheus_url must be http://HOST[:PORT][/PATH] or https://…, with no login in it")
        self.url = url.rstrip("/")
        self._ask = asker(self.url, username, password, ca_path, TIMEOUT)

    def at(self, query: str, time: float) -> list[Mapping[str, str]]:
        """Return the labels of each series of a query at one moment."""
        asked = {"query": query, "time": f"{time:.3f}"}
        return self._read("query", asked, lambda data: [dict(one["metric"]) for one in data["result"]])

    def over(self, query: str, start: float, end: float, step: float) -> list[Series]:
        """Return each series of a query over a time, without what is no number."""
        asked = {"query": query, "start": f"{start:.3f}", "end": f"{end:.3f}", "step": f"{step:.3f}"}

        def read(data: Any) -> list[Series]:
            return [Series(dict(one["metric"]), _numbers(one["values"])) for one in data["result"]]

        return self._read("query_range", asked, read)

    def runbooks(self) -> dict[str, str]:
        """Return by the name of each alert where its rule says that it is explained."""

        def read(data: Any) -> dict[str, str]:
            rules = [rule for group in data["groups"] for rule in group["rules"]]
            return {rule["name"]: str(rule["annotations"].get("runbook_url", "")) for rule in rules}

        return self._read("rules", {"type": "alert"}, read)

    def _read(self, path: str, asked: Mapping[str, str], read: Callable[[Any], Answer]) -> Answer:
        data = self._ask(path, asked)
        try:
            return read(data)
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            raise PrometheusError(f"what answers at {self.url} is no Prometheus") from error


def prometheus_from(options: Mapping[str, Any]) -> Optional[Prometheus]:
    """Return the Prometheus that the options of C(arguments.PROMETHEUS) name; none where they name none."""
    if not options["prometheus_url"]:
        return None
    names = ("prometheus_url", "prometheus_username", "prometheus_password", "prometheus_ca_path")
    return Prometheus(*(options[name] for name in names))


def _numbers(values: Sequence[tuple[float, str]]) -> list[tuple[float, float]]:
    points = [(time, float(text)) for time, text in values]
    return [(time, number) for time, number in points if math.isfinite(number)]
