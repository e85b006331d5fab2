# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""A stand-in for Grafana, for tests of the grafana role where no Grafana can be had. It is no Grafana.

It draws nothing. Every answer is one that a real Grafana 7.5.5 gave (grafana-7.5.5.json), with the names and contents
put in that were stored here; what it says of data sources beyond that is from its source. Through those that were made
here it asks Prometheus, as Grafana does. What was not recorded is answered as Grafana answers a path that does not
exist. It takes the settings that the role makes, from the same environment variables and files.
"""

from __future__ import annotations

import base64
import copy
import json
import os
import re
import signal
import ssl
import sys
import threading
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

JSON = dict[str, Any]

RECORDING = Path(__file__).with_name("grafana-7.5.5.json")
DATA_SOURCE = "monitor-lab-prometheus"
GENERAL = {"id": 0, "uid": "", "title": "General"}


class StandIn:
    """What was stored; in `data`, so that it outlives the container, as Grafana's own database does."""

    def __init__(self, data: Path, provisioning: Path, user: str, password: str, anonymous: bool) -> None:
        exchanges = json.loads(RECORDING.read_text(encoding="utf-8"))["exchanges"]
        self._recorded = {exchange["note"]: exchange["response"] for exchange in exchanges}
        self._file = data / "stand-in.json"
        self._state: JSON = {"password": password, "next": 1, "folders": {}, "dashboards": {}}
        self._state["data_sources"] = {}
        if self._file.exists():
            # Like Grafana, it takes the password from its environment only at its first start.
            self._state.update(json.loads(self._file.read_text(encoding="utf-8")))
        self._save()
        self._login = "Basic " + base64.b64encode(f"{user}:{self._state['password']}".encode()).decode()
        self._has_anonymous_viewers = anonymous
        files = [path.read_text(encoding="utf-8") for path in provisioning.glob("datasources/*.y*ml")]
        self._has_data_source = any(f"uid: {DATA_SOURCE}" in file for file in files)

    def answer(self, method: str, path: str, query: dict[str, list[str]], body: Any, login: str | None) -> JSON:
        if (method, path) == ("GET", "/api/health"):
            return self._as("health, no login")
        if login is None and not self._has_anonymous_viewers:
            return self._as("API without login")
        if login not in (None, self._login):
            return self._as("wrong password")
        for verb, pattern, respond in ROUTES:
            match = re.fullmatch(pattern, path)
            if verb == method and match:
                if login is None and respond not in VIEWED:
                    return self._as("viewer makes folder")
                response: JSON = respond(self, *map(unquote, match.groups()), **self._given(verb, query, body))
                return response
        return self._as("a path that does not exist")

    @staticmethod
    def _given(verb: str, query: dict[str, list[str]], body: Any) -> JSON:
        return {"body": body} if verb in ("POST", "PUT") else {"query": query}

    def _as(self, note: str, **changes: Any) -> JSON:
        """The answer that was recorded under `note`, with `changes` made in its object."""
        response: JSON = copy.deepcopy(self._recorded[note])
        if changes:
            response["body"].update(changes)
        return response

    def _save(self) -> None:
        written = self._file.with_suffix(".new")
        written.write_text(json.dumps(self._state), encoding="utf-8")
        written.chmod(0o600)
        written.replace(self._file)

    def _number(self) -> int:
        number: int = self._state["next"]
        self._state["next"] += 1
        return number

    def _folder(self, number: int) -> JSON:
        return next((one for one in self._state["folders"].values() if one["id"] == number), GENERAL)

    def organisation(self, query: JSON) -> JSON:
        return self._as("current organisation")

    def settings(self, query: JSON) -> JSON:
        response = self._as("frontend settings with a provisioned data source")
        named = response["body"]["datasources"]
        if not self._has_data_source:
            del named["Prometheus"]
        for one in self._state["data_sources"].values():
            named[one["name"]] = {key: one[key] for key in ("id", "uid", "name", "type", "isDefault")}
        return response

    def data_sources(self, query: JSON) -> JSON:
        response = self._as("data sources, a provisioned one")
        shape = response["body"][0]
        response["body"] = [shape] if self._has_data_source else []
        for one in self._state["data_sources"].values():
            response["body"].append(
                {**shape, "readOnly": False, **{key: one[key] for key in shape.keys() & one.keys()}}
            )
        return response

    def data_source(self, uid: str, query: JSON) -> JSON:
        if self._has_data_source and uid == DATA_SOURCE:
            return self._as("provisioned data source by uid")
        found = self._state["data_sources"].get(uid)
        return self._as("data source by uid", **self._public(found)) if found else self._as("unknown data source")

    @staticmethod
    def _public(source: JSON) -> JSON:
        fields = dict.fromkeys(source.get("secureJsonData", {}), True)
        return {**{key: value for key, value in source.items() if key != "secureJsonData"}, "secureJsonFields": fields}

    def make_data_source(self, body: JSON) -> JSON:
        taken = self.data_sources({})["body"]
        if any(one["name"] == body["name"] for one in taken):
            return self._as("same name again")
        if any(one["uid"] == body["uid"] for one in taken):
            return {**self._as("same name again"), "body": {"message": "data source with the same uid already exists"}}
        return self._keep_data_source("Datasource added", {"isDefault": False, **body, "id": self._number()})

    def change_data_source(self, number: str, body: JSON) -> JSON:
        found = self._numbered(number)
        if found is None:
            return self._as("unknown data source")
        secrets = {**found.get("secureJsonData", {}), **body.get("secureJsonData", {})}
        return self._keep_data_source("Datasource updated", {**found, **body, "secureJsonData": secrets})

    def _keep_data_source(self, message: str, source: JSON) -> JSON:
        self._state["data_sources"][source["uid"]] = source
        self._save()
        response = self._as("add data source", message=message, id=source["id"], name=source["name"])
        response["body"]["datasource"].update(self._public(source))
        return response

    def delete_data_source(self, uid: str, query: JSON) -> JSON:
        if self._has_data_source and uid == DATA_SOURCE:
            return {**self._as("viewer makes folder"), "body": {"message": "Cannot delete read-only data source"}}
        if self._state["data_sources"].pop(uid, None) is None:
            return self._as("unknown data source")
        self._save()
        return {**self._as("unknown data source"), "status": 200, "body": {"message": "Data source deleted"}}

    def _numbered(self, number: str) -> JSON | None:
        return next((one for one in self._state["data_sources"].values() if one["id"] == int(number)), None)

    def proxied(self, number: str, path: str, query: JSON) -> JSON:
        source = self._numbered(number)
        if source is None:
            return self._as("query through a provisioned data source")
        request = urllib.request.Request(f"{source['url']}/{path}?{urlencode(query, doseq=True)}")
        if source.get("basicAuth"):
            login = f"{source['basicAuthUser']}:{source['secureJsonData']['basicAuthPassword']}"
            request.add_header("Authorization", "Basic " + base64.b64encode(login.encode()).decode())
        answer: JSON = {"status": 502, "content_type": "text/plain", "body": ""}
        try:
            with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=5) as there:
                answer = {"status": 200, "content_type": "application/json", "body": json.loads(there.read())}
        except urllib.error.HTTPError as error:
            answer["status"] = 400 if error.code == 401 else error.code
            error.close()
        except OSError:
            # Nobody answers there.
            answer["status"] = 502
        return answer

    def folders(self, query: JSON) -> JSON:
        return {**self._as("folders, none"), "body": list(self._state["folders"].values())}

    def folder(self, uid: str, query: JSON) -> JSON:
        found = self._state["folders"].get(uid)
        return self._as("folder by uid", **found) if found else self._as("folder by unknown uid")

    def make_folder(self, body: JSON) -> JSON:
        if any(one["title"] == body["title"] for one in self._state["folders"].values()):
            return self._as("make folder, same title")
        number = self._number()
        made = {"id": number, "uid": body.get("uid") or f"folder-{number}", "title": body["title"]}
        self._state["folders"][made["uid"]] = made
        self._save()
        return self._as("make folder", **made)

    def search(self, query: JSON) -> JSON:
        wanted = query.get("query", [""])[0].lower()
        response = self._as("search by tag")
        shape = response["body"][0]
        response["body"] = [
            {**shape, "id": kept["id"], "uid": uid, "title": kept["model"]["title"], **self._place(kept)}
            for uid, kept in self._state["dashboards"].items()
            if wanted in kept["model"]["title"].lower()
        ]
        return response

    def _place(self, kept: JSON) -> JSON:
        folder = self._folder(kept["folder"])
        return {"folderId": folder["id"], "folderUid": folder["uid"], "folderTitle": folder["title"]}

    def dashboard(self, uid: str, query: JSON) -> JSON:
        kept = self._state["dashboards"].get(uid)
        if kept is None:
            return self._as("unknown dashboard")
        response = self._as("read back", dashboard={**kept["model"], "id": kept["id"], "version": kept["version"]})
        folder = self._folder(kept["folder"])
        response["body"]["meta"].update(
            version=kept["version"],
            url=f"/d/{uid}/x",
            folderId=folder["id"],
            folderTitle=folder["title"],
            folderUrl=f"/dashboards/f/{folder['uid']}/x" if folder["uid"] else "",
        )
        return response

    def save_dashboard(self, body: JSON) -> JSON:
        model, folder = dict(body["dashboard"]), body.get("folderId") or 0
        uid, version = model["uid"], model.pop("version", None)
        kept = self._state["dashboards"].get(uid)
        same_title = [
            other
            for other, one in self._state["dashboards"].items()
            if other != uid and one["folder"] == folder and one["model"]["title"] == model["title"]
        ]
        if same_title:
            return self._as("another uid, a title that the folder has")
        if kept and not body.get("overwrite") and version != kept["version"]:
            return self._as("update with a stale version")
        model.pop("id", None)
        kept = {
            "id": kept["id"] if kept else self._number(),
            "version": kept["version"] + 1 if kept else 1,
            "folder": folder,
            "message": body.get("message") or "",
            "model": model,
        }
        self._state["dashboards"][uid] = kept
        self._save()
        made = {"id": kept["id"], "uid": uid, "version": kept["version"], "url": f"/d/{uid}/x", "slug": "x"}
        return self._as("create in folder by folderId", **made)

    def delete_dashboard(self, uid: str, query: JSON) -> JSON:
        kept = self._state["dashboards"].pop(uid, None)
        if kept is None:
            return self._as("delete again")
        self._save()
        return self._as("delete", id=kept["id"], title=kept["model"]["title"])

    def version(self, number: str, version: str, query: JSON) -> JSON:
        kept = next((one for one in self._state["dashboards"].values() if one["id"] == int(number)), None)
        if kept is None or kept["version"] != int(version):
            return self._as("a path that does not exist")
        note = "one version of a dashboard keeps the message as it was sent"
        return self._as(note, version=kept["version"], message=kept["message"], data=kept["model"])

    def annotate(self, body: JSON) -> JSON:
        return self._as("annotation over a span, by dashboardId", id=self._number())


