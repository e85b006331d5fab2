# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""The data source of the lab's Prometheus in a Grafana that is somebody's."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._grafana import datasource
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._grafana.client import Grafana, GrafanaError
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._grafana.datasource import Outcome
from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._logins import grafana_datasource

JSON = dict[str, Any]

UID = "monitor-lab-prometheus"
IDENTITY = {"name": "Prometheus", "uid": UID}
URL = "http://192.0.2.4:9090"
CLOSED = {"ca_path": "/etc/ca.crt", "url_username": "prometheus", "url_password": "p4ss"}
LOGIN = {name: value for name, value in CLOSED.items() if name != "ca_path"}
# What a Grafana 7.5.5 adds in its answer to a GET, after a POST.
ADDED = {
    "id": 1,
    "orgId": 1,
    "typeLogoUrl": "",
    "password": "",
    "user": "",
    "database": "",
    "basicAuth": False,
    "basicAuthUser": "",
    "basicAuthPassword": "",
    "withCredentials": False,
    "isDefault": False,
    "version": 1,
    "readOnly": False,
}


def whole(url: str = URL, access: JSON | None = None, authority: str = "", interval: str = "5s") -> JSON:
    """Return the lab's data source, its secrets included."""
    source = {**IDENTITY, "type": "prometheus", "jsonData": {"timeInterval": interval}}
    return grafana_datasource(source, url, access or {}, authority, "salt")


def public(source: JSON) -> JSON:
    return {name: value for name, value in source.items() if name != "secureJsonData"}


def secrets(source: JSON) -> JSON:
    found: JSON = source.get("secureJsonData", {})
    return found


def shown(source: JSON, **changes: Any) -> JSON:
    """Return the data source as Grafana's API shows it: without its secrets, and with what Grafana adds."""
    return {**ADDED, **public(source), "secureJsonFields": dict.fromkeys(secrets(source), True), **changes}


def theirs(name: str, url: str, number: int, **changes: Any) -> JSON:
    uid = name.lower().replace(" ", "-")
    source = {"name": name, "uid": uid, "type": "prometheus", "url": url, "access": "proxy", "jsonData": {}}
    return shown(source, id=number, **changes)


class WithSources(Grafana):
    """A Grafana with these data sources, which reaches those by URLs of `reached`; its role may be "Editor"."""

    def __init__(
        self, *sources: JSON, version: str = "12.1.1", reached: tuple[str, ...] = (URL,), role: str = ""
    ) -> None:
        super().__init__("http://grafana.example", token="t")
        self.sources = {source["uid"]: source for source in sources}
        self.version, self.reached, self.role = version, reached, role
        self.asked: list[str] = []
        self.changes: list[tuple[str, JSON]] = []

    def _call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        self.asked.append(f"{method} {path}")
        if path == "/api/frontend/settings":
            panels = {source["name"]: source for source in self.sources.values()}
            return {"buildInfo": {"version": self.version}, "datasources": panels, "panels": {}}
        if path.endswith("/health"):
            return self._health(path.split("/")[-2])
        if "/proxy/" in path:
            return self._proxied(path)
        if self.role == "Editor":
            raise GrafanaError(f"{method} {path}: 403: Permission denied", 403)
        if method != "GET":
            return self._changed(method, path, dict(body or {}))
        if path == "/api/datasources":
            return list(self.sources.values())
        return self._one(path.rsplit("/", 1)[1])

    def _one(self, uid: str) -> JSON:
        if uid not in self.sources:
            raise GrafanaError("404: Data source not found", 404)
        return self.sources[uid]

    def _health(self, uid: str) -> JSON:
        if self.version.startswith("9.0"):
            raise GrafanaError("404: Not found", 404)
        if self.sources[uid]["url"] not in self.reached:
            raise GrafanaError("400: connection refused", 400)
        return {"status": "OK", "message": "Successfully queried the Prometheus API."}

    def _proxied(self, path: str) -> JSON:
        by_uid, known = "/proxy/uid/" in path, path.split("/api/v1/")[0].rsplit("/", 1)[1]
        source = next(one for one in self.sources.values() if known == (one["uid"] if by_uid else str(one["id"])))
        if source["url"] not in self.reached:
            raise GrafanaError("502: no reason given", 502)
        return {"status": "success", "data": {}}

    def _changed(self, method: str, path: str, body: JSON) -> JSON:
        self.changes.append((f"{method} {path}", body))
        if method == "DELETE":
            del self.sources[path.rsplit("/", 1)[1]]
        else:
            self.sources[body["uid"]] = shown(body, id=self.sources.get(body["uid"], {"id": 9})["id"])
        return {}


