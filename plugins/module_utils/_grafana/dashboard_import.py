# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the monitor_lab contributors
"""Makes a Grafana hold dashboards, or not; by uid, with reads only where nothing is to be changed."""

from __future__ import annotations

import time
import urllib.error
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPException
from typing import Any, Optional

from ansible.module_utils.urls import Request

from .binding import Binder
from .client import (
    ROOT,
    Folder,
    Grafana,
    Server,
    StoredDashboard,
    check_address,
)
from .dashboard import (
    JSON,
    MAX_BYTES,
    DashboardError,
    check_uid,
    differences,
    give_to,
    lab_of,
    library_panel,
    missing_panel_types,
    normalise,
    panel_name,
    put_in_library_panels,
    settle,
    walk_panels,
)

# Begins the message of every version that is saved here, so that one saved by hand is told apart.
MARK = "locust_dashboard"

PUBLISHED = "https://grafana.com/api/dashboards/{gnet_id}/revisions/{revision}/download"


@dataclass(frozen=True)
class Wish:
    """What a play wants of dashboards; None leaves to the dashboard, or to its present place, what it says.

    `uid` and `title` are of one. With `overwrite` whatever has the uid is replaced; without it, what this module saved
    last; and where that is not said, what has the same title. What is of another `lab` is never.
    """

    uid: Optional[str] = None
    title: Optional[str] = None
    tags: Optional[list[str]] = None
    folder: Optional[str] = None
    datasource: Optional[str] = None
    inputs: Mapping[str, str] = field(default_factory=dict)
    overwrite: Optional[bool] = None
    message: Optional[str] = None
    lab: Optional[str] = None


@dataclass
class Change:
    """What became of a dashboard, or in check mode would; `before` and `after` are what differs."""

    uid: str
    title: Optional[str]
    changed: bool
    before: JSON = field(default_factory=dict)
    after: JSON = field(default_factory=dict)
    version: Optional[int] = None
    folder_uid: Optional[str] = None
    bound: dict[str, str] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)


def download(
    url: str,
    *,
    timeout: float,
    validate_certs: bool = True,
    ca_path: Optional[str] = None,
    use_proxy: bool = True,
) -> bytes:
    """Fetch a dashboard's JSON, at most MAX_BYTES in at most `timeout` seconds, with no credentials at all."""
    check_address(url, "url")
    request = Request(
        timeout=timeout,
        validate_certs=validate_certs,
        ca_path=ca_path,
        use_proxy=use_proxy,
        use_netrc=False,
        # The limit is for what arrives; nothing compressed was asked for.
        decompress=False,
    )
    deadline = time.monotonic() + timeout
    content = b""
    try:
        with request.open("GET", url, headers={"Accept": "application/json"}) as response:
            while chunk := response.read1(64 * 1024):
                content += chunk
                if len(content) > MAX_BYTES:
                    raise DashboardError(f"{url}: more than the {MAX_BYTES} bytes that a dashboard may have")
                if time.monotonic() > deadline:
                    raise DashboardError(f"{url}: not complete after {timeout:g} s")
    except urllib.error.HTTPError as error:
        error.close()
        raise DashboardError(f"{url}: {error.code} {error.reason}") from error
    except (OSError, HTTPException) as error:
        raise DashboardError(f"{url}: no answer: {getattr(error, 'reason', error)}") from error
    return content


def present(grafana: Grafana, dashboards: list[JSON], wish: Wish, *, check: bool) -> list[Change]:
    """Create the dashboards or bring the stored ones to them; `check` only reads.

    None is written before all were looked into.
    """
    _check_for_one(dashboards, wish)
    server = grafana.server()
    imports = [_Import(grafana, server, dashboard, wish) for dashboard in dashboards]
    _check_uids(imports)
    for one in imports:
        with _named(one, imports):
            one.bind()
    _check_inputs(imports, wish)
    for one in imports:
        with _named(one, imports):
            one.look()
    if server.dialect.unique_titles:
        _check_titles(imports)
    made: dict[tuple[str, str], Folder] = {}
    for one in imports:
        if one.change.changed and not check:
            one.carry_out(made)
    return [one.change for one in imports]


