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

from .figures import COMPARABLE, CURRENT, FIGURES
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
_EXPRESSION = re.compile(r"\s*([a-z_]+|p[0-9.]+)\s*(<=|>=|==|<|>)\s*([0-9]+(?:\.[0-9]+)?)\s*")
_KEYS = ("threshold", "name", "method", "for", "abort")


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

    def __str__(self) -> str:
        return f"{self.figure} {self.comparison} {float(self.limit)!r}".removesuffix(".0")

    @property
    def endpoint(self) -> str:
        return " ".join(part for part in (self.method, self.name) if part)

    @property
    def watched(self) -> bool:
        return self.abort or self.lasting is not None

    def holds(self, measured: float) -> bool:
        return _OPERATORS[self.comparison](measured, self.limit)

    def breached_now(self, sample: Mapping[str, Any]) -> bool:
        """Tell whether Locust's current figures breach this. A figure that Locust does not have yet breaches nothing.

        What has to be high enough is looked at once the figures cover nothing but time with every user running.
        """
        measured = sample.get(self.figure)
        if not self.watched or measured is None or not sample["counted"]:
            return False
        if self.comparison in (">", ">=", "==") and not sample["steady"]:
            return False
        return not self.holds(measured)


# Held where no threshold names its figure: Locust's own headless run fails on an exception in a task, too.
NO_EXCEPTIONS = Threshold("num_exceptions", "==", 0)


def with_defaults(thresholds: Sequence[Threshold]) -> list[Threshold]:
    """Return the thresholds and the default, unless one of them names its figure."""
    named = any(threshold.figure == NO_EXCEPTIONS.figure for threshold in thresholds)
    return [*thresholds, *([] if named else [NO_EXCEPTIONS])]


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
    figure, comparison, limit = match.groups()
    if figure not in FIGURES:
        raise BadOptionError(option, f"no figure {figure!r}; there are {', '.join(FIGURES)}")
    for key in ("name", "method"):
        if not isinstance(settings.get(key), (str, type(None))):
            raise BadOptionError(option, f"{key} is {settings[key]!r}, not a text")
    abort = settings.get("abort", False)
    if not isinstance(abort, bool):
        raise BadOptionError(option, f"abort is {abort!r}, not true or false")
    threshold = Threshold(
        figure=figure,
        comparison=comparison,
        limit=float(limit),
        name=settings.get("name"),
        method=settings.get("method"),
        lasting=None if settings.get("for") is None else seconds(f"{option}.for", settings["for"]),
        abort=abort,
    )
    _check(option, threshold, run_time)
    return threshold


def _check(option: str, threshold: Threshold, run_time: int) -> None:
    if threshold.method is not None and threshold.name is None:
        raise BadOptionError(option, "method needs the name of an endpoint beside it")
    if threshold.endpoint and FIGURES[threshold.figure].of_the_whole_run:
        raise BadOptionError(option, f"{threshold.figure} is counted for the whole run, not for an endpoint")
    if threshold.watched and (threshold.endpoint or not FIGURES[threshold.figure].current):
        raise BadOptionError(
            option,
            "for and abort need a current figure, and Locust gives those for "
            f"{', '.join(CURRENT)} over all endpoints only",
        )
    if threshold.lasting is not None and not 0 < threshold.lasting <= run_time:
        raise BadOptionError(f"{option}.for", f"{threshold.lasting} s is not within the {run_time} s that are judged")


class Watcher:
    """Follows the thresholds with C(for) or C(abort) through the samples of a run."""

    def __init__(self, thresholds: Sequence[Threshold]) -> None:
        self._since: dict[Threshold, float] = {}
        self._thresholds = [threshold for threshold in thresholds if threshold.watched]
        self.breaches: dict[Threshold, dict[str, Any]] = {}

    def see(self, sample: Mapping[str, Any]) -> Optional[Threshold]:
        """Take the next sample in; return the threshold that ends the run, if one does."""
        ending = None
        for threshold in self._thresholds:
            if not threshold.breached_now(sample):
                self._since.pop(threshold, None)
                continue
            since = self._since.setdefault(threshold, sample["elapsed"])
            if sample["elapsed"] - since >= (threshold.lasting or 0):
                self.breaches.setdefault(threshold, dict(sample))
                if threshold.abort:
                    ending = ending or threshold
        return ending


