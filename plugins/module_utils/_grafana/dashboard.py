# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the monitor_lab contributors
"""Grafana dashboards as documents: checking, walking and comparing them. Nothing here talks to a server."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Mapping
from typing import Any, Optional

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


def check_document(document: JSON, origin: str) -> JSON:
    """Return `document`, a dashboard as Grafana stores it; refuse what would end in a traceback later."""
    if not any(isinstance(document.get(name), list) for name in ("panels", "rows")):
        raise DashboardError(f"{origin} is no dashboard: it has neither panels nor rows")
    _check_lists(document, ("panels", "rows", "__inputs", "__requires"), origin)
    for part in ("templating", "annotations"):
        if document.get(part) is not None:
            _check_lists(document[part], ("list",), f"{origin}: {part}")
    for row in document.get("rows") or []:
        _check_lists(row, ("panels",), origin)
    for whole in (document, {"panels": [*_library_models(document).values()]}):
        for panel in walk_panels(whole):
            _check_lists(panel, ("panels", "targets"), origin)
    return document


def _check_lists(parent: Any, names: tuple[str, ...], where: str) -> None:
    """Refuse what Grafana never writes; what others wrote must not end in a traceback."""
    if not isinstance(parent, dict):
        raise DashboardError(f"{where} is no part of a dashboard: it is not an object")
    for name in names:
        items = parent.get(name)
        if items is not None and not (isinstance(items, list) and all(isinstance(item, dict) for item in items)):
            raise DashboardError(f"{where} is no dashboard: {name} is not a list of objects")


def walk_panels(dashboard: JSON) -> Iterator[JSON]:
    """Yield every panel: at the top, in collapsed rows, and in the `rows` of schemas before 16."""
    for panel in dashboard.get("panels") or []:
        yield panel
        yield from walk_panels({"panels": panel.get("panels")})
    for row in dashboard.get("rows") or []:
        yield from walk_panels({"panels": row.get("panels")})


def panel_name(panel: JSON) -> str:
    reference = panel.get("libraryPanel")
    name = reference.get("name") if isinstance(reference, dict) else None
    return repr(panel.get("title") or name or f"id {panel.get('id')}")


def number_panels(dashboard: JSON) -> None:
    """Give panels without an id of their own the next free one.

    Without ids Grafana 7.5 does not open a dashboard, and of two panels with the same it loses one. What refers to a
    panel means the first that has the id, which keeps it.
    """
    panels = list(walk_panels(dashboard))
    following = max((panel["id"] for panel in panels if _is_id(panel.get("id"))), default=0) + 1
    taken = set()
    for panel in panels:
        if not _is_id(panel.get("id")) or panel["id"] in taken:
            panel["id"] = following
            following += 1
        taken.add(panel["id"])


def _is_id(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


# What a dashboard says of a library panel; all else of it is the model's.
_OF_THE_PLACE = ("id", "gridPos", "title", "repeat", "repeatDirection", "maxPerRow")


def put_in_library_panels(dashboard: JSON) -> None:
    """Put the models of library panels that the dashboard was exported with in the place of what refers to them."""
    models = _library_models(dashboard)
    for panel in list(walk_panels(dashboard)):
        model = models.get(library_panel(panel) or "")
        if model is not None:
            own = {key: panel[key] for key in _OF_THE_PLACE if key in panel}
            panel.clear()
            panel.update({**copy.deepcopy(model), **own})
            panel.pop("libraryPanel", None)


def library_panel(panel: JSON) -> Optional[str]:
    """Return the uid of the library panel that `panel` stands for; None where it is one of the dashboard's own."""
    reference = panel.get("libraryPanel")
    return str(reference.get("uid")) if isinstance(reference, dict) else None


def _library_models(dashboard: JSON) -> dict[str, JSON]:
    """Return uid → model of `__elements`, an object since Grafana 9.2 and a list before."""
    elements = dashboard.get("__elements")
    if isinstance(elements, dict):
        elements = [{"uid": uid, **one} for uid, one in elements.items() if isinstance(one, dict)]
    return {
        str(one.get("uid")): one["model"]
        for one in (elements if isinstance(elements, list) else [])
        if isinstance(one, dict) and isinstance(one.get("model"), dict)
    }


def missing_panel_types(dashboard: JSON, known: frozenset[str], migrated: Mapping[str, str]) -> dict[str, list[str]]:
    """Return panel types that are not among `known`, each with the names of the panels that want it.

    `migrated` maps a type to the one that Grafana makes of it by itself.
    """
    missing: dict[str, list[str]] = {}
    for panel in walk_panels(dashboard):
        kind = str(panel.get("type") or "")
        if kind and kind != "row" and library_panel(panel) is None and not {kind, migrated.get(kind)} & known:
            missing.setdefault(kind, []).append(panel_name(panel))
    return missing


def check_uid(uid: str) -> str:
    """Hold a uid to Grafana's rule: letters, digits, `-` and `_`, at most 40."""
    if len(uid) > MAX_UID:
        raise DashboardError(f"the uid {uid!r} has {len(uid)} characters, and Grafana takes at most {MAX_UID}")
    if not re.fullmatch(r"[A-Za-z0-9_-]+", uid):
        raise DashboardError(f"the uid {uid!r} may hold only letters, digits, - and _")
    return uid


