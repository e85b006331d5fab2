# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the monitor_lab contributors
"""One page of HTML about a run, an exercise or a stretch of time, which asks for nothing else: C(page.html.j2).

Names, errors and settings are those of whoever made the load and of what it went to. Jinja escapes all of them, what
would turn or hide the writing is spelt out, and of what is long or many the page has the beginning, and says so.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Optional
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from ...module_utils._lab.prometheus import PrometheusError
from .._exercise import COLUMNS, cells
from .alerts import Alert, alerts
from .artifacts import Exercise, Row, Run, seconds_of
from .chart import DASHES, TimeAxis, draw, near_limits, scale_of
from .comparison import Windows, compare, windows_of_endpoints
from .graphs import Graph, asked_of, graphs, series_of
from .prometheus import Prometheus
from .texts import NOTHING, cut, plain, shown
from .times import duration, moment

NAME = "lab_report.html"
# Rows, and characters of one text: a page stays below 2 MB whatever it is about.
MOST_ENDPOINTS, MOST_THRESHOLDS, MOST_ERRORS, MOST_EXCEPTIONS, MOST_ALERTS, MOST_RUNS = 200, 100, 50, 10, 100, 100
LONGEST_NAME, LONGEST_ERROR, LONGEST_TRACEBACK = 200, 500, 3000
# What a run or an exercise leaves beside the page, in the order in which people look at it.
FILES = (
    ("report.html", "Locust's own report"),
    ("summary.json", "summary.json"),
    ("junit.xml", "junit.xml"),
    ("samples.jsonl", "samples.jsonl"),
    ("locust_stats.csv", "endpoints (CSV)"),
    ("locust_failures.csv", "failures (CSV)"),
    ("locust_exceptions.csv", "exceptions (CSV)"),
    ("locust.log", "Locust's log"),
    ("exercise.md", "exercise.md"),
    ("exercise.json", "exercise.json"),
)


@dataclass(frozen=True)
class Look:
    """What is known of a time, beside a run's summary."""

    start: float
    end: float
    graphs: Sequence[Graph]
    alerts: Optional[Sequence[Alert]]
    """None where nobody could be asked."""
    endpoints: Optional[Windows]
    note: str
    """What is missing, and why."""


@dataclass(frozen=True)
class Picture:
    graph: Graph
    svg: Markup
    limits: Sequence[str]
    """The thresholds that are drawn."""
    of: str
    """The run that it is of, where there are two."""


def name_of(against: Optional[Run] = None) -> str:
    """Return the name of the file with the page of a run, in the run's folder."""
    return f"lab_report_against_{against.folder.name}.html" if against is not None else NAME


def as_file(page: str) -> bytes:
    """Return what is written of a page. Half of a character, which JSON can hold, is no text in a file."""
    return page.encode(errors="backslashreplace")


def page_of_run(
    run: Run, against: Optional[Run] = None, prometheus: Optional[Prometheus] = None, dashboard: Optional[str] = None
) -> str:
    """Return the page of a run, beside which its other artefacts lie; `dashboard` is where Grafana shows it."""
    looks = [(each, _look(prometheus, each.started, each.ended, each)) for each in (against, run) if each]
    look = looks[-1][1]
    compared = None
    if against is not None:
        windows = looks[0][1].endpoints, look.endpoints
        compared = compare(against, run, (windows[0], windows[1]) if windows[0] and windows[1] else None)
    return _filled(
        title=f"Load run {run.name}",
        look=look,
        run=run,
        against=against,
        compared=compared,
        figures=_figures(run),
        panels=_panels(
            [(each.name if against else "", seen, TimeAxis(seen.start, seen.end, True)) for each, seen in looks]
        ),
        notes=list(dict.fromkeys(seen.note for _each, seen in looks if seen.note)),
        files=_files(run.folder),
        links=[
            *_links(prometheus, dashboard),
            *_web("Locust's page", run.summary["settings"].get("locust_url")),
            *(_beside(run, against) if against else []),
        ],
    )


def page_of_exercise(
    exercise: Exercise,
    runs: Sequence[Run],
    unreadable: Sequence[str] = (),
    prometheus: Optional[Prometheus] = None,
    dashboard: Optional[str] = None,
) -> str:
    """Return the page of an exercise, beside the folders of the `runs` that it made."""
    look = _look(prometheus, exercise.started, exercise.ended, None)
    begins = [seconds_of(case.started) for case in exercise.cases]
    return _filled(
        title=f"The lab's {exercise.name}",
        look=look,
        exercise=exercise,
        runs=_with_pages(runs),
        panels=_panels([("", look, TimeAxis(look.start, look.end, False, begins))]),
        notes=[note for note in (look.note, *unreadable) if note],
        files=_files(exercise.folder),
        links=_links(prometheus, dashboard),
    )


def page_of_time(
    start: float,
    end: float,
    runs: Sequence[Run],
    unreadable: Sequence[str] = (),
    prometheus: Optional[Prometheus] = None,
    dashboard: Optional[str] = None,
) -> str:
    """Return the page of a stretch of time, beside the folders of the `runs` that lie in it."""
    look = _look(prometheus, start, end, None)
    return _filled(
        title=f"The lab from {moment(start)} to {moment(end)}",
        look=look,
        runs=_with_pages(runs),
        panels=_panels([("", look, TimeAxis(start, end, False))]),
        notes=[note for note in (look.note, *unreadable) if note],
        files=[],
        links=_links(prometheus, dashboard),
    )


def _files(folder: Path) -> list[tuple[str, str]]:
    return [(quote(name), words) for name, words in FILES if (folder / name).exists()]


