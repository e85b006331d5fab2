# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""Panels as data, and what Grafana reads of them.

The dashboards are written in schema 27, that of Grafana 7.5; a later Grafana migrates them when it opens them.
Everything is drawn by panels that exist from 7.5 on without Angular, but for the heatmap, which in 7.5 still is an
Angular panel and since 9.1 no longer is one.
"""

from __future__ import annotations

import string
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

JSON = dict[str, Any]
# Each from its value on; the first from any.
Steps = Sequence[tuple[float | None, str]]

SCHEMA = 27
WIDTH = 24
DATA_SOURCE = "${datasource}"
# Grafana rounds even an instant query's time down to its step, which grows with the time range and shrinks with the
# number of points: with these, a day's "now" is 8 s old, and not 10 minutes.
POINTS_FOR_NOW = 11000

GREEN, BLUE, ORANGE, RED, GREY = "green", "blue", "orange", "red", "rgb(128, 128, 128)"

# What every expression may name: "@here" in it stands for the first.
HERE = 'job="$job",instance="$instance"'
# $__rate_interval is four scrapes or more, so that a rate has samples to work on at any zoom.
WORDS = {"here": HERE, "window": "$__rate_interval"}

VALUE_OF_NOW: JSON = {"calcs": ["lastNotNull"], "fields": "", "values": False}


class Expression(string.Template):
    """PromQL is full of braces, and Grafana's variables begin with a dollar."""

    delimiter = "@"


def query(expr: str, legend: str = "", **more: Any) -> JSON:
    return {"expr": expr, "legendFormat": legend, **more}


