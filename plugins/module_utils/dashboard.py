# SPDX-License-Identifier: BSD-2-Clause
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# Copyright (c) 2026, the monitor_lab contributors
"""Grafana dashboards as documents: reading, checking, walking and comparing them. Nothing here talks to a server."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from typing import Any, Optional, Union

JSON = dict[str, Any]

MAX_BYTES = 10 * 1024 * 1024
MAX_UID = 40

# What Grafana itself takes a missing top-level key to be (its DashboardModel); a server or a browser may fill them in.
DEFAULTS: JSON = {
    "description": "",
    "editable": True,
    "fiscalYearStartMonth": 0,
    "graphTooltip": 0,
    "links": [],
    "liveNow": False,
    "preload": False,
    "refresh": "",
    "style": "dark",
    "tags": [],
    "templating": {"list": []},
    "timepicker": {},
    "timezone": "",
    "weekStart": "",
}

# The server's own, or a browser's: no part of what a dashboard shows.
NOT_COMPARED = ("id", "version", "iteration", "__inputs", "__requires", "__elements")


class DashboardError(Exception):
    """One sentence: what is wrong with a dashboard, where, and what to do."""


def parse(content: Union[str, bytes, JSON], origin: str) -> JSON:
    """Return a copy of the dashboard in `content`, JSON text or what was read from it.

    Accepts what Grafana's "Export" writes, and the answer of its API, which wraps it as {"dashboard": …, "meta": …}.
    """
    if isinstance(content, (str, bytes)):
        if len(content) > MAX_BYTES:
            raise DashboardError(f"{origin} has {len(content)} bytes, and a dashboard may have {MAX_BYTES}")
        try:
            document = json.loads(content)
        except ValueError as error:
            raise DashboardError(f"{origin} is not JSON: {error}") from error
    else:
        document = copy.deepcopy(content)
    if isinstance(document, dict) and isinstance(document.get("dashboard"), dict) and "panels" not in document:
        document = document["dashboard"]
    if not isinstance(document, dict):
        raise DashboardError(f"{origin} is no dashboard: it is JSON, but not an object")
    if "apiVersion" in document or {"elements", "layout"} <= document.keys():
        raise DashboardError(
            f"{origin} is a dashboard in the Kubernetes style or of schema v2, which this module does not import: "
            "export it from Grafana in the classic format"
        )
    lists = [name for name in ("panels", "rows") if isinstance(document.get(name), list)]
    if not lists:
        raise DashboardError(f"{origin} is no dashboard: it has neither panels nor rows")
    for panel in walk_panels(document):
        if not isinstance(panel, dict):
            raise DashboardError(f"{origin} is no dashboard: one of its panels is not an object")
    return document


def walk_panels(dashboard: JSON) -> Iterator[JSON]:
    """Every panel: at the top, in collapsed rows, and in the `rows` of schemas before 16."""
    for panel in dashboard.get("panels") or []:
        yield panel
        if isinstance(panel, dict):
            yield from walk_panels({"panels": panel.get("panels")})
    for row in dashboard.get("rows") or []:
        yield from walk_panels({"panels": row.get("panels") if isinstance(row, dict) else None})


def panel_name(panel: JSON) -> str:
    return repr(panel.get("title") or f"id {panel.get('id')}")


def number_panels(dashboard: JSON) -> None:
    """Give panels without an id the next free one: without ids Grafana 7.5 does not open a dashboard."""
    panels = list(walk_panels(dashboard))
    following = max((panel["id"] for panel in panels if isinstance(panel.get("id"), int)), default=0) + 1
    for panel in panels:
        if not isinstance(panel.get("id"), int):
            panel["id"] = following
            following += 1


def missing_panel_types(dashboard: JSON, known: frozenset[str]) -> dict[str, list[str]]:
    """Panel types that are not among `known`, each with the names of the panels that want it."""
    missing: dict[str, list[str]] = {}
    for panel in walk_panels(dashboard):
        kind = panel.get("type")
        if kind and kind != "row" and kind not in known:
            missing.setdefault(kind, []).append(panel_name(panel))
    return missing


def check_uid(uid: str) -> str:
    """Grafana's rule: letters, digits, `-` and `_`, at most 40."""
    if len(uid) > MAX_UID:
        raise DashboardError(f"the uid {uid!r} has {len(uid)} characters, and Grafana takes at most {MAX_UID}")
    if not re.fullmatch(r"[A-Za-z0-9_-]+", uid):
        raise DashboardError(f"the uid {uid!r} may hold only letters, digits, - and _")
    return uid


def settle(dashboard: JSON, uid: Optional[str], title: Optional[str], tags: Optional[list[str]]) -> str:
    """Put the wanted uid, title and tags into `dashboard` and return the uid; without one it is made of the title."""
    if title is not None:
        dashboard["title"] = title
    if not str(dashboard.get("title") or "").strip():
        raise DashboardError("the dashboard has no title: set title")
    if tags is not None:
        dashboard["tags"] = tags
    number_panels(dashboard)
    dashboard["uid"] = check_uid(uid or dashboard.get("uid") or uid_for(dashboard["title"]))
    settled: str = dashboard["uid"]
    return settled


def uid_for(title: str) -> str:
    slug = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:MAX_UID].strip("-")
    if not slug:
        raise DashboardError(f"the dashboard {title!r} has no uid, and none can be made from its title: set uid")
    return slug


def normalise(dashboard: JSON) -> JSON:
    """What of a dashboard is compared: all but the server's own keys and values that say nothing new."""
    return {
        key: value
        for key, value in dashboard.items()
        if key not in NOT_COMPARED and value is not None and DEFAULTS.get(key) != value
    }


def differences(before: Any, after: Any) -> tuple[JSON, JSON]:
    """What differs, as two flat objects of path → value; a path that one side lacks is missing there.

    Panels, variables and queries are told apart by what names them, so that one put in between moves no others.
    """
    old, new = dict(_leaves(before, "")), dict(_leaves(after, ""))
    return (
        {path: value for path, value in old.items() if path not in new or new[path] != value},
        {path: value for path, value in new.items() if path not in old or old[path] != value},
    )


def _leaves(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from _leaves(inner, f"{path}.{key}" if path else key)
    elif isinstance(value, list) and value:
        for place, label in enumerate(_labels(value)):
            yield from _leaves(value[place], f"{path}[{label}]")
    else:
        yield path, value


def _labels(items: list[Any]) -> list[str]:
    for key in ("id", "refId", "name"):
        names = [item.get(key) for item in items if isinstance(item, dict)]
        if len(names) == len(items) and None not in names and len({str(name) for name in names}) == len(names):
            if key == "id":
                return [f"{item['id']} {item.get('title') or ''}".strip() for item in items]
            return [str(name) for name in names]
    return [str(place) for place in range(len(items))]
