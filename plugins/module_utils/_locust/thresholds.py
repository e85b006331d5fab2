# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the monitor_lab contributors
"""Thresholds of a load run: read, watched while it runs, judged when it has ended.

A verdict is taken from the whole run's figures (see `locust_client.parse_stats`). Locust rounds response times to two
significant digits before it counts them, so percentiles are that coarse: 147 ms counts as 150, 3432 ms as 3400.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Optional

from .figures import COMPARABLE, CURRENT, CURRENT_OF_ENDPOINTS, FIGURES, SAMPLED, Figure, find
from .plan import BadOptionError, seconds

# Locust works out its current figures over the last 12 s.
WINDOW = 12

_OPERATORS: dict[str, Callable[[float, float], bool]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "==": operator.eq,
    "<": operator.lt,
    ">": operator.gt,
}
_EXPRESSION = re.compile(r"\s*([a-z_]+|p[0-9.]+)\s*(<=|>=|==|<|>)\s*([0-9]+(?:\.[0-9]+)?)\s*", re.ASCII)
_KEYS = ("threshold", "name", "name_pattern", "method", "for", "abort")


@dataclass(frozen=True)
class Threshold:
    """What a figure has to be. Response times in milliseconds, rates per second, ratios from 0 to 1."""

    figure: str
    comparison: str
    limit: float
    name: Optional[str] = None
    method: Optional[str] = None
    lasting: Optional[int] = None
    abort: bool = False
    name_pattern: Optional[str] = None
    """In place of a name: what the whole name of an endpoint has to match."""

    def __str__(self) -> str:
        return f"{self.figure} {self.comparison} {float(self.limit)!r}".removesuffix(".0")

    @property
    def of_endpoints(self) -> bool:
        return self.name is not None or self.name_pattern is not None

    @property
    def endpoint(self) -> str:
        return " ".join(part for part in (self.method, self.name, self.name_pattern) if part)

    @property
    def watched(self) -> bool:
        return self.abort or self.lasting is not None

    def holds(self, measured: float) -> bool:
        return _OPERATORS[self.comparison](measured, self.limit)

    def is_about(self, row: Mapping[str, Any]) -> bool:
        """Tell whether this is held against a row of Locust's statistics."""
        if not self.of_endpoints:
            return is_total(row)
        if is_total(row) or self.method not in (None, row["method"]):
            return False
        if self.name_pattern is not None:
            return re.fullmatch(self.name_pattern, str(row["name"])) is not None
        return bool(row["name"] == self.name)

    def known_now(self, sample: Mapping[str, Any]) -> dict[tuple[str, str], float]:
        """Return Locust's current figures by method and name; those that it does not have are left out."""
        rows = (
            {
                (row["method"], row["name"]): row.get(self.figure)
                for row in sample.get("endpoints", ())
                if self.is_about(row)
            }
            if self.of_endpoints
            else {("", ""): sample.get(self.figure)}
        )
        return {key: measured for key, measured in rows.items() if measured is not None}

    def looked_at_now(self, sample: Mapping[str, Any]) -> dict[tuple[str, str], float]:
        """Return those of `known_now` that can breach this at this moment.

        What has to be high enough is looked at once the figures cover nothing but time with every user running.
        """
        if not self.watched or not sample["counted"]:
            return {}
        if self.comparison in (">", ">=", "==") and not sample["steady"]:
            return {}
        return self.known_now(sample)

    def breached_now(self, sample: Mapping[str, Any]) -> bool:
        """Tell whether Locust's current figures breach this."""
        return not all(self.holds(measured) for measured in self.looked_at_now(sample).values())


# Locust's own headless run fails on an exception in a task, too.
NO_EXCEPTIONS = Threshold("num_exceptions", "==", 0)
# Each held unless a threshold of the whole run names its figure.
DEFAULTS = (NO_EXCEPTIONS, Threshold("fail_ratio", "<", 0.01))


def with_defaults(thresholds: Sequence[Threshold]) -> list[Threshold]:
    """Return the thresholds and those defaults that none of them replaces."""
    named = {threshold.figure for threshold in thresholds if not threshold.of_endpoints}
    return [*thresholds, *(default for default in DEFAULTS if default.figure not in named)]


def parse_thresholds(values: Sequence[Any], run_time: int) -> list[Threshold]:
    """Read the option C(thresholds): strings, or dictionaries for an endpoint, C(for) or C(abort)."""
    return [_parse(f"thresholds[{number}]", value, run_time) for number, value in enumerate(values)]


