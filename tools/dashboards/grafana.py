# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""Panels as data, and what Grafana reads of them.

The dashboards are written in schema 27, that of Grafana 7.5; a later Grafana migrates them when it opens them.
Everything is drawn by panels that exist from 7.5 on without Angular, but for the heatmap, which in 7.5 still is an
Angular panel and since 9.1 no longer is one.
"""

from __future__ import annotations

import re
import string
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

JSON = dict[str, Any]
# Each from its value on; the first from any, and where there is no value.
Steps = Sequence[tuple[float | None, str]]

SCHEMA = 27
WIDTH = 24
DATA_SOURCE = "${datasource}"
TAG = "monitor-lab"
# Grafana rounds even an instant query's time down to its step, which grows with the time range and shrinks with the
# number of points: with these, a day's "now" is 8 s old, and not 10 minutes.
POINTS_FOR_NOW = 11000

# Of these, no two look alike to people who cannot tell red from green; nor do these, from https://jfly.uni-koeln.de/color/
GREEN, ORANGE, RED, GREY = "#0FA968", "#E69F00", "#C4162A", "#6B7280"
BLUE, SKY, PURPLE = "#3274D9", "#56B4E9", "#CC79A7"

# $__rate_interval is four scrapes or more, so that a rate has samples to work on at any zoom.
WINDOW = "$__rate_interval"

WHOLE_VALUE: JSON = {"decimals": 0}
VALUE_OF_NOW: JSON = {"calcs": ["lastNotNull"], "fields": "", "values": False}
# Up to where an axis goes at least, in its unit: one that is all zero would end anywhere else, as at 1.67 min.
LEAST_TOP: Mapping[str, float] = {
    "s": 0.01,
    "reqps": 1,
    "percentunit": 0.05,
    "none": 10,
    "bytes": 1000,
    "Bps": 1000,
    "cps": 1,
}
# Without one, no more than 1 is drawn of what is in this unit.
MOST = {"percentunit": 100}


class Expression(string.Template):
    """PromQL is full of braces, and Grafana's variables begin with a dollar; its own @ is written twice."""

    delimiter = "@"


class Note(NamedTuple):
    """What a panel shows, and how to read it."""

    what: str
    good: str
    bad: str

    def text(self) -> str:
        return f"{self.what}\n\nGood: {self.good}\n\nBad: {self.bad}"


def query(expr: str, legend: str = "", **more: Any) -> JSON:
    return {"expr": expr, "legendFormat": legend, **more}


def instant(expr: str, **more: Any) -> JSON:
    """Ask for the value at the end of the time range, not a mean over it."""
    return query(expr, instant=True, range=False, **more)


def shortened(expr: str, label: str = "instance") -> str:
    """Add a host's name without its domain and port as the label `short`: a phone's legend has no room for more.

    An address stays.
    """
    return f'label_replace({expr}, "short", "$1", "{label}", "([0-9]+[.][0-9.]+|[[][^]]+[]]|[^.:]+).*")'


def letter(place: int) -> str:
    return chr(ord("A") + place)


def steps(colours: Steps) -> JSON:
    return {"mode": "absolute", "steps": [{"value": value, "color": colour} for value, colour in colours]}


def texts(words: Mapping[str, str]) -> list[JSON]:
    """Value mappings in the form of 7.5; later versions migrate it."""
    return [
        {"id": number, "type": 1, "value": value, "text": text}
        for number, (value, text) in enumerate(words.items(), start=1)
    ]


def override(name: str, properties: Sequence[JSON]) -> JSON:
    return {"matcher": {"id": "byName", "options": name}, "properties": list(properties)}


@dataclass(frozen=True)
class Panel(ABC):
    """One row of a dashboard's table: panels are placed from left to right, line by line."""

    width: int
    height: int
    title: str

    @abstractmethod
    def drawn(self) -> JSON:
        """Return the panel without its place."""

    def of_type(
        self, kind: str, note: Note, queries: list[JSON], defaults: JSON, overrides: Sequence[JSON] = ()
    ) -> JSON:
        return {
            "type": kind,
            "title": self.title,
            "description": note.text(),
            "datasource": DATA_SOURCE,
            "targets": [{"refId": letter(place), **one} for place, one in enumerate(queries)],
            "fieldConfig": {"defaults": defaults, "overrides": list(overrides)},
        }


