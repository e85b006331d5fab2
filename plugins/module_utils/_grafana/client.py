# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the monitor_lab contributors
"""A client for Grafana's HTTP API: data sources, folders, dashboards and annotations, addressed by uid.

Tested with Grafana 7.5, whose API wants numeric ids in some places, and with answers that others recorded of 9.0, 9.5
and 13.1. Written for later versions from their API documentation
(https://grafana.com/docs/grafana/latest/developers/http_api/) and source. What differs between versions is decided in
`dialect_of` and nowhere else.
"""

from __future__ import annotations

import base64
import json
import re
import ssl
import time
import urllib.error
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any, Optional
from urllib.parse import quote, urlencode, urlsplit

from ansible.module_utils.urls import Request, make_context

from .dashboard import JSON

STARTING = (502, 503, 504)
SECONDS_BETWEEN_TRIES = 1.0


class GrafanaError(Exception):
    """One sentence for the person who runs the play; `status` is Grafana's answer, where there was one."""

    def __init__(self, message: str, status: Optional[int] = None) -> None:
        super().__init__(message)
        self.status = status


class NoAnswerError(GrafanaError):
    """Nothing answered, which may be because Grafana is still starting."""


@dataclass(frozen=True)
class DataSource:
    name: str
    uid: str
    type: str
    is_default: bool = False
    # Grafana's own number, by which it was asked before 9.0.
    id: int = 0


@dataclass(frozen=True)
class Dialect:
    """What a Grafana's API wants and its front end does, where versions differ; `migrated_panels` maps old → new."""

    folder_by_uid: bool
    nested_folders: bool
    dashboard_history_by_uid: bool
    annotation_by_uid: bool
    data_source_objects: bool
    data_source_by_uid: bool
    unique_titles: bool
    migrated_panels: Mapping[str, str]


# The front end's own table (autoMigrateAngular), without what it makes of a graph's x axis.
_ANGULAR_PANELS = {
    "graph": "timeseries",
    "table-old": "table",
    "singlestat": "stat",
    "grafana-singlestat-panel": "stat",
    "grafana-piechart-panel": "piechart",
    "grafana-worldmap-panel": "geomap",
    "natel-discrete-panel": "state-timeline",
}


def dialect_of(version: tuple[int, int]) -> Dialect:
    """Return what a version's API wants: tested with 7.5, written from Grafana's documentation for later ones."""
    return Dialect(
        folder_by_uid=version >= (9, 0),
        nested_folders=version >= (11, 0),
        dashboard_history_by_uid=version >= (9, 0),
        annotation_by_uid=version >= (9, 0),
        data_source_objects=version >= (8, 3),
        data_source_by_uid=version >= (9, 0),
        # Before, a folder has each title once (https://github.com/grafana/grafana/pull/90687).
        unique_titles=version < (11, 3),
        # Since then without Angular, unless somebody allows it; 12 has none.
        migrated_panels=_ANGULAR_PANELS if version >= (11, 0) else {},
    )


@dataclass(frozen=True)
class Server:
    """What a Grafana says of itself: `version` as it prints it, and the panel types that it can draw."""

    version: str
    dialect: Dialect
    data_sources: tuple[DataSource, ...]
    panel_types: frozenset[str]


@dataclass(frozen=True)
class Folder:
    """A folder; the root ("General") has the uid "" and the id 0."""

    uid: str
    title: str
    id: int


ROOT = Folder(uid="", title="General", id=0)


@dataclass(frozen=True)
class StoredDashboard:
    model: JSON
    version: int
    folder: Folder
    is_folder: bool
    may_save: bool
    provisioned: bool


@dataclass(frozen=True)
class Save:
    """Who saved a version of a dashboard, when (ISO 8601), and with which message."""

    by: str
    at: str
    message: str


def check_address(url: str, option: str) -> str:
    """Return `url` without trailing slashes; credentials in it would end up in logs, so they are refused."""
    try:
        parts = urlsplit(url)
        # The port is parsed when it is asked for.
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError as error:
        raise GrafanaError(f"{option} is not a URL: {error}") from error
    if not usable:
        raise GrafanaError(f"{option} must be an http or https URL with a host")
    if "@" in parts.netloc:
        raise GrafanaError(f"{option} must not hold a user name or password")
    return url.rstrip("/")


