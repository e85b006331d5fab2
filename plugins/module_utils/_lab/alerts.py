# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the monitor_lab contributors
"""What Prometheus remembers of alerts: which fired in a stretch of time, and since when the condition of one held."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple, Optional

from .._locust.timing import Clock
from .prometheus import Ask

# How finely the past is looked at, in seconds.
STEP = 1.0
# In so many evaluations an alert has to follow its condition.
EVALUATIONS = 4


class Span(NamedTuple):
    """For how long a series was there, in seconds since the beginning; until None where it still is."""

    labels: Mapping[str, str]
    start: float
    end: Optional[float]


def now(ask: Ask) -> float:
    """Return Unix time by the clock of Prometheus."""
    return float(ask("query", {"query": "time()"})["result"][1])


def watch(
    ask: Ask, clock: Clock, since: float, alert: str, labels: Mapping[str, str], patience: float
) -> dict[str, Any]:
    """Wait until an alert with these labels has fired and ended, or won't fire any more; with "" for no alert at all.

    Return what happened since a moment, which `since` is by the clock of Prometheus: C(fired), C(rule), and when this
    was called and returned, C(called) and C(now). `patience` is in seconds.
    """
    begun = clock.monotonic()
    called = round(now(ask) - since, 3)
    while True:
        seen = {"called": called, **_look(ask, since, alert, labels)}
        waited = clock.monotonic() - begun
        if waited >= patience or (waited >= seen["settles"] and is_over(seen, alert, labels)):
            return seen
        clock.sleep(min(seen["interval"] or STEP, patience - waited))


def is_over(seen: Mapping[str, Any], alert: str, labels: Mapping[str, str]) -> bool:
    """Tell whether nothing more is to come of an alert."""
    rule = seen["rule"]
    if not alert or rule is None:
        return True
    mine = [one for one in seen["fired"] if one["alert"] == alert and has(one["labels"], labels)]
    if mine:
        return all(one["end"] is not None for one in mine)
    return rule["held"] is None or bool(seen["now"] > rule["due"])


def has(labels: Mapping[str, str], wanted: Mapping[str, str]) -> bool:
    """Tell whether these are among the labels."""
    return all(labels.get(name) == value for name, value in wanted.items())


def _look(ask: Ask, since: float, alert: str, labels: Mapping[str, str]) -> dict[str, Any]:
    groups = ask("rules", {"type": "alert"})["groups"]
    until = now(ask)
    # Of what fired before, that is no news.
    fired = [span for span in _spans(ask, 'ALERTS{alertstate="firing"}', since, until) if span.start > 0]
    interval = min((float(group["interval"]) for group in groups), default=0.0)
    rule = next((_rule(group, one) for group in groups for one in group["rules"] if one["name"] == alert), None)
    if rule is not None:
        held = [span for span in _spans(ask, rule.pop("query"), since, until) if has(span.labels, labels)]
        ends = [until - since if span.end is None else span.end for span in held]
        long = [span.start for span, end in zip(held, ends) if end - span.start >= rule["for"]]
        rule["held"] = min(long, default=None)
        rule["due"] = None if rule["held"] is None else rule["held"] + rule["for"] + rule["allowed"]
    return {
        "now": round(until - since, 3),
        "interval": interval,
        "settles": EVALUATIONS * interval if rule is None else rule["for"] + rule["allowed"],
        "fired": sorted(map(_told, fired), key=lambda one: (one["start"], one["alert"])),
        "rule": rule,
    }


def _rule(group: Mapping[str, Any], rule: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "query": rule["query"],
        "for": float(rule["duration"]),
        "allowed": EVALUATIONS * float(group["interval"]),
    }


def _told(span: Span) -> dict[str, Any]:
    labels = dict(span.labels)
    for name in ("__name__", "alertstate"):
        labels.pop(name, None)
    return {"alert": labels.pop("alertname"), "labels": labels, "start": span.start, "end": span.end}


def _spans(ask: Ask, query: str, since: float, until: float) -> Iterator[Span]:
    """Yield for how long each series was there, as often as it came and went."""
    asked = {"query": query, "start": f"{since:.3f}", "end": f"{until:.3f}", "step": f"{STEP:g}"}
    for series in ask("query_range", asked)["result"]:
        moments = [float(moment) - since for moment, _value in series["values"]]
        for start, end in _stretches(moments):
            yield Span(series["metric"], round(start, 3), round(end, 3) if until - since - end >= STEP else None)


def _stretches(moments: Sequence[float]) -> Iterator[tuple[float, float]]:
    """Yield the first and the last of those that follow one another."""
    first = before = moments[0]
    for moment in moments[1:]:
        if moment - before > 1.5 * STEP:
            yield first, before
            first = moment
        before = moment
    yield first, before