class _Import:
    """A dashboard on its way into Grafana; `model` is what Grafana is to hold."""

    def __init__(self, grafana: Grafana, server: Server, model: JSON, wish: Wish) -> None:
        self._grafana, self._server, self._wish = grafana, server, wish
        self._titles = _titles(model, wish)
        self.model = model
        put_in_library_panels(model)
        settle(model, wish.uid, wish.title, wish.tags)
        if wish.lab is not None:
            give_to(model, wish.lab)
        self.binder = Binder(server.data_sources, server.dialect.data_source_objects, wish.datasource, wish.inputs)
        self.change = Change(model["uid"], model["title"], changed=False)
        self._stored: Optional[StoredDashboard] = None
        self.folder = ROOT
        # The titles of those that are to be made in it, of which the last gets the dashboard.
        self.missing: list[str] = []

    def bind(self) -> None:
        self.model = self.binder.bind(self.model)
        self.change.bound = self.binder.bound

    def look(self) -> None:
        """See what is to be changed, and whether it can be."""
        change, wish, server = self.change, self._wish, self._server
        change.warnings = _warnings(self._grafana, self.model, server)
        self._stored = stored = self._grafana.dashboard(change.uid)
        if stored is not None:
            _refuse_folder(stored, change.uid)
            _refuse_other_lab(stored, change.uid, wish)
            change.version = stored.version
        self.folder, self.missing = _find_folder(self._grafana, wish.folder, stored, server)
        change.folder_uid = None if self.missing else self.folder.uid
        change.before, change.after = _change(self.model, stored, self.folder, self.missing)
        change.changed = stored is None or bool(change.before or change.after)
        if not change.changed:
            return
        if stored is not None:
            _refuse_unwritable(stored, "changed")
            if wish.overwrite is False:
                _refuse_edited(self._grafana, stored, server)
            _refuse_other_title(stored, change.uid, self._titles, wish, "replaced")
        if not self.missing and server.dialect.unique_titles:
            _refuse_title_taken(self._grafana, self.model, self.folder)

    def carry_out(self, made: dict[tuple[str, str], Folder]) -> None:
        """Make the change; `made` has the folders that were made for others, by their parent's uid and their title."""
        folder, dialect = self.folder, self._server.dialect
        for title in self.missing:
            key = (folder.uid, title)
            if key not in made:
                made[key] = self._grafana.make_folder(title, folder, dialect)
            folder = made[key]
        message = f"{MARK}: {self._wish.message}" if self._wish.message else MARK
        version = None if self._stored is None else self._stored.version
        saved = self._grafana.save_dashboard(self.model, folder, dialect, message, version)
        self.change.version, self.change.folder_uid = saved["version"], folder.uid


@contextmanager
def _named(one: _Import, imports: list[_Import]) -> Iterator[None]:
    try:
        yield
    except DashboardError as error:
        if len(imports) == 1:
            raise
        raise DashboardError(f"{one.model['title']}: {error}") from error


def absent(grafana: Grafana, dashboards: list[JSON], wish: Wish, *, check: bool) -> list[Change]:
    """Delete the dashboards that have these uids, or the one that has the wish's; `check` only reads.

    What is of another lab is as if it were not there.
    """
    _check_for_one(dashboards, wish)
    server = grafana.server() if wish.overwrite is False else None
    given: list[Optional[JSON]] = [*dashboards] or [None]
    changes = [_removal(grafana, server, dashboard, wish) for dashboard in given]
    for change in changes:
        if change.changed and not check:
            grafana.delete_dashboard(change.uid)
    return changes


def _removal(grafana: Grafana, server: Optional[Server], dashboard: Optional[JSON], wish: Wish) -> Change:
    titles = set() if dashboard is None else _titles(dashboard, wish)
    uid = check_uid(wish.uid or "") if dashboard is None else settle(dashboard, wish.uid, wish.title, None)
    stored = grafana.dashboard(uid)
    if stored is None or _other_lab(stored, wish):
        return Change(uid, None, changed=False)
    _refuse_folder(stored, uid)
    _refuse_unwritable(stored, "deleted")
    if server is not None:
        _refuse_edited(grafana, stored, server)
    _refuse_other_title(stored, uid, titles, wish, "deleted")
    title = stored.model.get("title")
    return Change(
        uid, title, changed=True, before={"title": title}, version=stored.version, folder_uid=stored.folder.uid
    )