@dataclass(frozen=True)
class Heading(Panel):
    """What Grafana calls a row."""

    width: int = field(default=WIDTH, init=False)
    height: int = field(default=1, init=False)

    def drawn(self) -> JSON:
        return {"type": "row", "title": self.title, "collapsed": False, "panels": []}


@dataclass(frozen=True)
class Stat(Panel):
    note: Note
    expr: str
    unit: str = "none"
    mappings: Mapping[str, str] = field(default_factory=dict)
    thresholds: Steps = ((None, BLUE),)
    colour: str = "value"
    # Where there is no value.
    nothing: str = "none"

    def drawn(self) -> JSON:
        defaults = {
            "unit": self.unit,
            **(WHOLE_VALUE if self.unit == "none" else {}),
            "noValue": self.nothing,
            "mappings": texts(self.mappings),
            "thresholds": steps(self.thresholds),
        }
        options = {
            "reduceOptions": VALUE_OF_NOW,
            "colorMode": self.colour,
            "graphMode": "none",
            "textMode": "value",
            "justifyMode": "auto",
            "orientation": "auto",
        }
        drawn = self.of_type("stat", self.note, [instant(self.expr)], defaults)
        return {**drawn, "options": options, "maxDataPoints": POINTS_FOR_NOW}


class Line(NamedTuple):
    expr: str
    legend: str
    # What it has of its own.
    properties: Sequence[JSON] = ()

    def override(self) -> JSON:
        if "{{" not in self.legend:
            return override(self.legend, self.properties)
        pattern = re.sub(r"\{\{.*?\}\}", ".*", self.legend)
        return {"matcher": {"id": "byRegexp", "options": f"/^{pattern}$/"}, "properties": list(self.properties)}


@dataclass(frozen=True)
class Graph(Panel):
    """Lines over time, before the bands of the runs."""

    note: Note
    unit: str
    lines: Sequence[Line]
    # A table has a line for each.
    legend: str = "table"
    # Fewer than the screen could show, where each costs much: a histogram of Locust's has 334 series an endpoint.
    points: int | None = None

    def drawn(self) -> JSON:
        defaults = {
            "unit": self.unit,
            "min": 0,
            **({"max": MOST[self.unit]} if self.unit in MOST else {}),
            "color": {"mode": "palette-classic"},
            "custom": {
                "drawStyle": "line",
                "lineInterpolation": "linear",
                "lineWidth": 1,
                # Fills that overlap make colours that no legend has.
                "fillOpacity": 0,
                "showPoints": "never",
                "spanNulls": False,
                "axisPlacement": "auto",
                "axisSoftMax": LEAST_TOP[self.unit],
            },
        }
        options = {
            "graph": {},
            "legend": {
                "displayMode": self.legend,
                "placement": "bottom",
                "calcs": ["lastNotNull", "mean", "max"],
                # Of many lines the largest are seen without scrolling; 7.5 keeps Prometheus's order.
                "sortBy": "Max",
                "sortDesc": True,
                "showLegend": True,
            },
            "tooltip": {"mode": "multi"},
            "tooltipOptions": {"mode": "multi"},
        }
        behind, overrides = backdrop([{"id": "unit", "value": self.unit}], *(line.properties for line in self.lines))
        queries = [query(line.expr, line.legend) for line in self.lines]
        overrides = [line.override() for line in self.lines if line.properties] + overrides
        return {
            **self.of_type("timeseries", self.note, [*queries, behind], defaults, overrides),
            "options": options,
            **({} if self.points is None else {"maxDataPoints": self.points}),
        }


