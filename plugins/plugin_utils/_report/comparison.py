# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the monitor_lab contributors
"""Two runs side by side: what became slower or worse, by how much, and whether that is more than their noise."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Optional, TypeVar

from ...module_utils._locust.thresholds import WINDOW
from .artifacts import Run
from .graphs import Asked
from .noise import FEWEST_WINDOWS, Difference, difference
from .prometheus import Series
from .texts import cut, shown

Windows = Mapping[tuple[str, str], Sequence[float]]
"""The mean response times of an endpoint's windows, by method and name, and of all of them together, by `WHOLE`."""
WHOLE = ("", "Aggregated")
Key = TypeVar("Key", str, tuple[str, str])


@dataclass(frozen=True)
class Kind:
    """Which way of a figure is the wrong one, and how either is called."""

    worse: str
    better: str
    higher_is_worse: bool


TIME = Kind("became slower", "became faster", True)
RATE = Kind("became fewer", "became more", False)
FAILURES = Kind("became more", "became fewer", True)


@dataclass(frozen=True)
class Compared:
    """A figure of two runs, and what their windows say of it; nothing where there are too few."""

    what: str
    unit: str
    kind: Kind
    before: Optional[float]
    after: Optional[float]
    noise: Optional[Difference]

    @property
    def is_worse(self) -> bool:
        return self._beyond_noise > 0

    @property
    def is_better(self) -> bool:
        return self._beyond_noise < 0

    @property
    def _beyond_noise(self) -> int:
        """Return 1 for worse, -1 for better, 0 where it is noise, unknown, or the whole run does not say so."""
        if self.noise is None or not self.noise.is_more_than_noise or self.before is None or self.after is None:
            return 0
        if self.noise.by * (self.after - self.before) <= 0:
            return 0
        return 1 if (self.noise.by > 0) == self.kind.higher_is_worse else -1

    @property
    def change(self) -> str:
        """By how much, in percent of what it was."""
        if not self.before or self.after is None:
            return ""
        return f"{100 * (self.after - self.before) / self.before:+.1f} %"

    @property
    def moved(self) -> str:
        """What it was and is."""
        unit = f" {self.unit}" if self.unit else ""
        return f"{shown(self.before)} → {shown(self.after)}{unit}" + (f" ({self.change})" if self.change else "")

    @property
    def told(self) -> str:
        """What became of it, where that is more than noise."""
        return f"{cut(self.what, _LONGEST_NAME)} {self.kind.worse if self.is_worse else self.kind.better}: {self.moved}"

    @property
    def in_words(self) -> str:
        if self.before is None or self.after is None:
            return f"{self.what}: not both runs have it."
        if self.noise is None:
            return f"{self.what}: {self.moved}; how much of that is noise is not known."
        unit = f" {self.unit}" if self.unit else ""
        noise = f"noise (their windows differ by {shown(self.noise.by)} ± {shown(self.noise.margin)}{unit})"
        if self.is_worse or self.is_better:
            return f"{self.told}; that is more than {noise}."
        return f"{self.what}: {self.moved}; that is no more than {noise}."


@dataclass(frozen=True)
class Comparison:
    headline: str
    figures: Sequence[Compared]
    endpoints: Sequence[Compared]
    others: Sequence[str]
    """What was not the same for both, a sentence each."""


# Of a whole run: how it is called, its unit, the figure in the summary and what that is multiplied by.
_FIGURES = (
    ("p50", "ms", "p50", 1, TIME),
    ("p95", "ms", "p95", 1, TIME),
    ("p99", "ms", "p99", 1, TIME),
    ("Mean response time", "ms", "avg", 1, TIME),
    ("Requests per second", "", "rps", 1, RATE),
    ("Failed requests", "%", "fail_ratio", 100, FAILURES),
)
_ROUNDED = ("p50", "p95")
# What two runs have to be asked for alike, to be compared.
_ASKED = ("users", "spawn_rate", "run_time", "stages", "host", "user_classes", "tags", "warmup")
_MOST_TOLD = 5
_LONGEST_NAME = 80


def compare(before: Run, after: Run, endpoints: Optional[tuple[Windows, Windows]]) -> Comparison:
    """Compare two runs; `endpoints` are the windows of each one's, where Prometheus has them."""
    windows = windows_of(before), windows_of(after)
    for own, told in zip(windows, endpoints or ()):
        own["avg"] = list(told.get(WHOLE, ()))
    judged = _judged(windows)
    figures = []
    for what, unit, figure, factor, kind in _FIGURES:
        values = [_times(run.overall.get(figure), factor) for run in (before, after)]
        noise = None
        if figure in judged:
            pair = windows[0][figure], windows[1][figure]
            coarse = sum(map(_step, pair)) / 2 if figure in _ROUNDED else 0
            noise = difference(*pair, len(judged), coarse)
        figures.append(Compared(what, unit, kind, values[0], values[1], noise))
    rows = _endpoints(before, after, endpoints)
    return Comparison(_headline(before, [*figures, *rows], windows), figures, rows, _others(before, after))