def instant(expr: str, **more: Any) -> JSON:
    """Ask for the value at the end of the time range, not a mean over it."""
    return query(expr, instant=True, range=False, **more)


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
        self, kind: str, description: str, queries: list[JSON], defaults: JSON, overrides: Sequence[JSON] = ()
    ) -> JSON:
        return {
            "type": kind,
            "title": self.title,
            "description": description,
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
    expr: str
    unit: str = "short"
    description: str = ""
    mappings: Mapping[str, str] = field(default_factory=dict)
    thresholds: Steps = ((None, BLUE),)
    colour: str = "value"

    def drawn(self) -> JSON:
        defaults = {"unit": self.unit, "mappings": texts(self.mappings), "thresholds": steps(self.thresholds)}
        options = {
            "reduceOptions": VALUE_OF_NOW,
            "colorMode": self.colour,
            "graphMode": "none",
            "textMode": "value",
            "justifyMode": "auto",
            "orientation": "auto",
        }
        drawn = self.of_type("stat", self.description, [instant(self.expr)], defaults)
        return {**drawn, "options": options, "maxDataPoints": POINTS_FOR_NOW}


@dataclass(frozen=True)
class Gauge(Panel):
    """A part of 1."""

    expr: str
    thresholds: Steps
    description: str = ""

    def drawn(self) -> JSON:
        thresholds = steps(self.thresholds)
        defaults = {"unit": "percentunit", "min": 0, "max": 1, "mappings": [], "thresholds": thresholds}
        options = {"reduceOptions": VALUE_OF_NOW, "showThresholdLabels": False, "showThresholdMarkers": True}
        drawn = self.of_type("gauge", self.description, [instant(self.expr)], defaults)
        return {**drawn, "options": options, "maxDataPoints": POINTS_FOR_NOW}


@dataclass(frozen=True)
class Graph(Panel):
    unit: str
    # Expressions, with legends.
    queries: Sequence[tuple[str, str]]
    description: str = ""
    overrides: Sequence[JSON] = ()
    lowest: int = 0
    custom: JSON = field(default_factory=dict)

    def drawn(self) -> JSON:
        defaults = {
            "unit": self.unit,
            "min": self.lowest,
            "color": {"mode": "palette-classic"},
            "custom": {
                "drawStyle": "line",
                "lineInterpolation": "linear",
                "lineWidth": 1,
                "fillOpacity": 10,
                "showPoints": "never",
                "spanNulls": False,
                "axisPlacement": "auto",
                **self.custom,
            },
        }
        options = {
            "graph": {},
            "legend": {"displayMode": "list", "placement": "bottom", "calcs": []},
            "tooltip": {"mode": "multi"},
            "tooltipOptions": {"mode": "multi"},
        }
        queries = [query(expr, legend) for expr, legend in self.queries]
        return {
            **self.of_type("timeseries", self.description, queries, defaults, self.overrides),
            "options": options,
        }


@dataclass(frozen=True)
class Heatmap(Panel):
    """Of a histogram's buckets."""

    expr: str
    unit: str
    description: str

    def drawn(self) -> JSON:
        return {
            **self.of_type("heatmap", self.description, [query(self.expr, "{{le}}", format="heatmap")], {}),
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


class Column(NamedTuple):
    heading: str
    unit: str
    expr: str
    width: int = 95


@dataclass(frozen=True)
class Table(Panel):
    """One row for each set of `labels`, the one with the most of the first column first.

    The queries' answers are merged by their labels, so that every column is in the one table.
    """

    labels: Sequence[str]
    columns: Sequence[Column]
    description: str

    def drawn(self) -> JSON:
        queries = [instant(column.expr, format="table") for column in self.columns]
        headings = {f"Value #{letter(place)}": column.heading for place, column in enumerate(self.columns)}
        organise = {
            "excludeByName": {"Time": True},
            "indexByName": {name: place for place, name in enumerate(["Time", *self.labels, *headings])},
            "renameByName": headings,
        }
        overrides = [
            {
                "matcher": {"id": "byName", "options": column.heading},
                "properties": [{"id": "unit", "value": column.unit}, {"id": "custom.width", "value": column.width}],
            }
            for column in self.columns
        ]
        defaults = {"custom": {"align": None, "filterable": False}}
        return {
            **self.of_type("table", self.description, queries, defaults, overrides),
            "options": {"showHeader": True, "sortBy": [{"displayName": self.columns[0].heading, "desc": True}]},
            "transformations": [{"id": "merge", "options": {}}, {"id": "organize", "options": organise}],
            "maxDataPoints": POINTS_FOR_NOW,
        }


def shade(legend: str) -> JSON:
    """Draws a series of 0 and 1 as a band behind the others: 7.5 draws no annotations in this kind of panel."""
    properties: list[JSON] = [
        {"id": "unit", "value": "bool_yes_no"},
        {"id": "max", "value": 1},
        {"id": "color", "value": {"mode": "fixed", "fixedColor": GREY}},
        {"id": "custom.axisPlacement", "value": "hidden"},
        {"id": "custom.lineInterpolation", "value": "stepAfter"},
        {"id": "custom.lineWidth", "value": 0},
        {"id": "custom.fillOpacity", "value": 15},
    ]
    return {"matcher": {"id": "byName", "options": legend}, "properties": properties}


def on_the_right(pattern: str, unit: str) -> JSON:
    properties = [{"id": "custom.axisPlacement", "value": "right"}, {"id": "unit", "value": unit}]
    return {"matcher": {"id": "byRegexp", "options": pattern}, "properties": properties}


def variable(name: str, label: str, definition: str, *, many: bool = False) -> JSON:
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
        "regex": "",
        "sort": 1,
        "hide": 0,
        "multi": many,
        "includeAll": many,
        "allValue": ".*" if many else None,
        "current": everything if many else {},
        "options": [],
        "skipUrlSync": False,
    }


def textbox(name: str, label: str, value: str) -> JSON:
    return {
        "name": name,
        "label": label,
        "type": "textbox",
        "query": value,
        "current": {"selected": True, "text": value, "value": value},
        "options": [],
        "hide": 0,
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

BUILT_IN_ANNOTATIONS: JSON = {
    "builtIn": 1,
    "datasource": "-- Grafana --",
    "enable": True,
    "hide": True,
    "iconColor": "rgba(0, 211, 255, 1)",
    "name": "Annotations & Alerts",
    "type": "dashboard",
}

# Made by locust_run, over the time of the run, with its verdict. Drawn from Grafana 8 on.
LOAD_RUNS: JSON = {
    "name": "Load runs",
    "datasource": "-- Grafana --",
    "enable": True,
    "hide": False,
    "iconColor": "rgba(87, 148, 242, 1)",
    "type": "tags",
    "tags": ["locust_run"],
    "matchAny": False,
    "limit": 100,
}


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
    # What an expression may name besides WORDS.
    words: Mapping[str, str]
    variables: list[JSON]
    annotations: list[JSON]
    panels: Sequence[Panel]

    def drawn(self) -> JSON:
        return {
            "uid": self.uid,
            "title": self.title,
            "description": self.description,
            "tags": self.tags,
            "schemaVersion": SCHEMA,
            "editable": True,
            "graphTooltip": 1,
            "time": {"from": "now-15m", "to": "now"},
            "refresh": "10s",
            "timezone": "",
            "annotations": {"list": [BUILT_IN_ANNOTATIONS, *self.annotations]},
            "templating": {"list": [DATA_SOURCE_VARIABLE, *self.variables]},
            "links": [],
            "panels": placed(self.panels, {**WORDS, **self.words}),
        }