def present(grafana: Grafana, wanted: JSON, existing: str = "", check: bool = False) -> Outcome:
    return datasource.present(grafana, public(wanted), secrets(wanted), existing, check=check)


@pytest.mark.parametrize("version", ["7.5.5", "8.5.0", "9.0.1", "10.4.0", "12.1.1", "13.0.0"])
def test_it_is_made_once_beside_another_of_its_name(version: str) -> None:
    grafana = WithSources(theirs("Prometheus", "http://elsewhere:9090", 3, isDefault=True), version=version)
    made = present(grafana, whole(access=CLOSED, authority="PEM"))
    assert (made.uid, made.name, made.changed) == (UID, "Prometheus (monitor_lab)", True)
    [(what, body)] = grafana.changes
    assert what == "POST /api/datasources"
    assert body == {**whole(access=CLOSED, authority="PEM"), "name": "Prometheus (monitor_lab)", "isDefault": False}
    assert "p4ss" not in json.dumps([made.before, made.after])
    again = present(grafana, whole(access=CLOSED, authority="PEM"))
    assert (again.uid, again.name, again.changed, len(grafana.changes)) == (UID, made.name, False, 1)


@pytest.mark.parametrize(
    ("taken", "name"),
    [
        ([], "Prometheus"),
        (["Loki"], "Prometheus"),
        (["prometheus"], "Prometheus (monitor_lab)"),
        (["Prometheus", "Prometheus (monitor_lab)"], "Prometheus (monitor_lab 2)"),
        (["Prometheus", "Prometheus (monitor_lab)", "Prometheus (monitor_lab 2)"], "Prometheus (monitor_lab 3)"),
    ],
)
def test_its_name_is_one_that_is_free(taken: list[str], name: str) -> None:
    others = [theirs(one, "http://elsewhere:9090", number) for number, one in enumerate(taken)]
    assert present(WithSources(*others), whole()).name == name


@pytest.mark.parametrize("url", [URL, f"{URL}/", "HTTP://192.0.2.4:9090"])
def test_one_that_has_its_url_and_reaches_it_is_taken_as_it_is(url: str) -> None:
    grafana = WithSources(theirs("Theirs", url, 3), reached=(url,))
    assert present(grafana, whole()) == Outcome("theirs", "Theirs")
    assert grafana.changes == []


def test_ports_that_are_meant_are_the_same() -> None:
    grafana = WithSources(
        theirs("Theirs", "https://prometheus.example:443/sub/", 3), reached=("https://prometheus.example:443/sub/",)
    )
    assert present(grafana, whole("https://prometheus.example/sub")).uid == "theirs"


@pytest.mark.parametrize(
    "other",
    [
        theirs("Behind no login", f"{URL}/", 3),
        theirs("Loki", URL, 3, type="loki"),
        theirs("Broken", "http://[", 3),
        theirs("Nothing", "", 3),
    ],
    ids=["does not reach it", "of another type", "with a broken URL", "without a URL"],
)
def test_one_that_is_no_use_is_left_alone(other: JSON) -> None:
    grafana = WithSources(other)
    assert present(grafana, whole()).uid == UID
    assert grafana.sources[other["uid"]] == other


@pytest.mark.parametrize("role", ["", "Editor"])
@pytest.mark.parametrize("existing", ["Theirs", "theirs"])
def test_the_one_that_is_named_is_taken_as_it_is(existing: str, role: str) -> None:
    grafana = WithSources(theirs("Theirs", "http://prometheus:9090", 3), reached=("http://prometheus:9090",), role=role)
    assert present(grafana, whole("http://127.0.0.1:9090"), existing) == Outcome("theirs", "Theirs")
    assert grafana.changes == []