def _with_pages(runs: Sequence[Run]) -> list[tuple[str, Run]]:
    """Return each run with where its page lies, which may be nowhere."""
    return [(f"{quote(run.folder.name)}/{name}" if (name := _page_of(run)) else "", run) for run in runs]


def _page_of(run: Run) -> str:
    """Return which page about a run there is, of ours or Locust's."""
    return next((name for name in (NAME, "report.html") if (run.folder / name).exists()), "")


def _look(prometheus: Optional[Prometheus], start: float, end: float, run: Optional[Run]) -> Look:
    instead = "there are only the graphs of what the run itself saw" if run is not None else "there are no graphs"
    note = f"No Prometheus was named: {instead}, and alerts are not known."
    if prometheus is not None:
        try:
            asked = asked_of(prometheus, start, end)
            if asked is None:
                note = f"Prometheus at {prometheus.url} has nothing of this time: {instead}, and alerts are not known."
            else:
                series = series_of(asked, run) if run is not None else ""
                windows = windows_of_endpoints(asked, series, run) if run is not None and series else None
                found = graphs(asked, series, run)
                note = (
                    f"Prometheus at {prometheus.url} has no mark of this run: of the load there is what it saw itself."
                )
                return Look(start, end, found, alerts(asked), windows, note if series is None else "")
        except PrometheusError as error:
            note = f"Prometheus could not be asked ({error}): {instead}, and alerts are not known."
    return Look(start, end, graphs(None, None, run), None, None, note)


def _figures(run: Run) -> list[tuple[str, Any, str]]:
    """Return the headline: each figure's name, value and unit."""
    overall = run.overall
    ratio = overall.get("fail_ratio")
    users = [sample["users"] for sample in run.samples]
    return [
        ("Requests", overall.get("num_requests"), ""),
        ("Failures", overall.get("num_failures"), ""),
        ("Failed", None if ratio is None else 100 * ratio, "%"),
        ("Requests/s", overall.get("rps"), ""),
        ("p50", overall.get("p50"), "ms"),
        ("p95", overall.get("p95"), "ms"),
        ("p99", overall.get("p99"), "ms"),
        ("Most users", max(users, default=None), ""),
    ]


def _panels(looks: Sequence[tuple[str, Look, TimeAxis]]) -> list[list[Picture]]:
    """Return the pictures, those of one graph together; of two runs, which have names, they have one scale."""
    titles = list(dict.fromkeys(graph.title for _name, look, _axis in looks for graph in look.graphs))
    panels = []
    for title in titles:
        found = [(name, axis, graph) for name, look, axis in looks for graph in look.graphs if graph.title == title]
        top = max(scale_of(graph) for _name, _axis, graph in found)
        panels.append(
            [
                Picture(
                    graph,
                    draw(graph, axis, top, str(place)),
                    [text for text, _limit in near_limits(graph, top)],
                    name,
                )
                for place, (name, axis, graph) in enumerate(found)
            ]
        )
    return panels


def _links(prometheus: Optional[Prometheus], dashboard: Optional[str]) -> list[tuple[str, str]]:
    address = prometheus.url if prometheus is not None else ""
    return [
        *_web("Grafana at this time", dashboard),
        *_web("Prometheus", address),
        *_web("its alerts", f"{address}/alerts" if address else ""),
    ]


def _is_web(address: Any) -> bool:
    return isinstance(address, str) and address.startswith(("http://", "https://"))


def _web(words: str, address: Any) -> list[tuple[str, str]]:
    """Return a link; none where it would be to anything but a web page."""
    return [(address, words)] if _is_web(address) else []


def _beside(run: Run, other: Run) -> list[tuple[str, str]]:
    name = _page_of(other)
    return [(quote(os.path.relpath(other.folder / name, run.folder)), f"the page of {other.name}")] if name else []


def _filled(**values: Any) -> str:
    """Fill the template; of what a page is not about it has none."""
    about = dict.fromkeys(("run", "against", "compared", "exercise", "runs", "figures"))
    environment = Environment(
        autoescape=True,
        undefined=StrictUndefined,
        loader=FileSystemLoader(Path(__file__).parent),
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda value: plain(value) if isinstance(value, str) and not isinstance(value, Markup) else value,
    )
    environment.tests["web"] = _is_web
    environment.filters.update(
        cut=cut,
        number=number,
        shown=shown,
        moment=moment,
        duration=duration,
        rows=_rows,
        setting=_setting,
        cells=cells,
        seconds_of=seconds_of,
    )
    limits = {name: value for name, value in globals().items() if name.startswith(("MOST_", "LONGEST_"))}
    return environment.get_template("page.html.j2").render(
        **{**about, **values, **limits}, dashes=DASHES, verdicts=VERDICTS, columns=COLUMNS
    )


# A word and a sign beside the colour.
VERDICTS = {"passed": "✓", "green": "✓", "failed": "✗", "red": "✗", "incomplete": "?"}


def number(value: Any) -> Markup:
    """Return a number as it is read, and for programs as it is."""
    text = shown(value)
    return Markup("<data value='{}'>{}</data>").format(json.dumps(value), text) if text != NOTHING else Markup(text)


def _rows(run: Run) -> list[Row]:
    """Return the endpoints that a table shows, and the whole below them."""
    busiest = sorted(run.endpoints.values(), key=lambda row: -row["num_requests"])[:MOST_ENDPOINTS]
    return [row for row in run.endpoints.values() if row in busiest] + ([run.overall] if run.overall else [])


def _setting(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