@dataclass(frozen=True)
class Heatmap(Panel):
    """Of a histogram's buckets."""

    note: Note
    expr: str
    unit: str

    def drawn(self) -> JSON:
        return {
            **self.of_type("heatmap", self.note, [query(self.expr, "{{le}}", format="heatmap")], {}),
            "options": {},
            "dataFormat": "tsbuckets",
            "color": {
                "mode": "spectrum",
                "colorScheme": "interpolateOranges",
                "exponent": 0.5,
                "cardColor": "#b4ff00",
            },
            "yAxis": {"format": self.unit, "show": True, "logBase": 1},
            "xAxis": {"show": True},
            "tooltip": {"show": True, "showHistogram": False},
            "legend": {"show": True},
            "cards": {"cardPadding": None, "cardRound": None},
            "heatmap": {},
            "highlightCards": True,
            "hideZeroBuckets": True,
            "yBucketBound": "upper",
            "reverseYBuckets": False,
        }


class Label(NamedTuple):
    """A column of names; without a width it has what the others leave."""

    label: str
    heading: str
    width: int | None = None
    properties: Sequence[JSON] = ()


class Column(NamedTuple):
    """A column of figures."""

    heading: str
    unit: str
    expr: str
    width: int = 85
    properties: Sequence[JSON] = ()
    # For links to read: from Grafana 8 on it is not shown.
    hidden: bool = False


@dataclass(frozen=True)
class Table(Panel):
    """One row for each set of `labels`, the one with the most of the column `sorted_by` first.

    The queries' answers are merged by their labels, so that every column is in the one table.
    """

    note: Note
    labels: Sequence[Label]
    columns: Sequence[Column]
    sorted_by: str
    # Headings that come before the labels: a phone shows no more than three columns.
    first: Sequence[str] = ()

    def drawn(self) -> JSON:
        # Some versions mix up what comes behind a column that is not shown.
        columns = sorted(self.columns, key=lambda column: column.hidden)
        queries = [instant(column.expr, format="table") for column in columns]
        headings = {label.label: label.heading for label in self.labels}
        headings |= {f"Value #{letter(place)}": column.heading for place, column in enumerate(columns)}
        if len(columns) == 1:
            headings["Value"] = headings.pop("Value #A")
        order = sorted(headings, key=lambda name: headings[name] not in self.first)
        organise = {
            "excludeByName": {"Time": True},
            "indexByName": {name: place for place, name in enumerate(["Time", *order])},
            "renameByName": headings,
        }
        overrides = [
            override(label.heading, [*([width(label.width)] if label.width else []), *label.properties])
            for label in self.labels
            if label.width or label.properties
        ] + [
            override(
                column.heading,
                [
                    {"id": "unit", "value": column.unit},
                    width(column.width),
                    *([WHOLE] if column.unit == "none" else []),
                    *([{"id": "custom.hidden", "value": True}] if column.hidden else []),
                    *column.properties,
                ],
            )
            for column in columns
        ]
        defaults = {"custom": {"align": None, "filterable": False}}
        return {
            **self.of_type("table", self.note, queries, defaults, overrides),
            "options": {"showHeader": True, "sortBy": [{"displayName": self.sorted_by, "desc": True}]},
            "transformations": [{"id": "merge", "options": {}}, {"id": "organize", "options": organise}],
            "maxDataPoints": POINTS_FOR_NOW,
        }


def width(pixels: int) -> JSON:
    return {"id": "custom.width", "value": pixels}


def colour(name: str) -> JSON:
    return {"id": "color", "value": {"mode": "fixed", "fixedColor": name}}


THICK: JSON = {"id": "custom.lineWidth", "value": 2}
STEPPED: JSON = {"id": "custom.lineInterpolation", "value": "stepAfter"}
DASHED: JSON = {"id": "custom.lineStyle", "value": {"fill": "dash", "dash": [10, 10]}}
WHOLE: JSON = {"id": "decimals", "value": 0}


def on_the(side: str, unit: str) -> list[JSON]:
    """Give a series an axis of its own: `side` is left, right or hidden."""
    return [
        {"id": "unit", "value": unit},
        {"id": "custom.axisPlacement", "value": side},
        {"id": "custom.axisSoftMax", "value": LEAST_TOP[unit]},
    ]


def cell(thresholds: Steps, words: Mapping[str, str] | None = None) -> list[JSON]:
    """Colour a column's cells, and write `words` in place of values."""
    return [
        {"id": "custom.displayMode", "value": "color-background"},
        {"id": "thresholds", "value": steps(thresholds)},
        {"id": "mappings", "value": texts(words or {})},
    ]


