# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the monitor_lab contributors
"""Draws a graph as SVG for a page's own colours, which it names by CSS variables.

No text but numbers gets into a picture: names are anybody's, and stand in the page, where they wrap and are escaped.
"""

from __future__ import annotations

import io
import math
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from importlib.util import find_spec
from typing import Optional

from markupsafe import Markup

from .artifacts import ReportError
from .graphs import MOST_LINES, Graph, Line

# In points: as wide as a phone, where its texts have to be readable. Wider screens show it larger, several in a row.
WIDTH, HEIGHT = 360, 170
FONT_SIZE = 10
# What is drawn in these colours gets the page's: nothing else has them.
_INK, _GRID = "#010101", "#010102"
_LINES = [f"#0101{number:02x}" for number in range(0x10, 0x10 + MOST_LINES)]
_COLOURS = {
    _INK: "var(--muted)",
    _GRID: "var(--grid)",
    **{colour: f"var(--line-{number})" for number, colour in enumerate(_LINES)},
}
# Each with its dashes, in widths of the line, for who can't tell the colours apart.
DASHES: Sequence[tuple[float, ...]] = ((), (4, 2), (1, 1.5), (6, 2, 1, 2), (8, 3), (2, 1))
# How far apart marks of time may be, in seconds.
_DAY = 86400
_TIMES = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200, _DAY)
_MOST_MARKS = 6
# A limit so many times above all that was measured would flatten it to a line.
_FAR_OFF = 2


@dataclass(frozen=True)
class TimeAxis:
    """From where to where it goes, in seconds since the epoch."""

    start: float
    end: float
    is_elapsed: bool
    """Whether its marks say how much has elapsed, in place of what the clock said (UTC)."""
    begins: Sequence[float] = ()
    """Moments with an upright line: at each of them something else begins."""


def check_library() -> None:
    """Say what to do where there is no matplotlib."""
    if find_spec("matplotlib") is None:
        raise ReportError(
            f"matplotlib, which draws the graphs, is not there for {sys.executable} on the controller; install it by "
            f"`{sys.executable} -m pip install matplotlib`, or with your distribution's Ansible as python3-matplotlib"
        )


def draw(graph: Graph, axis: TimeAxis, top: Optional[float] = None, place: str = "") -> Markup:
    """Return the graph over a time.

    `top` is what the scale reaches to, in place of what this graph needs. Graphs of one title have each its `place`.
    """
    # It takes a second to load, and most who load this draw nothing.
    from matplotlib import style
    from matplotlib.figure import Figure
    from matplotlib.ticker import FixedLocator, MaxNLocator

    # Texts stay texts, and no two pictures of a page name a part alike. Nobody's own settings change anything.
    settings = {"svg.fonttype": "none", "svg.hashsalt": f"{graph.title} {place}", "font.size": FONT_SIZE}
    with style.context(["default", settings]):
        figure = Figure(figsize=(WIDTH / 72, HEIGHT / 72))
        axes = figure.add_axes((0.12, 0.15, 0.83, 0.81))
        for line in graph.lines:
            dashes = DASHES[line.style]
            times = [time for time, _number in line.points]
            numbers = [math.nan if number is None else number for _time, number in line.points]
            axes.plot(
                times,
                numbers,
                color=_LINES[line.style],
                linewidth=1.6,
                linestyle=(0, dashes) if dashes else "solid",
                # A single one is no line.
                marker="o" if len(line.numbers) < 2 else "",
                markersize=4,
            )
        for _text, limit in near_limits(graph, top):
            axes.axhline(limit, color=_INK, linewidth=1.2, linestyle=(0, (1, 2)))
        for moment in axis.begins:
            axes.axvline(moment, color=_INK, linewidth=0.8, linestyle=(0, (4, 3)))
        axes.set_xlim(axis.start, max(axis.end, axis.start + 1))
        axes.set_ylim(0, top or scale_of(graph))
        marks = _marks(axis)
        axes.xaxis.set_major_locator(FixedLocator([time for time, _text in marks]))
        axes.set_xticklabels([text for _time, text in marks])
        axes.yaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 2.5, 5, 10]))
        axes.yaxis.set_major_formatter(lambda number, _position: f"{number:,.4g}")
        axes.tick_params(colors=_INK, length=0, pad=5)
        axes.grid(axis="y", color=_GRID, linewidth=0.8)
        for spine in axes.spines.values():
            spine.set_visible(False)
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None})
    return _inlined(buffer.getvalue())


def scale_of(graph: Graph) -> float:
    """Return what a graph's scale reaches to."""
    numbers = _highest(graph.lines)
    limits = [limit for _text, limit in near_limits(graph, None)]
    # Of nothing but zeros there is still a scale.
    return 1.08 * max([*limits, numbers]) or 1.0


def near_limits(graph: Graph, top: Optional[float]) -> list[tuple[str, float]]:
    """Return the limits that are drawn."""
    reaches = top or _FAR_OFF * _highest(graph.lines)
    return [(text, limit) for text, limit in graph.limits if limit <= reaches]


def _highest(lines: Sequence[Line]) -> float:
    return max((number for line in lines for number in line.numbers), default=0.0)


def _marks(axis: TimeAxis) -> list[tuple[float, str]]:
    """Return the marks of time, each with its text."""
    length = axis.end - axis.start
    days = math.ceil(length / _DAY / _MOST_MARKS)
    apart = next((each for each in _TIMES if length / each < _MOST_MARKS), days * _DAY)
    zero = axis.start if axis.is_elapsed else 0.0
    first = math.ceil((axis.start - zero) / apart)
    moments = [apart * number for number in range(first, math.floor((axis.end - zero) / apart) + 1)]
    return [(zero + moment, _elapsed(moment) if axis.is_elapsed else _clock(moment, apart)) for moment in moments]


def _elapsed(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _clock(seconds: float, apart: float) -> str:
    moment = datetime.fromtimestamp(seconds, timezone.utc)
    return moment.strftime("%d %b" if apart >= _DAY else "%H:%M" if apart >= 60 else "%H:%M:%S")


def _inlined(svg: str) -> Markup:
    """Return matplotlib's file as a part of a page, as large as its place there."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>\s*|<style.*?</style>|<!--.*?-->\s*", "", svg, flags=re.DOTALL)
    # Those that nothing refers to are the same in each picture; a hash names the others.
    svg = re.sub(r' id="[\w.]+_\d+"', "", svg)
    svg = re.sub(r'<svg [^>]*?viewBox="([^"]*)"[^>]*>', r'<svg viewBox="\1" aria-hidden="true">', svg, count=1)
    # A tenth of a point is more than is seen. What is read stays as it is.
    svg = re.sub(r"<[^>]*>", lambda tag: re.sub(r"-?\d+\.\d{2,}", _rounded, tag.group()), svg)
    for colour, variable in _COLOURS.items():
        svg = svg.replace(colour, variable)
    # It is made of numbers, and of matplotlib's own words.
    return Markup(svg)


def _rounded(number: re.Match[str]) -> str:
    return f"{float(number.group()):.1f}".removesuffix(".0")