def _judged(windows: tuple[Mapping[Key, Sequence[float]], Mapping[Key, Sequence[float]]]) -> list[Key]:
    """Return of what both runs have enough windows."""
    return [key for key in windows[0] if all(len(each.get(key, ())) >= FEWEST_WINDOWS for each in windows)]


def windows_of(run: Run) -> dict[str, list[float]]:
    """Return the figures of a run's windows: what Locust worked out over times that do not overlap."""
    windows: dict[str, list[float]] = {"p50": [], "p95": [], "rps": [], "fail_ratio": []}
    last = -math.inf
    for sample in run.steady:
        # Two looks are never exactly so far apart.
        if sample["time"] - last < WINDOW - 0.5:
            continue
        last = sample["time"]
        for figure, value in (
            *((name, sample.get(name)) for name in ("p50", "p95", "rps")),
            ("fail_ratio", 100 * (sample["fail_per_sec"] or 0) / sample["rps"] if sample["rps"] else None),
        ):
            if value is not None:
                windows[figure].append(value)
    return windows


def windows_of_endpoints(asked: Asked, series: str, run: Run) -> Windows:
    """Return the mean response times, in ms, in times that do not overlap."""
    window = max(WINDOW, math.ceil(asked.window))
    steady = run.steady
    start = (steady[0]["time"] - WINDOW if steady else run.started) + window

    def means(grouped: str, metric: str) -> list[Series]:
        parts = [f"{grouped} (increase({metric}_{part}{{{series}}}[{window}s]))" for part in ("sum", "count")]
        return asked.prometheus.over(f"1000 * {parts[0]} / {parts[1]}", start, max(start, run.ended), window)

    found = {
        (one.labels.get("method", ""), one.labels.get("name", "")): one.points
        for one in means("sum by (method, name)", "locust_response_time_seconds")
    }
    for one in means("sum", "locust_run_response_time_seconds"):
        found[WHOLE] = one.points
    return {key: [number for _time, number in points] for key, points in found.items()}


def _step(values: Sequence[float]) -> float:
    """Return what Locust rounds response times of this size to: two digits, but no finer than a millisecond."""
    return max(1.0, 10.0 ** (math.floor(math.log10(max(*values, 1))) - 1))


def _endpoints(before: Run, after: Run, windows: Optional[tuple[Windows, Windows]]) -> list[Compared]:
    both = [key for key in after.endpoints if key in before.endpoints]
    judged = [key for key in _judged(windows) if key in both] if windows else []
    compared = []
    for key in both:
        noise = difference(windows[0][key], windows[1][key], len(judged)) if windows and key in judged else None
        values = [run.endpoints[key].get("avg") for run in (before, after)]
        compared.append(Compared(" ".join(key).strip(), "ms", TIME, values[0], values[1], noise))
    return compared


def _headline(before: Run, compared: Sequence[Compared], windows: Sequence[Mapping[str, Sequence[float]]]) -> str:
    worse = [each.told for each in compared if each.is_worse]
    better = [each.told for each in compared if each.is_better]
    if worse:
        return f"Against {before.name}, by more than the noise of the two runs: {_listed(worse)}."
    if any(each.noise for each in compared):
        return f"Against {before.name}, nothing became slower or worse by more than the noise of the two runs." + (
            f" Better, by more than that: {_listed(better)}." if better else ""
        )
    counted = " and ".join(str(len(each["rps"])) for each in windows)
    return (
        f"Whether anything differs from {before.name} by more than noise can't be told: that takes {FEWEST_WINDOWS} "
        f"windows of {WINDOW} s in which all users run, and these have {counted}. Runs of two minutes have enough."
    )


def _listed(told: Sequence[str]) -> str:
    more = len(told) - _MOST_TOLD
    return "; ".join(told[:_MOST_TOLD]) + (f"; and {more} more" if more > 0 else "")


def _others(before: Run, after: Run) -> list[str]:
    """Say what was not the same for both runs, and which endpoints only one has."""
    had = [
        *((name, [run.summary["settings"].get(name) for run in (before, after)]) for name in _ASKED),
        ("Locust", [run.summary["locust_version"] for run in (before, after)]),
        ("workers", [run.summary["workers"] for run in (before, after)]),
    ]
    found = [f"{what}: {_said(first)} → {_said(second)}" for what, (first, second) in had if first != second]
    for run, other in ((before, after), (after, before)):
        only = [cut(" ".join(key).strip(), _LONGEST_NAME) for key in run.endpoints if key not in other.endpoints]
        if only:
            found.append(f"only in {run.name}: {_listed(only)}")
    return found


def _said(value: Any) -> str:
    return "none" if value is None else str(value)


def _times(value: Optional[float], factor: float) -> Optional[float]:
    return None if value is None else value * factor