def _titles(dashboard: JSON, wish: Wish) -> set[str]:
    """Return by which titles a stored dashboard is known as this one, which may have been imported under its own."""
    return {str(title).strip() for title in (dashboard.get("title"), wish.title) if title is not None}


def _check_for_one(dashboards: list[JSON], wish: Wish) -> None:
    for option in ("uid", "title"):
        if len(dashboards) > 1 and getattr(wish, option) is not None:
            raise DashboardError(f"{option} is for one dashboard, and {len(dashboards)} were given: leave it out")


def _check_uids(imports: list[_Import]) -> None:
    titles: dict[str, str] = {}
    for one in imports:
        uid, title = one.model["uid"], one.model["title"]
        if uid in titles:
            raise DashboardError(
                f"{titles[uid]!r} and {title!r} have both the uid {uid!r}: import them one by one, with uid"
            )
        titles[uid] = title


def _check_titles(imports: list[_Import]) -> None:
    places = set()
    for one in imports:
        place = (one.folder.uid, *one.missing, one.model["title"])
        if place in places:
            raise DashboardError(
                f"two of the dashboards are called {one.model['title']!r}, which a folder may hold once: give them one "
                "by one, with title or folder"
            )
        places.add(place)


def _check_inputs(imports: list[_Import], wish: Wish) -> None:
    unknown = sorted(set(wish.inputs).difference(*(one.binder.used for one in imports)))
    if unknown:
        known = ", ".join(sorted({name for one in imports for name in one.binder.names})) or "none at all"
        has = "the dashboard has no {}; it has {}" if len(imports) == 1 else "no dashboard has {}; they have {}"
        raise DashboardError("inputs: " + has.format(", ".join(unknown), known))


def _warnings(grafana: Grafana, wanted: JSON, server: Server) -> list[str]:
    lost = _lost_library_panels(grafana, wanted)
    types = missing_panel_types(wanted, server.panel_types, server.dialect.migrated_panels)
    warnings = [
        f"Grafana {server.version} has no panel type {kind!r}, which is wanted by {', '.join(panels)}"
        for kind, panels in types.items()
    ]
    return warnings + [
        f"the library panel {uid!r}, which is wanted by {', '.join(panels)}, is neither in this Grafana nor in what "
        "was given: export the dashboard for sharing, which puts it in"
        for uid, panels in lost.items()
    ]


def _lost_library_panels(grafana: Grafana, wanted: JSON) -> dict[str, list[str]]:
    """Return the uids of library panels that Grafana lacks, each with the names of the panels that want it.

    A panel that has a whole model beside, as some versions' API answers it, becomes one of the dashboard's own.
    """
    referring: dict[str, list[JSON]] = {}
    for panel in walk_panels(wanted):
        uid = library_panel(panel)
        if uid is not None:
            referring.setdefault(uid, []).append(panel)
    lost: dict[str, list[str]] = {}
    for uid, panels in referring.items():
        if not grafana.has_library_panel(uid):
            for panel in panels:
                if panel.get("targets"):
                    del panel["libraryPanel"]
                else:
                    lost.setdefault(uid, []).append(panel_name(panel))
    return lost


def _find_folder(
    grafana: Grafana, name: Optional[str], stored: Optional[StoredDashboard], server: Server
) -> tuple[Folder, list[str]]:
    """Return the folder that is meant, or the nearest one there is, and the titles of those to be made in it."""
    if name is None:
        return (stored.folder if stored is not None else ROOT), []
    if name in ("", ROOT.title):
        return ROOT, []
    by_title = next((one for one in grafana.folders(ROOT, server.dialect) if one.title == name), None)
    whole = by_title or (None if "/" in name else grafana.folder(name))
    if whole is not None:
        return whole, []
    titles = [part.strip() for part in name.split("/")]
    if len(titles) > 1 and not server.dialect.nested_folders:
        raise DashboardError(f"folder {name!r}: Grafana {server.version} has no folders in folders")
    if not all(titles):
        raise DashboardError(f"folder {name!r}: a folder in this path has no title")
    folder = ROOT
    for place, title in enumerate(titles):
        inner = next((one for one in grafana.folders(folder, server.dialect) if one.title == title), None)
        if inner is None and place == 0:
            inner = grafana.folder(title)
        if inner is None:
            return folder, titles[place:]
        folder = inner
    return folder, []