def judge(
    thresholds: Sequence[Threshold],
    rows: Sequence[Mapping[str, Any]],
    peak_users: int,
    breaches: Mapping[Threshold, Mapping[str, Any]],
) -> list[dict[str, Any]]:
    """Hold each threshold against a run's figures.

    `rows` is what `locust_client.parse_stats` gives; `breaches` is what a `Watcher` saw. A threshold without a method
    is held against every endpoint of its name. Each answer has C(threshold), C(name), C(method), C(measured), C(passed)
    and C(message).
    """
    return [
        answer
        for threshold in thresholds
        for answer in (
            [_watched(threshold, breaches[threshold])]
            if threshold in breaches
            else [_judged(threshold, row, peak_users) for row in _rows_of(threshold, rows)] or [_missing(threshold)]
        )
    ]


def _rows_of(threshold: Threshold, rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    if not threshold.endpoint:
        return [row for row in rows if is_total(row)]
    return [
        row
        for row in rows
        if not is_total(row)
        and row["name"] == threshold.name
        and threshold.method in (None, row["method"])
        and row["num_requests"] > 0
    ]


def is_total(row: Mapping[str, Any]) -> bool:
    """Tell whether this is Locust's row over all endpoints."""
    return bool(row["name"] == "Aggregated" and not row["method"])


def _answer(
    threshold: Threshold, measured: Optional[float], passed: bool, message: str, row: Mapping[str, Any]
) -> dict[str, Any]:
    name, method = ("", "") if not threshold.endpoint else (row.get("name"), row.get("method"))
    return {
        "threshold": str(threshold) + (f" for {threshold.lasting}s" if threshold.lasting else ""),
        "name": name or threshold.name or "",
        "method": method or threshold.method or "",
        "measured": measured,
        "passed": passed,
        "message": message,
    }


def _judged(threshold: Threshold, row: Mapping[str, Any], peak_users: int) -> dict[str, Any]:
    if threshold.lasting is not None:
        return _answer(threshold, row.get(threshold.figure), True, "never breached that long", row)
    measured = peak_users if FIGURES[threshold.figure].sampled else row.get(threshold.figure)
    if measured is None:
        return _answer(threshold, None, False, f"Locust gave no {threshold.figure}", row)
    passed = threshold.holds(measured)
    return _answer(threshold, measured, passed, f"{threshold.figure} is {_number(measured)}", row)


def _watched(threshold: Threshold, sample: Mapping[str, Any]) -> dict[str, Any]:
    measured = sample[threshold.figure]
    message = f"{threshold.figure} was {_number(measured)} after {sample['elapsed']:.0f} s"
    return _answer(threshold, measured, False, message + (", run ended" if threshold.abort else ""), {})


def _missing(threshold: Threshold) -> dict[str, Any]:
    what = f"endpoint {threshold.endpoint} never appeared" if threshold.endpoint else "no request was counted"
    return _answer(threshold, None, False, what, {})


def _number(value: float) -> str:
    return f"{value:.4g}" if isinstance(value, float) and value < 10000 else f"{value:.0f}"


def parse_regression(values: Mapping[str, Any]) -> list[tuple[str, float]]:
    """Read the option C(baseline_regression): how much worse than the baseline each figure may be, as `10%`."""
    allowed = []
    for figure, value in values.items():
        option = f"baseline_regression.{figure}"
        if figure not in COMPARABLE:
            raise BadOptionError(option, f"no figure {figure!r}; there are {', '.join(COMPARABLE)}")
        match = re.fullmatch(r"\s*([0-9]+(?:\.[0-9]+)?)\s*%\s*", str(value))
        if not match:
            raise BadOptionError(option, f"{value!r} is not a percentage such as 10%")
        allowed.append((figure, float(match.group(1))))
    return allowed


def judge_baseline(
    allowed: Sequence[tuple[str, float]], before: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Hold a run's overall figures against those of an earlier run, `before`. Answers as `judge` does."""
    answers = []
    for figure, percent in allowed:
        earlier = before.get(figure)
        if earlier is None:
            threshold = Threshold(figure, "<=", 0)
            answers.append(_answer(threshold, None, False, f"the baseline has no {figure}", {}))
            continue
        sign = -1 if FIGURES[figure].higher_is_better else 1
        limit = earlier * (1 + sign * percent / 100)
        threshold = Threshold(figure, "<=" if sign > 0 else ">=", limit)
        for answer in judge([threshold], rows, 0, {}):
            bound = f"{figure} {threshold.comparison} {_number(limit)}"
            answer["threshold"] = f"{bound} (baseline {_number(earlier)} {'+' if sign > 0 else '-'} {percent:g}%)"
            answers.append(answer)
    return answers