ROUTES: list[tuple[str, str, Any]] = [
    ("GET", "/api/org", StandIn.organisation),
    ("GET", "/api/frontend/settings", StandIn.settings),
    ("GET", "/api/datasources", StandIn.data_sources),
    ("POST", "/api/datasources", StandIn.make_data_source),
    ("PUT", "/api/datasources/([0-9]+)", StandIn.change_data_source),
    ("GET", "/api/datasources/uid/([^/]+)", StandIn.data_source),
    ("DELETE", "/api/datasources/uid/([^/]+)", StandIn.delete_data_source),
    ("GET", "/api/datasources/proxy/([0-9]+)/(.+)", StandIn.proxied),
    ("GET", "/api/folders", StandIn.folders),
    ("GET", "/api/folders/([^/]+)", StandIn.folder),
    ("POST", "/api/folders", StandIn.make_folder),
    ("GET", "/api/search", StandIn.search),
    ("GET", "/api/dashboards/uid/([^/]+)", StandIn.dashboard),
    ("DELETE", "/api/dashboards/uid/([^/]+)", StandIn.delete_dashboard),
    ("POST", "/api/dashboards/db", StandIn.save_dashboard),
    ("GET", "/api/dashboards/id/([0-9]+)/versions/([0-9]+)", StandIn.version),
    ("POST", "/api/annotations", StandIn.annotate),
]
VIEWED = (StandIn.organisation, StandIn.settings, StandIn.folders, StandIn.folder, StandIn.search, StandIn.dashboard)


