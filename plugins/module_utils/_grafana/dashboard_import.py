# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the monitor_lab contributors
"""Makes a Grafana hold a dashboard, or not; by uid, with reads only where nothing is to be changed."""

from __future__ import annotations

import time
import urllib.error
from collections.abc import Mapping
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
    missing_panel_types,
    normalise,
    settle,
)

# Begins the message of every version that is saved here, so that one saved by hand is told apart.
MARK = "locust_dashboard"

PUBLISHED = "https://grafana.com/api/dashboards/{gnet_id}/revisions/{revision}/download"


@dataclass(frozen=True)
class Wish:
    """What a play wants of one dashboard; None leaves to the dashboard, or to its present place, what it says."""

    uid: Optional[str] = None
    title: Optional[str] = None
    tags: Optional[list[str]] = None
    folder: Optional[str] = None
    datasource: Optional[str] = None
    inputs: Mapping[str, str] = field(default_factory=dict)
    overwrite: bool = True
    message: Optional[str] = None


@dataclass
class Change:
    """What became of a dashboard, or in check mode would; `before` and `after` are what differs."""

    uid: str
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


def present(grafana: Grafana, dashboard: JSON, wish: Wish, *, check: bool) -> Change:
    """Create the dashboard or bring the stored one to it; `check` only reads."""
    server = grafana.server()
    uid = settle(dashboard, wish.uid, wish.title, wish.tags)
    binder = Binder(server.data_sources, server.dialect.data_source_objects, wish.datasource, wish.inputs)
    wanted = binder.bind(dashboard)
    change = Change(uid, changed=False, bound=binder.bound, warnings=_warnings(wanted, server))

    stored = grafana.dashboard(uid)
    if stored is not None:
        _refuse_folder(stored, uid)
        change.version = stored.version
    folder, missing = _find_folder(grafana, wish.folder, stored, server)
    change.folder_uid = None if missing else folder.uid
    change.before, change.after = _change(wanted, stored, folder, missing)
    change.changed = stored is None or bool(change.before or change.after)
    if not change.changed:
        return change

    if stored is not None:
        _refuse_unwritable(stored, "changed")
        if not wish.overwrite:
            _refuse_edited(grafana, stored, server)
    if not missing:
        _refuse_title_taken(grafana, wanted, folder)
    if check:
        return change

    for title in missing:
        folder = grafana.make_folder(title, folder, server.dialect)
    message = f"{MARK}: {wish.message}" if wish.message else MARK
    saved = grafana.save_dashboard(wanted, folder, server.dialect, message, None if stored is None else stored.version)
    change.version, change.folder_uid = saved["version"], folder.uid
    return change


def absent(grafana: Grafana, dashboard: Optional[JSON], wish: Wish, *, check: bool) -> Change:
    """Delete the dashboard that has the wish's uid, or that of `dashboard`, if there is one; `check` only reads."""
    uid = check_uid(wish.uid or "") if dashboard is None else settle(dashboard, wish.uid, wish.title, None)
    stored = grafana.dashboard(uid)
    if stored is None:
        return Change(uid, changed=False)
    _refuse_folder(stored, uid)
    _refuse_unwritable(stored, "deleted")
    if not check:
        grafana.delete_dashboard(uid)
    title = {"title": stored.model.get("title")}
    return Change(uid, changed=True, before=title, version=stored.version, folder_uid=stored.folder.uid)


def _warnings(wanted: JSON, server: Server) -> list[str]:
    warnings = [
        f"Grafana {server.version} has no panel type {kind!r}, which is wanted by {', '.join(panels)}"
        for kind, panels in missing_panel_types(wanted, server.panel_types).items()
    ]
    if wanted.pop("__elements", None):
        warnings.append("the library panels that the dashboard was exported with are not imported")
    return warnings


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