def _parse(option: str, value: Any, run_time: int) -> Threshold:
    settings = {"threshold": value} if isinstance(value, str) else value
    if not isinstance(settings, Mapping) or not isinstance(settings.get("threshold"), str):
        raise BadOptionError(
            option, f"{value!r} is neither a text such as 'p95 < 200' nor a dictionary with 'threshold'"
        )
    unknown = sorted(set(settings) - set(_KEYS))
    if unknown:
        raise BadOptionError(option, f"unknown key {', '.join(unknown)}; there are {', '.join(_KEYS)}")
    text = settings["threshold"]
    match = _EXPRESSION.fullmatch(text)
    if not match:
        raise BadOptionError(
            option, f"cannot read {text!r}; write a figure, <, <=, >, >= or ==, and a number: 'p95 < 200'"
        )
    name, comparison, limit = match.groups()
    found = find(name)
    if found is None:
        raise BadOptionError(option, f"no figure {name!r}; there are {', '.join(FIGURES)}")
    for key in ("name", "name_pattern", "method"):
        if not isinstance(settings.get(key), (str, type(None))):
            raise BadOptionError(option, f"{key} is {settings[key]!r}, not a text")
    abort = settings.get("abort", False)
    if not isinstance(abort, bool):
        raise BadOptionError(option, f"abort is {abort!r}, not true or false")
    threshold = Threshold(
        figure=found[0],
        comparison=comparison,
        limit=float(limit),
        name=settings.get("name"),
        method=settings.get("method"),
        lasting=None if settings.get("for") is None else seconds(f"{option}.for", settings["for"]),
        abort=abort,
        name_pattern=settings.get("name_pattern"),
    )
    _check(option, threshold, found[1], run_time)
    return threshold


def _check(option: str, threshold: Threshold, figure: Figure, run_time: int) -> None:
    if threshold.name is not None and threshold.name_pattern is not None:
        raise BadOptionError(option, "name and name_pattern are two ways to say the same; use one")
    if threshold.method is not None and not threshold.of_endpoints:
        raise BadOptionError(option, "method needs the name of an endpoint beside it")
    if threshold.name_pattern is not None:
        try:
            re.compile(threshold.name_pattern)
        except re.error as error:
            raise BadOptionError(
                option, f"name_pattern {threshold.name_pattern!r} is no regular expression: {error}"
            ) from None
    if threshold.of_endpoints and figure.of_the_whole_run:
        raise BadOptionError(option, f"{threshold.figure} is counted for the whole run, not for an endpoint")
    if threshold.watched and not (figure.current_of_endpoints if threshold.of_endpoints else figure.current):
        raise BadOptionError(
            option,
            f"for and abort need a current figure, and Locust gives {', '.join(CURRENT)} over all endpoints and "
            f"{', '.join(CURRENT_OF_ENDPOINTS)} of each",
        )
    if threshold.lasting is not None and not 0 < threshold.lasting <= run_time:
        raise BadOptionError(f"{option}.for", f"{threshold.lasting} s is not within the {run_time} s that are judged")


@dataclass(frozen=True)
class Breach:
    """What breached a threshold while the run went on, or that nothing was known that could have."""

    measured: Optional[float]
    message: str
    method: str = ""
    name: str = ""


class Watcher:
    """Follows the thresholds with C(for) or C(abort) through the samples of a run."""

    def __init__(self, thresholds: Sequence[Threshold]) -> None:
        self._since: dict[tuple[Threshold, tuple[str, str]], float] = {}
        self._thresholds = [threshold for threshold in thresholds if threshold.watched]
        self._known: set[Threshold] = set()
        self._looked_at: set[Threshold] = set()
        self._breaches: dict[Threshold, Breach] = {}
        self._peaks: dict[str, float] = {}

    def see(self, sample: Mapping[str, Any]) -> Optional[Threshold]:
        """Take the next sample in; return the threshold that ends the run, if one does."""
        for figure in SAMPLED:
            if sample.get(figure) is not None:
                self._peaks[figure] = max(self._peaks.get(figure, 0), sample[figure])
        ending = None
        for threshold in self._thresholds:
            if threshold.known_now(sample):
                self._known.add(threshold)
            looked_at = threshold.looked_at_now(sample)
            if looked_at:
                self._looked_at.add(threshold)
            beyond = {key: measured for key, measured in looked_at.items() if not threshold.holds(measured)}
            for key in [key for each, key in self._since if each == threshold and key not in beyond]:
                del self._since[threshold, key]
            for (method, name), measured in beyond.items():
                since = self._since.setdefault((threshold, (method, name)), sample["elapsed"])
                if sample["elapsed"] - since < (threshold.lasting or 0):
                    continue
                message = f"{threshold.figure} was {_number(measured)} after {sample['elapsed']:.0f} s"
                message += ", run ended" if threshold.abort else ""
                self._breaches.setdefault(threshold, Breach(measured, message, method, name))
                if threshold.abort:
                    ending = ending or threshold
        return ending

    @property
    def peaks(self) -> Mapping[str, float]:
        """The most that was seen of those figures that are no more than that."""
        return self._peaks

    @property
    def breaches(self) -> dict[Threshold, Breach]:
        """Those that were seen, and those of figures that could not be watched."""
        unknown = {}
        for threshold in self._thresholds:
            if threshold not in self._known:
                unknown[threshold] = Breach(None, f"Locust never told its current {threshold.figure}")
            elif threshold.lasting is not None and threshold not in self._looked_at:
                unknown[threshold] = Breach(
                    None, f"never looked at: all users ran for less than the {WINDOW} s that Locust's figures cover"
                )
        return {**unknown, **self._breaches}