# Of a part of what was asked that failed, 0 to 1.
FAILED_STEPS: Steps = ((None, GREY), (0, GREEN), (0.01, ORANGE), (0.05, RED))
# The whole of it is shown in 7.5 to who points at it, and later to who asks for it. On several lines, a long word, as a
# URL is one, makes the row higher than the panel, and is cut for all that.
INSPECTED: JSON = {"id": "custom.inspect", "value": True}
# 7.5 gives 150 to a column that has no width.
NARROW: JSON = {"id": "custom.minWidth", "value": 60}


GOING = "(locust_run_info{@runs} unless on (job, instance) locust_run_end_time_seconds)"
JUDGED = f"({GOING} and on (run) last_over_time(locust_run_info{{@runs,verdict=~'%s'}}[$__range] @@ end()))"
# The times of runs, in the colour of how they ended. 7.5 draws no annotations in graphs.
BANDS = {
    "run": (f"@at_work unless on (job, instance) {JUDGED % 'passed|failed'}", GREY),
    "run passed": (JUDGED % "passed", GREEN),
    "run failed": (JUDGED % "failed", RED),
}
BAND: Sequence[JSON] = [
    {"id": "unit", "value": "bool_yes_no"},
    {"id": "max", "value": 1},
    {"id": "custom.axisPlacement", "value": "hidden"},
    STEPPED,
    {"id": "custom.lineWidth", "value": 0},
    {"id": "custom.fillOpacity", "value": 15},
]


def hidden_from(*, tooltip: bool = False) -> JSON:
    """Have a series drawn and not named, which versions of Grafana write differently."""
    return {"id": "custom.hideFrom", "value": {"legend": True, "tooltip": tooltip, "graph": False, "viz": False}}


def backdrop(*drawn: Sequence[JSON]) -> tuple[JSON, list[JSON]]:
    """Return what is behind the lines, whose properties are `drawn`, as one query and its overrides.

    Those are the bands, and for each axis a line without a width at its least top: 7.5 asks for more than its soft
    maximum where all is zero.
    """
    parts = {name: f"group({expr})" for name, (expr, _colour) in BANDS.items()}
    overrides = [override(name, [*BAND, colour(of), hidden_from()]) for name, (_expr, of) in BANDS.items()]
    for axis in drawn:
        properties = {one["id"]: one for one in axis}
        if "unit" not in properties or properties.get("custom.axisPlacement", {}).get("value") == "hidden":
            continue
        unit = properties["unit"]["value"]
        parts[f"least {unit}"] = f"vector({LEAST_TOP[unit]})"
        invisible = [{"id": "custom.lineWidth", "value": 0}, hidden_from(tooltip=True)]
        place = [one for name, one in properties.items() if name == "unit" or name.startswith("custom.axis")]
        least = override(f"least {unit}", [*place, *invisible])
        if least not in overrides:
            overrides.append(least)
    expr = " or ".join(f'label_replace({part}, "behind", "{name}", "", "")' for name, part in parts.items())
    return query(expr, "{{behind}}"), overrides


def variable(
    name: str, label: str, definition: str, *, many: bool = False, hidden: bool = False, pattern: str = ""
) -> JSON:
    everything = {"selected": True, "text": ["All"] if many else "All", "value": ["$__all"] if many else "$__all"}
    return {
        "name": name,
        "label": label,
        "type": "query",
        "datasource": DATA_SOURCE,
        "definition": definition,
        "query": {"query": definition, "refId": f"variable-{name}"},
        # Asked again when the time range changes: what ran then is what there is to choose from.
        "refresh": 2,
        "regex": pattern,
        "sort": 1,
        "hide": 2 if hidden else 0,
        "multi": many,
        "includeAll": many,
        "allValue": ".*" if many else None,
        "current": everything if many else {},
        "options": [],
        "skipUrlSync": False,
    }


def choice(name: str, label: str, values: Sequence[str], chosen: str) -> JSON:
    return {
        "name": name,
        "label": label,
        "type": "custom",
        "query": ",".join(values),
        "hide": 0,
        "multi": False,
        "includeAll": False,
        "allValue": None,
        "current": {"selected": True, "text": chosen, "value": chosen},
        "options": [{"selected": value == chosen, "text": value, "value": value} for value in values],
        "skipUrlSync": False,
    }