def test_a_name_that_is_none_is_told() -> None:
    told = (
        r"grafana_datasource: http://grafana.example has no data source 'x'; it has Theirs \(prometheus, uid theirs\)"
    )
    with pytest.raises(GrafanaError, match=told):
        present(WithSources(theirs("Theirs", URL, 3)), whole(), "x")


def test_an_editor_is_told_who_may() -> None:
    with pytest.raises(
        GrafanaError, match=r"403.*for an Admin to see: give such a login, or name the one that reaches"
    ):
        present(WithSources(role="Editor"), whole())
    with pytest.raises(GrafanaError, match=r"403.*for an Admin to see"):
        datasource.absent(WithSources(role="Editor"), IDENTITY, check=False)


@pytest.mark.parametrize(("version", "which"), [("7.5.5", "1"), ("12.1.1", f"uid/{UID}")])
def test_its_url_is_corrected_and_what_people_did_with_it_stays(version: str, which: str) -> None:
    settings = {**whole()["jsonData"], "httpMethod": "POST"}
    before = shown(whole("http://127.0.0.1:9090"), name="Load tests", isDefault=True, jsonData=settings)
    grafana = WithSources(before, version=version)
    outcome = present(grafana, whole())
    assert (outcome.changed, outcome.name) == (True, "Load tests")
    assert (outcome.before["url"], outcome.after["url"]) == ("http://127.0.0.1:9090", URL)
    assert grafana.changes == [
        (
            f"PUT /api/datasources/{which}",
            {**whole(), "name": "Load tests", "isDefault": True, "jsonData": settings},
        )
    ]
    assert not present(grafana, whole()).changed


def test_secrets_are_sent_again_where_they_are_others() -> None:
    before = whole(access=CLOSED, authority="PEM")
    for wanted, sent in (
        (whole(access=CLOSED, authority="PEM", interval="10s"), None),
        (
            whole(access={**CLOSED, "url_password": "0ther"}, authority="PEM"),
            {"basicAuthPassword": "0ther", "tlsCACert": "PEM"},
        ),
    ):
        grafana = WithSources(shown(before))
        assert present(grafana, wanted).changed
        assert grafana.changes[0][1].get("secureJsonData") == sent


def test_settings_of_the_labs_that_are_no_longer_wanted_go() -> None:
    grafana = WithSources(shown(whole(access=CLOSED, authority="PEM"), url=URL))
    assert present(grafana, whole()).changed
    assert grafana.sources[UID]["jsonData"] == {"timeInterval": "5s"}
    assert not present(grafana, whole()).changed


def test_check_mode_only_reads() -> None:
    for grafana in (WithSources(), WithSources(shown(whole("http://127.0.0.1:9090"))), WithSources(shown(whole()))):
        outcome = present(grafana, whole(), check=True)
        assert outcome.changed == (grafana.sources.get(UID, {}).get("url") != URL)
        assert {what.split()[0] for what in grafana.asked} == {"GET"}
        assert any("health" in what for what in grafana.asked) != outcome.changed


@pytest.mark.parametrize(
    ("version", "reason", "asked"),
    [
        ("7.5.5", "502: no reason given", "GET /api/datasources/proxy/9/api/v1/query?query=1"),
        ("9.0.1", "502: no reason given", f"GET /api/datasources/proxy/uid/{UID}/api/v1/query?query=1"),
        ("12.1.1", "400: connection refused", f"GET /api/datasources/uid/{UID}/health"),
    ],
)
def test_a_prometheus_that_grafana_does_not_reach_is_told(version: str, reason: str, asked: str) -> None:
    grafana = WithSources(version=version, reached=())
    with pytest.raises(GrafanaError) as raised:
        present(grafana, whole("http://127.0.0.1:9090"))
    assert str(raised.value) == (
        f"Grafana at http://grafana.example gets no answer from Prometheus by its data source 'Prometheus': {reason}. "
        "The lab's Prometheus is said to be at http://127.0.0.1:9090 (which to Grafana is its own host). Let Grafana's "
        "host reach it there, set monitor_lab_prometheus_url to where Grafana reaches it, or name in "
        "grafana_datasource a data source of that Grafana's that does"
    )
    assert grafana.asked[-1] == asked
    with pytest.raises(GrafanaError, match=r"gets no answer .* at http://192.0.2.4:9090\. Let"):
        present(WithSources(theirs("Theirs", URL, 3), reached=()), whole(), "Theirs")