def _change(wanted: JSON, stored: Optional[StoredDashboard], folder: Folder, missing: list[str]) -> tuple[JSON, JSON]:
    place = "/".join(missing if folder == ROOT else [folder.title, *missing]) or folder.title
    if stored is None:
        return {}, {"title": wanted["title"], "uid": wanted["uid"], "folder": place}
    before, after = differences(normalise(stored.model), normalise(wanted))
    if missing or stored.folder.uid != folder.uid:
        before["folder"], after["folder"] = stored.folder.title, place
    return before, after


def _refuse_folder(stored: StoredDashboard, uid: str) -> None:
    if stored.is_folder:
        raise DashboardError(f"the uid {uid!r} belongs to the folder {stored.model.get('title')!r}: choose another")


def _other_lab(stored: StoredDashboard, wish: Wish) -> str:
    """Return the lab that a dashboard is of, empty where it is that of the wish, or none that is known."""
    lab = lab_of(stored.model)
    return lab if wish.lab is not None and lab is not None and lab != wish.lab else ""


def _refuse_other_lab(stored: StoredDashboard, uid: str, wish: Wish) -> None:
    other = _other_lab(stored, wish)
    if other:
        raise DashboardError(
            f"the dashboard {stored.model.get('title')!r} with the uid {uid!r} is of another lab, {other}, and this "
            f"one is {wish.lab}: give this one another uid, or, if the other lab is no more, remove its tag in Grafana"
        )


def _refuse_unwritable(stored: StoredDashboard, done: str) -> None:
    title = stored.model.get("title")
    if stored.provisioned:
        # Grafana 7.5 does save one here, and reads the file again some time later.
        raise DashboardError(f"the dashboard {title!r} comes from a file on the server, and can only be {done} there")
    if not stored.may_save:
        raise DashboardError(f"the dashboard {title!r} can't be {done}: this login may only view it")


def _refuse_edited(grafana: Grafana, stored: StoredDashboard, server: Server) -> None:
    save = grafana.last_save(stored, server.dialect)
    if not save.message.startswith(MARK):
        raise DashboardError(
            f"the dashboard {stored.model.get('title')!r} was last saved by {save.by} at {save.at}, not by this "
            "module, and overwrite is false: export what is to be kept, then set overwrite to true"
        )


def _refuse_other_title(stored: StoredDashboard, uid: str, titles: set[str], wish: Wish, done: str) -> None:
    # Copies of a published dashboard have its uid.
    title = stored.model.get("title")
    if wish.uid is None and not wish.overwrite and title not in titles:
        raise DashboardError(
            f"the uid {uid!r} belongs to another dashboard, {title!r}, which is not {done}: set uid to one of its own, "
            f"or, if that one is meant, uid to {uid!r} or overwrite to true"
        )


def _refuse_title_taken(grafana: Grafana, wanted: JSON, folder: Folder) -> None:
    for other in grafana.dashboards_titled(wanted["title"]):
        if other["uid"] != wanted["uid"] and (other.get("folderUid") or "") == folder.uid:
            raise DashboardError(
                f"the folder {folder.title!r} has another dashboard called {wanted['title']!r}, with the uid "
                f"{other['uid']!r}: set title, or set uid to {other['uid']!r} to replace that one"
            )


def published(gnet_id: int, revision: Any) -> str:
    """Tell where grafana.com serves a published dashboard; `revision` is a number or "latest"."""
    if str(revision) != "latest" and not str(revision).isdigit():
        raise DashboardError(f"revision is {revision!r}, and must be a number or latest")
    return PUBLISHED.format(gnet_id=gnet_id, revision=revision)