DATA_SOURCE_VARIABLE: JSON = {
    "name": "datasource",
    "label": "Data source",
    "type": "datasource",
    "query": "prometheus",
    "refresh": 1,
    "regex": "",
    "hide": 0,
    "multi": False,
    "includeAll": False,
    "current": {},
    "options": [],
    "skipUrlSync": False,
}

# Off: it draws every run that was annotated on the dashboard, of whichever lab, in one colour.
BUILT_IN_ANNOTATIONS: JSON = {
    "builtIn": 1,
    "datasource": "-- Grafana --",
    "enable": False,
    "hide": True,
    "iconColor": "rgba(0, 211, 255, 1)",
    "name": "Annotations & Alerts",
    "type": "dashboard",
}

# Made by locust_run, over the time of the run. Drawn from Grafana 8 on.
RUN_ANNOTATIONS: Sequence[JSON] = [
    {
        "name": f"Runs {verdict}",
        "datasource": "-- Grafana --",
        "enable": True,
        # Without a switch of its own beside the variables.
        "hide": True,
        "iconColor": name,
        "type": "tags",
        "tags": ["locust_run", verdict, "lab:$lab"],
        "matchAny": False,
        "limit": 100,
    }
    for verdict, name in (("passed", GREEN), ("failed", RED), ("incomplete", GREY))
]

# The exercise's runs are many, and short.
LAB_VARIABLE = variable("lab", "Lab", 'label_values(locust_run_info{lab!="exercise"}, lab)')


def link(title: str, **settings: Any) -> JSON:
    return {
        "title": title,
        "type": "link",
        "icon": "external link",
        "url": "",
        "tags": [],
        "asDropdown": False,
        "keepTime": False,
        "includeVars": False,
        "targetBlank": False,
        "tooltip": "",
        **settings,
    }


OTHER_DASHBOARDS = link(
    "Dashboards", type="dashboards", tags=[TAG], keepTime=True, includeVars=True, tooltip="At the same time"
)


def placed(panels: Sequence[Panel], words: Mapping[str, str]) -> list[JSON]:
    """With their expressions filled, and numbered: Grafana 7.5 opens none without ids."""
    found = []
    x = y = line = 0
    for number, panel in enumerate(panels, start=1):
        if x + panel.width > WIDTH:
            x, y, line = 0, y + line, 0
        drawn = panel.drawn()
        for target in drawn.get("targets", []):
            target["expr"] = Expression(target["expr"]).substitute(words)
        place = {"x": x, "y": y, "w": panel.width, "h": panel.height}
        found.append({"id": number, "gridPos": place, **drawn})
        x += panel.width
        line = max(line, panel.height)
    return found


@dataclass(frozen=True)
class Dashboard:
    uid: str
    title: str
    description: str
    tags: list[str]
    # What an expression may name as @word, besides @window.
    words: Mapping[str, str]
    variables: list[JSON]
    panels: Sequence[Panel]
    annotations: Sequence[JSON] = ()
    links: Sequence[JSON] = ()
    # What else counts as the time of a run.
    running: str = GOING

    def at_work(self) -> str:
        return Expression(self.running).substitute(self.words)

    def drawn(self) -> JSON:
        return {
            "uid": self.uid,
            "title": self.title,
            "description": self.description,
            "tags": [*self.tags, TAG],
            "schemaVersion": SCHEMA,
            "editable": True,
            "graphTooltip": 1,
            "time": {"from": "now-15m", "to": "now"},
            "refresh": "10s",
            "timezone": "",
            "annotations": {"list": [BUILT_IN_ANNOTATIONS, *RUN_ANNOTATIONS, *self.annotations]},
            "templating": {"list": [DATA_SOURCE_VARIABLE, LAB_VARIABLE, *self.variables]},
            "links": [OTHER_DASHBOARDS, *self.links],
            "panels": placed(self.panels, {"window": WINDOW, "at_work": self.at_work(), **self.words}),
        }