def test_what_answers_in_its_place_is_told() -> None:
    class Other(WithSources):
        def _proxied(self, path: str) -> JSON:
            return {"anything": "else"}

    with pytest.raises(GrafanaError, match="what answers there is no Prometheus"):
        present(Other(version="7.5.5"), whole())


def test_one_from_a_file_is_corrected_there() -> None:
    grafana = WithSources(shown(whole("http://127.0.0.1:9090"), readOnly=True))
    with pytest.raises(GrafanaError, match=r"'Prometheus' of http://grafana.example comes from a file on its server"):
        present(grafana, whole())
    with pytest.raises(GrafanaError, match="and can only be removed there"):
        datasource.absent(grafana, IDENTITY, check=False)
    assert present(WithSources(shown(whole(), readOnly=True)), whole()) == Outcome(UID, "Prometheus")


def test_it_is_removed_and_no_other() -> None:
    other = theirs("Theirs", URL, 3)
    grafana = WithSources(other, shown(whole()))
    assert datasource.absent(grafana, IDENTITY, check=True).changed
    assert grafana.changes == []
    gone = datasource.absent(grafana, IDENTITY, check=False)
    assert (gone.changed, gone.name, gone.before["url"]) == (True, "Prometheus", URL)
    assert not datasource.absent(grafana, IDENTITY, check=False).changed
    assert grafana.sources == {"theirs": other}


def of_lab(source: JSON, lab: str) -> JSON:
    return {**source, "jsonData": {**source["jsonData"], "monitorLab": lab}}


@pytest.mark.parametrize("check", [True, False])
def test_one_of_another_lab_is_neither_corrected_nor_removed(check: bool) -> None:
    grafana = WithSources(shown(of_lab(whole("http://192.0.2.9:9090"), "theirs-1")))
    told = (
        r"the data source 'Prometheus' of http://grafana.example is of another lab, theirs-1, and this one is mine-2: "
        r"nothing of it was changed\. Give this lab a name of its own there \(grafana_lab\)"
    )
    with pytest.raises(GrafanaError, match=told):
        present(grafana, of_lab(whole(), "mine-2"), check=check)
    assert not datasource.absent(grafana, of_lab(whole(), "mine-2"), check=check).changed
    assert grafana.changes == []


def test_one_of_this_lab_or_of_none_is_corrected_and_removed() -> None:
    mine = of_lab(whole(), "mine-2")
    for before in (whole("http://192.0.2.9:9090"), of_lab(whole("http://192.0.2.9:9090"), "mine-2")):
        grafana = WithSources(shown(before))
        assert present(grafana, mine).changed
        assert grafana.sources[UID]["jsonData"]["monitorLab"] == "mine-2"
        assert not present(grafana, mine).changed
        assert datasource.absent(grafana, mine, check=False).changed


def test_one_that_has_all_is_left_alone_though_its_secrets_cannot_be_read() -> None:
    wanted = whole("https://a", CLOSED, "PEM")
    assert not datasource.differs(public(wanted), shown(wanted))


@pytest.mark.parametrize(
    "before",
    [
        whole("http://a"),
        whole("https://b", CLOSED, "PEM"),
        whole("https://a", CLOSED, "OTHER"),
        whole("https://a", {**CLOSED, "url_password": "0ther"}, "PEM"),
        whole("https://a", CLOSED, "PEM", "10s"),
    ],
)
def test_one_that_differs_in_any_way_is_found(before: JSON) -> None:
    assert datasource.differs(public(whole("https://a", CLOSED, "PEM")), shown(before))


def test_a_login_that_prometheus_no_longer_wants_is_taken_from_it() -> None:
    assert datasource.differs(public(whole()), shown(whole(access=LOGIN)))