def judge(
    thresholds: Sequence[Threshold],
    rows: Sequence[Mapping[str, Any]],
    peaks: Mapping[str, float],
    breaches: Mapping[Threshold, Breach],
) -> list[dict[str, Any]]:
    """Hold each threshold against a run's figures.

    `rows` is what `locust_client.parse_stats` gives; `peaks` and `breaches` are what a `Watcher` saw. A threshold
    without a method is held against every endpoint of its name. Each answer has C(threshold), C(name), C(method),
    C(measured), C(passed) and C(message).
    """
    return [
        answer
        for threshold in thresholds
        for answer in (
            [_watched(threshold, breaches[threshold])]
            if threshold in breaches
            else [_judged(threshold, row, peaks) for row in _rows_of(threshold, rows)] or [_missing(threshold)]
        )
    ]


def _rows_of(threshold: Threshold, rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return [row for row in rows if threshold.is_about(row) and (row["num_requests"] > 0 or not threshold.of_endpoints)]


def is_total(row: Mapping[str, Any]) -> bool:
    """Tell whether this is Locust's row over all endpoints."""
    return bool(row["name"] == "Aggregated" and not row["method"])


def _answer(
    threshold: Threshold, measured: Optional[float], passed: bool, message: str, method: str = "", name: str = ""
) -> dict[str, Any]:
    return {
        "threshold": str(threshold) + (f" for {threshold.lasting}s" if threshold.lasting else ""),
        "name": name or threshold.name or threshold.name_pattern or "",
        "method": method or threshold.method or "",
        "measured": measured,
        "passed": passed,
        "message": message,
    }


def _judged(threshold: Threshold, row: Mapping[str, Any], peaks: Mapping[str, float]) -> dict[str, Any]:
    of = (row["method"], row["name"]) if threshold.of_endpoints else ()
    if threshold.lasting is not None:
        return _answer(threshold, row.get(threshold.figure), True, "never breached that long", *of)
    measured = peaks.get(threshold.figure) if threshold.figure in SAMPLED else row.get(threshold.figure)
    if measured is None:
        return _answer(threshold, None, False, f"Locust gave no {threshold.figure}", *of)
    return _answer(threshold, measured, threshold.holds(measured), f"{threshold.figure} is {_number(measured)}", *of)


def _watched(threshold: Threshold, breach: Breach) -> dict[str, Any]:
    return _answer(threshold, breach.measured, False, breach.message, breach.method, breach.name)


def _missing(threshold: Threshold) -> dict[str, Any]:
    what = f"endpoint {threshold.endpoint} never appeared" if threshold.endpoint else "no request was counted"
    return _answer(threshold, None, False, what)


def _number(value: float) -> str:
    return f"{value:.4g}" if value < 1000 else f"{value:.0f}"


def parse_regression(values: Mapping[str, Any]) -> list[tuple[str, float]]:
    """Read the option C(baseline_regression): how much worse than the baseline each figure may be, as `10%`."""
    allowed = []
    for figure, value in values.items():
        option = f"baseline_regression.{figure}"
        found = find(str(figure))
        if found is None or found[1].sampled:
            raise BadOptionError(option, f"no figure {figure!r}; there are {', '.join(COMPARABLE)}")
        match = re.fullmatch(r"\s*([0-9]+(?:\.[0-9]+)?)\s*%\s*", str(value))
        if not match:
            raise BadOptionError(option, f"{value!r} is not a percentage such as 10%")
        allowed.append((found[0], float(match.group(1))))
    return allowed


def judge_baseline(
    allowed: Sequence[tuple[str, float]], before: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Hold a run's overall figures against those of an earlier run, `before`. Answers as `judge` does."""
    answers = []
    for figure, percent in allowed:
        earlier = before.get(figure)
        may_fall = figure in FIGURES and FIGURES[figure].higher_is_better
        comparison, sign = (">=", "-") if may_fall else ("<=", "+")
        if earlier is None:
            answer = _answer(Threshold(figure, comparison, 0), None, False, f"the baseline has no {figure}")
            answers.append({**answer, "threshold": f"{figure} {comparison} baseline {sign} {percent:g}%"})
            continue
        limit = earlier * (1 + (-percent if may_fall else percent) / 100)
        for answer in judge([Threshold(figure, comparison, limit)], rows, {}, {}):
            told = f"{figure} {comparison} {_number(limit)} (baseline {_number(earlier)} {sign} {percent:g}%)"
            answers.append({**answer, "threshold": told})
    return answers