def handler(stand_in: StandIn) -> type[BaseHTTPRequestHandler]:
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        server_version = "grafana-stand-in"

        def handle_one_request(self) -> None:
            self.raw_requestline = self.rfile.readline(65537)
            self.close_connection = True
            if not self.raw_requestline or not self.parse_request():
                return
            url = urlsplit(self.path)
            content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            body = json.loads(content) if content else None
            with lock:
                response = stand_in.answer(
                    self.command, url.path, parse_qs(url.query), body, self.headers.get("Authorization")
                )
            self.send_response(response["status"])
            self.send_header("Content-Type", response["content_type"])
            self.end_headers()
            self.wfile.write(json.dumps(response["body"]).encode())

    return Handler


def main() -> None:
    environment = os.environ
    password_file = environment.get("GF_SECURITY_ADMIN_PASSWORD__FILE")
    password = Path(password_file).read_text(encoding="utf-8").strip() if password_file else "admin"
    stand_in = StandIn(
        Path(environment.get("GF_PATHS_DATA", "/var/lib/grafana")),
        Path(environment.get("GF_PATHS_PROVISIONING", "/etc/grafana/provisioning")),
        environment.get("GF_SECURITY_ADMIN_USER", "admin"),
        password,
        environment.get("GF_AUTH_ANONYMOUS_ENABLED") == "true",
    )
    address = environment.get("GF_SERVER_HTTP_ADDR", ""), int(environment.get("GF_SERVER_HTTP_PORT", "3000"))
    server = ThreadingHTTPServer(address, handler(stand_in))
    if environment.get("GF_SERVER_PROTOCOL") == "https":
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(environment["GF_SERVER_CERT_FILE"], environment["GF_SERVER_CERT_KEY"])
        # Each connection's own thread shakes hands.
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    # As a container's first process it would not be ended by a signal that it does not handle.
    signal.signal(signal.SIGTERM, lambda *_unused: sys.exit(0))
    print(f"A stand-in for Grafana, not Grafana: recorded answers at port {server.server_port}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
