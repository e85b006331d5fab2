# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the monitor_lab contributors
"""Which alerts fired in a stretch of time, by what Prometheus keeps of its rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .graphs import Asked

# Those of no severity tell other programs something, such as that a load run goes on.
_FIRING = 'last_over_time(ALERTS{alertstate="firing",severity!="none"}[@steps])'
_OWN_LABELS = ("__name__", "alertname", "alertstate", "severity", "class")


@dataclass(frozen=True)
class Alert:
    name: str
    severity: str
    kind: str
    labels: Mapping[str, str]
    first: float
    last: float
    """When it was seen first and last, in seconds since the epoch."""
    runbook: str
    """Where its rule says that it is explained, or nothing."""


def alerts(asked: Asked) -> list[Alert]:
    """Return the alerts that fired, the first one first."""
    runbooks = asked.prometheus.runbooks()
    query = _FIRING.replace("@step", f"{asked.step:.0f}")
    found = [
        Alert(
            name=one.labels.get("alertname", ""),
            severity=one.labels.get("severity", ""),
            kind=one.labels.get("class", ""),
            labels={name: value for name, value in sorted(one.labels.items()) if name not in _OWN_LABELS},
            first=one.points[0][0],
            last=one.points[-1][0],
            runbook=runbooks.get(one.labels.get("alertname", ""), ""),
        )
        for one in asked.prometheus.over(query, asked.start, asked.end, asked.step)
        if one.points
    ]
    return sorted(found, key=lambda alert: (alert.first, alert.name, sorted(alert.labels.items())))