class Grafana:
    """One login at one Grafana. Every method raises GrafanaError with a message that can be shown."""

    def __init__(
        self,
        url: str,
        *,
        username: Optional[str] = None,
        password: Optional[str] = None,
        token: Optional[str] = None,
        org_id: Optional[int] = None,
        timeout: float = 10,
        validate_certs: bool = True,
        ca_path: Optional[str] = None,
        client_cert: Optional[str] = None,
        client_key: Optional[str] = None,
        use_proxy: bool = True,
    ) -> None:
        self.url = check_address(url, "grafana_url")
        self.org_id = org_id
        headers = {"Accept": "application/json"}
        if token:
            # http.client would show the token in its own message.
            if not (token.isascii() and token.isprintable()):
                raise GrafanaError("grafana_api_key holds a line break or a character that no token has")
            headers["Authorization"] = f"Bearer {token}"
        elif username:
            login = f"{username}:{password or ''}".encode()
            headers["Authorization"] = "Basic " + base64.b64encode(login).decode("ascii")
        if org_id is not None:
            headers["X-Grafana-Org-Id"] = str(org_id)
        try:
            # Made once: reading all CA certificates takes longer than a request.
            context = make_context(
                cafile=ca_path, validate_certs=validate_certs, client_cert=client_cert, client_key=client_key
            )
        except OSError as error:
            files = ", ".join(path for path in (ca_path, client_cert, client_key) if path)
            raise GrafanaError(f"{files or 'the CA certificates'} can't be used: {error}") from error
        self._request = Request(
            headers=headers,
            timeout=timeout,
            context=context,
            use_proxy=use_proxy,
            # A redirect would take the login to another address, and turn a POST into a GET.
            follow_redirects="none",
            use_netrc=False,
        )

    def wait_until_ready(self, retries: int) -> None:
        """Wait until Grafana answers: up to `retries` further tries, a second apart, while it is still starting.

        With `org_id`, the login's access to that organisation is proved too: some paths answer for any number.
        """
        for left in range(retries, -1, -1):
            try:
                health = self._call("GET", "/api/health")
            except GrafanaError as error:
                starting = isinstance(error, NoAnswerError) or error.status in STARTING
                if error.status == 404:
                    raise GrafanaError(
                        f"{self.url} is no Grafana: it knows no /api/health. Check grafana_url"
                    ) from error
                if left == 0 or not starting:
                    raise
                time.sleep(SECONDS_BETWEEN_TRIES)
                continue
            if not isinstance(health, dict) or "database" not in health:
                raise GrafanaError(f"{self.url} answers, but not as a Grafana does: check grafana_url")
            break
        if self.org_id is not None and self._call("GET", "/api/org").get("id") != self.org_id:
            raise GrafanaError(f"this login does not work in the organisation {self.org_id}: check org_id")

    def server(self) -> Server:
        settings = self._call("GET", "/api/frontend/settings")
        try:
            version = settings["buildInfo"]["version"]
            number = re.match(r"(\d+)\.(\d+)", version)
            sources = settings.get("datasources") or {}
            panels = settings["panels"]
        except (KeyError, TypeError) as error:
            raise GrafanaError(f"{self.url} does not tell its version and panel types") from error
        if number is None:
            raise GrafanaError(f"{self.url} calls its version {version!r}, which is not understood")
        return Server(
            version=version,
            dialect=dialect_of((int(number[1]), int(number[2]))),
            # Those that are built in have no uid, or one like "-- Grafana --" or "grafana".
            data_sources=tuple(
                DataSource(
                    source["name"], source["uid"], source["type"], bool(source.get("isDefault")), source.get("id") or 0
                )
                for source in sources.values()
                if source.get("uid") and not (source.get("meta") or {}).get("builtIn")
            ),
            panel_types=frozenset(panels),
        )

    def data_sources(self) -> list[JSON]:
        """Return all data sources with their URLs, which takes an Admin."""
        found: list[JSON] = self._call("GET", "/api/datasources")
        return found

    def data_source(self, uid: str) -> Optional[JSON]:
        """Return a data source with its settings, without its secrets; this takes an Admin."""
        return self._find(f"/api/datasources/uid/{quote(uid, safe='')}")

    def make_data_source(self, source: Mapping[str, Any]) -> None:
        self._call("POST", "/api/datasources", source)

    def change_data_source(self, number: int, source: Mapping[str, Any], dialect: Dialect) -> None:
        """Replace a data source by `source`; secrets that it does not have stay."""
        which = f"uid/{quote(source['uid'], safe='')}" if dialect.data_source_by_uid else str(number)
        self._call("PUT", f"/api/datasources/{which}", source)

    def delete_data_source(self, uid: str) -> None:
        self._call("DELETE", f"/api/datasources/uid/{quote(uid, safe='')}")

    def unreached(self, source: DataSource, dialect: Dialect) -> str:
        """Return why Grafana does not reach the Prometheus of a data source, empty where it does.

        Its health is what Grafana's page "Save & test" asks for. Before 9.0, where the plugin cannot be asked, and
        where its answer does not prove it, a query through Grafana takes its place: every version from 7.5 has that.
        """
        uid = quote(source.uid, safe="")
        if dialect.data_source_by_uid:
            try:
                health = self._call("GET", f"/api/datasources/uid/{uid}/health")
            except GrafanaError as error:
                if error.status not in (404, 501):
                    return str(error)
            else:
                # Some versions call it healthy where a stranger answers with an error, and then tell nothing of it
                # (https://github.com/grafana/grafana/issues/75697).
                if isinstance(health, dict) and health.get("details"):
                    return ""
        which = f"uid/{uid}" if dialect.data_source_by_uid else str(source.id)
        try:
            answer = self._call("GET", f"/api/datasources/proxy/{which}/api/v1/query?query=1")
        except GrafanaError as error:
            return str(error)
        is_prometheus = isinstance(answer, dict) and answer.get("status") == "success"
        return "" if is_prometheus else "what answers there is no Prometheus"

    def has_library_panel(self, uid: str) -> bool:
        return self._find(f"/api/library-elements/{quote(uid, safe='')}") is not None

    def dashboard(self, uid: str) -> Optional[StoredDashboard]:
        try:
            answer = self._find(f"/api/dashboards/uid/{quote(uid, safe='')}")
        except GrafanaError as error:
            if error.status != 406:
                raise
            raise GrafanaError(
                f"the dashboard with the uid {uid!r} is stored there as schema v2, which only a newer API than this "
                "module's reads: set another uid, or remove that dashboard in Grafana",
                error.status,
            ) from error
        if answer is None:
            return None
        meta = answer["meta"]
        folder_uid = meta.get("folderUid")
        if folder_uid is None:
            # 7.5 names the folder only in a URL: /dashboards/f/<uid>/<slug>, with a sub-path before it.
            _before, marker, rest = str(meta.get("folderUrl") or "").partition("/dashboards/f/")
            folder_uid = rest.split("/")[0] if marker else ""
        return StoredDashboard(
            model=answer["dashboard"],
            version=int(meta.get("version") or answer["dashboard"].get("version") or 0),
            folder=Folder(folder_uid, meta.get("folderTitle") or ROOT.title, meta.get("folderId") or 0),
            is_folder=bool(meta.get("isFolder")),
            may_save=bool(meta.get("canSave", True)),
            provisioned=bool(meta.get("provisioned")),
        )

    def last_save(self, stored: StoredDashboard, dialect: Dialect) -> Save:
        """Tell who saved the stored version; from the version history, which keeps the message as it was sent."""
        uid, number = stored.model.get("uid"), stored.model.get("id")
        which = f"uid/{uid}" if dialect.dashboard_history_by_uid else f"id/{number}"
        saved = self._call("GET", f"/api/dashboards/{which}/versions/{stored.version}")
        return Save(
            by=str(saved.get("createdBy") or "unknown"),
            at=str(saved.get("created") or "unknown"),
            message=str(saved.get("message") or ""),
        )

    def dashboards_titled(self, title: str) -> list[JSON]:
        """Return the dashboards, in any folder, with exactly this title: `uid`, and `folderUid` unless in the root."""
        found = self._call("GET", "/api/search?" + urlencode({"type": "dash-db", "query": title, "limit": 5000}))
        return [hit for hit in found if hit.get("title") == title]

    def save_dashboard(
        self, model: JSON, folder: Folder, dialect: Dialect, message: str, version: Optional[int]
    ) -> JSON:
        """Create (`version` None) or replace the version that was read.

        Never with `overwrite`, with which Grafana replaces another dashboard of the same title.
        """
        body: JSON = {
            "dashboard": {**model, "id": None, "version": version},
            "overwrite": False,
            "message": message,
        }
        if dialect.folder_by_uid:
            body["folderUid"] = folder.uid
        else:
            body["folderId"] = folder.id
        saved: JSON = self._call("POST", "/api/dashboards/db", body)
        return saved

    def delete_dashboard(self, uid: str) -> None:
        self._call("DELETE", f"/api/dashboards/uid/{quote(uid, safe='')}")

    def folder(self, uid: str) -> Optional[Folder]:
        found = self._find(f"/api/folders/{quote(uid, safe='')}")
        return None if found is None else Folder(found["uid"], found["title"], found.get("id") or 0)

    def folders(self, parent: Folder, dialect: Dialect) -> list[Folder]:
        """Return the folders directly in `parent`."""
        query: dict[str, Any] = {"limit": 1000}
        if dialect.nested_folders and parent.uid:
            query["parentUid"] = parent.uid
        return [
            Folder(found["uid"], found["title"], found.get("id") or 0)
            for found in self._call("GET", "/api/folders?" + urlencode(query))
        ]

    def make_folder(self, title: str, parent: Folder, dialect: Dialect) -> Folder:
        body = {"title": title}
        if dialect.nested_folders and parent.uid:
            body["parentUid"] = parent.uid
        made = self._call("POST", "/api/folders", body)
        return Folder(made["uid"], made["title"], made.get("id") or 0)

    def annotate(self, uid: Optional[str], started: float, ended: float, text: str, tags: Sequence[str]) -> None:
        """Put an annotation over a time, in seconds since the epoch, on a dashboard or, with no `uid`, on all."""
        body: JSON = {"time": round(started * 1000), "timeEnd": round(ended * 1000), "text": text, "tags": list(tags)}
        if uid is not None:
            body.update(self._annotated(uid))
        self._call("POST", "/api/annotations", body)

    def _annotated(self, uid: str) -> JSON:
        # Where a version does not know one of these, it ignores it and makes the annotation everybody's.
        if self.server().dialect.annotation_by_uid:
            return {"dashboardUID": uid}
        stored = self.dashboard(uid)
        if stored is None:
            raise GrafanaError(f"{self.url} has no dashboard {uid}: check grafana_dashboard_uid")
        return {"dashboardId": stored.model["id"]}

    def _find(self, path: str) -> Optional[JSON]:
        try:
            found: JSON = self._call("GET", path)
        except GrafanaError as error:
            if error.status == 404 and "rganization" not in str(error):
                return None
            raise
        return found

    def _call(self, method: str, path: str, body: Optional[Mapping[str, Any]] = None) -> Any:
        what = f"{method} {self.url}{path.split('?')[0]}"
        try:
            with self._request.open(
                method,
                self.url + path,
                data=None if body is None else json.dumps(body),
                headers=None if body is None else {"Content-Type": "application/json"},
            ) as response:
                content = response.read()
        except urllib.error.HTTPError as error:
            with error:
                raise self._refusal(what, error) from error
        except (OSError, HTTPException) as error:
            reason = getattr(error, "reason", error)
            kind = GrafanaError if isinstance(reason, ssl.SSLError) else NoAnswerError
            raise kind(f"{what}: no answer: {reason}") from error
        try:
            return json.loads(content)
        except (ValueError, RecursionError) as error:
            raise GrafanaError(
                f"{what}: the answer is not JSON, so this is no Grafana API: check grafana_url"
            ) from error

    def _refusal(self, what: str, error: urllib.error.HTTPError) -> GrafanaError:
        status = error.code
        if 300 <= status < 400:
            target = error.headers.get("Location", "elsewhere")
            return GrafanaError(f"{what}: redirected to {target}: set grafana_url to where Grafana is served", status)
        said = _message(error.read())
        hint = {
            401: ". Check url_username and url_password, or grafana_api_key",
            403: ". This login's role does not allow it: changing dashboards takes an Editor, making folders too",
        }.get(status, "")
        return GrafanaError(f"{what}: {status}: {said}{hint}", status)


def client_from(options: Mapping[str, Any]) -> Grafana:
    """Return a client for the options of C(arguments.CONNECTION)."""
    return Grafana(
        options["grafana_url"],
        username=options["url_username"],
        password=options["url_password"],
        token=options["grafana_api_key"],
        org_id=options["org_id"],
        timeout=options["timeout"],
        validate_certs=options["validate_certs"],
        ca_path=options["ca_path"],
        client_cert=options["client_cert"],
        client_key=options["client_key"],
        use_proxy=options["use_proxy"],
    )


def _message(content: bytes) -> str:
    """Read a refusal: Grafana has {"message": …}, or a list of such; a proxy in front of it has anything."""
    try:
        answer = json.loads(content)
    except (ValueError, RecursionError):
        return "no reason given"
    said = answer if isinstance(answer, list) else [answer]
    return ", ".join(str(one.get("message")) for one in said if isinstance(one, dict)) or "no reason given"