# Begins the tag which says whose a dashboard is, where several labs may be in one Grafana.
OF_LAB = "lab:"
# By which the collection's own dashboards lead to each other.
OURS = "monitor-lab"


def lab_of(dashboard: JSON) -> Optional[str]:
    """Return the lab that a dashboard's tags say it is of."""
    return next((tag[len(OF_LAB) :] for tag in _tags(dashboard) if tag.startswith(OF_LAB)), None)


def give_to(dashboard: JSON, lab: str) -> None:
    """Say in the tags of `dashboard`, and of its links to the lab's others, that they are of `lab`.

    It may have been exported from another's.
    """
    links = dashboard.get("links")
    ours = [link for link in links if OURS in _tags(link)] if isinstance(links, list) else []
    for part in (dashboard, *ours):
        kept = [tag for tag in _tags(part) if not tag.startswith(OF_LAB)]
        part["tags"] = [*kept, f"{OF_LAB}{lab}"]


def _tags(part: Any) -> list[str]:
    """Return the tags of a dashboard or a link."""
    tags = part.get("tags") if isinstance(part, dict) else None
    return [str(tag) for tag in tags] if isinstance(tags, list) else []


def settle(dashboard: JSON, uid: Optional[str], title: Optional[str], tags: Optional[list[str]]) -> str:
    """Put the wanted uid, title and tags into `dashboard` and return the uid; without one it is made of the title."""
    if title is not None:
        dashboard["title"] = title
    dashboard["title"] = str(dashboard.get("title") or "").strip()
    if not dashboard["title"]:
        which = f" with the uid {dashboard['uid']!r}" if dashboard.get("uid") else ""
        raise DashboardError(f"the dashboard{which} has no title: set title")
    if tags is not None:
        dashboard["tags"] = tags
    number_panels(dashboard)
    dashboard["uid"] = check_uid(str(uid or dashboard.get("uid") or uid_for(dashboard["title"])))
    settled: str = dashboard["uid"]
    return settled


def uid_for(title: str) -> str:
    slug = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:MAX_UID].strip("-")
    if not slug:
        raise DashboardError(f"the dashboard {title!r} has no uid, and none can be made from its title: set uid")
    return slug


def normalise(dashboard: JSON) -> JSON:
    """Return what of a dashboard is compared: all but the server's own keys and values that say nothing new."""
    compared = {
        key: value
        for key, value in dashboard.items()
        if key not in NOT_COMPARED and value is not None and DEFAULTS.get(key) != value
    }
    if isinstance(compared.get("panels"), list):
        compared["panels"] = [_compared_panel(panel) for panel in compared["panels"]]
    return compared


def _compared_panel(panel: Any) -> Any:
    if not isinstance(panel, dict):
        # Grafana keeps whatever it was given.
        return panel
    uid = library_panel(panel)
    if uid is not None:
        # Some versions answer with the library panel's whole model in its place.
        return {"id": panel.get("id"), "gridPos": panel.get("gridPos"), "libraryPanel": {"uid": uid}}
    if isinstance(panel.get("panels"), list):
        return {**panel, "panels": [_compared_panel(inner) for inner in panel["panels"]]}
    return panel


def differences(before: Any, after: Any) -> tuple[JSON, JSON]:
    """Return what differs, as two objects of path → value; what one side lacks is missing there.

    Both are empty where nothing differs. Panels, variables and queries are told apart by what names them, so that one
    put in between moves no others.
    """
    found = list(_differences(before, after, ""))
    return (
        {path: old for path, old, new in found if old is not _MISSING},
        {path: new for path, old, new in found if new is not _MISSING},
    )


_MISSING = object()


def _differences(old: Any, new: Any, path: str) -> Iterator[tuple[str, Any, Any]]:
    if isinstance(old, dict) and isinstance(new, dict):
        for key in {**old, **new}:
            inner = f"{path}.{key}" if path else str(key)
            yield from _differences(old.get(key, _MISSING), new.get(key, _MISSING), inner)
    elif isinstance(old, list) and isinstance(new, list):
        olds, news = _named(old), _named(new)
        for name in {**olds, **news}:
            before, after = olds.get(name, _MISSING), news.get(name, _MISSING)
            title = _title(before) or _title(after)
            label = f"{name} {title}" if title else str(name)
            yield from _differences(before, after, f"{path}[{label}]")
        kept, moved = [name for name in olds if name in news], [name for name in news if name in olds]
        if kept != moved:
            yield f"{path} (order)", kept, moved
    elif old != new or isinstance(old, bool) != isinstance(new, bool):
        yield path, old, new


def _title(item: Any) -> str:
    return str(item.get("title") or "") if isinstance(item, dict) else ""


def _named(items: list[Any]) -> dict[Any, Any]:
    """Return the items by their id, refId or name, where they all have one of their own, else by their place."""
    for key in ("id", "refId", "name"):
        named = {item[key]: item for item in items if isinstance(item, dict) and isinstance(item.get(key), (int, str))}
        if len(named) == len(items):
            return named
    return dict(enumerate(items))
