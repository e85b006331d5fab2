# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the monitor_lab contributors
"""Finds or makes a data source for the lab's Prometheus in a Grafana that is somebody's, and leaves theirs alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from .client import (
    DataSource,
    Dialect,
    Grafana,
    GrafanaError,
)
from .dashboard import JSON

# Grafana gives no secret back: this setting tells whether it has the right ones.
DIGEST = "monitorLabSecrets"
# Whose data source it is, where several labs may be in one Grafana.
LAB = "monitorLab"
# The lab's own settings. Others that a data source has are somebody's, and stay.
_OWN_SETTINGS = (DIGEST, LAB, "tlsAuthWithCACert", "timeInterval")


@dataclass
class Outcome:
    """Which data source asks Prometheus; `before` and `after` are what differs, without secrets."""

    uid: str
    name: str
    changed: bool = False
    before: JSON = field(default_factory=dict)
    after: JSON = field(default_factory=dict)


def present(
    grafana: Grafana, wanted: Mapping[str, Any], secrets: Mapping[str, str], existing: str, *, check: bool
) -> Outcome:
    """Return a data source that reaches the Prometheus of `wanted`; it is made, or corrected, where there is none.

    `wanted` is of the form of Grafana's API, with `secrets` for its `secureJsonData`. It is, in this order, the one
    with the name or uid `existing`, as it is; the one with the uid of `wanted`, which is the lab's own; one with its
    URL by which Grafana reaches it, as it is; or a new one, with its name if that is free. Raises GrafanaError, where
    Grafana does not reach Prometheus by it, and where that uid's is another lab's, too. `check` only reads, and asks no
    Prometheus by what was not made.
    """
    server = grafana.server()
    if existing:
        source = next((one for one in server.data_sources if existing in (one.uid, one.name)), None)
        if source is None:
            there = ", ".join(f"{one.name} ({one.type}, uid {one.uid})" for one in server.data_sources) or "none at all"
            raise GrafanaError(f"grafana_datasource: {grafana.url} has no data source {existing!r}; it has {there}")
        _stop_where_unreached(grafana, source, server.dialect, wanted["url"])
        return Outcome(source.uid, source.name)
    stored = _admins(grafana.data_source, wanted["uid"])
    if stored is None:
        others = _admins(grafana.data_sources)
        for other in others:
            if _asks(other, wanted["url"]) and not grafana.unreached(_source(other), server.dialect):
                return Outcome(other["uid"], other["name"])
        outcome = _make(grafana, wanted, secrets, [str(one["name"]) for one in others], check)
    else:
        _refuse_other_lab(grafana, wanted, stored)
        outcome = _correct(grafana, wanted, secrets, stored, server.dialect, check)
    if not (check and outcome.changed):
        made = grafana.data_source(outcome.uid)
        if made is None:
            raise GrafanaError(f"{grafana.url} has lost the data source {outcome.name!r} that was made just now")
        _stop_where_unreached(grafana, _source(made), server.dialect, wanted["url"])
    return outcome


def absent(grafana: Grafana, wanted: Mapping[str, Any], *, check: bool) -> Outcome:
    """Remove the data source with the uid of `wanted`, unless it is another lab's; `check` only reads."""
    uid = wanted["uid"]
    stored = _admins(grafana.data_source, uid)
    if stored is None or _other_lab(wanted, stored):
        return Outcome(uid, "")
    _refuse_provisioned(grafana, stored, "removed")
    if not check:
        grafana.delete_data_source(uid)
    return Outcome(uid, stored["name"], changed=True, before=_shown(stored))


def differs(wanted: Mapping[str, Any], found: Mapping[str, Any]) -> bool:
    """Tell whether a data source that Grafana's API shows is another than the wanted one.

    People may have given it another name, have made it the default, and have added settings.
    """
    settings = found.get("jsonData") or {}
    return any(found.get(name) != value for name, value in wanted.items() if name not in ("name", "jsonData")) or any(
        settings.get(name) != wanted["jsonData"].get(name) for name in {*wanted["jsonData"], *_OWN_SETTINGS}
    )


def _make(
    grafana: Grafana, wanted: Mapping[str, Any], secrets: Mapping[str, str], names: list[str], check: bool
) -> Outcome:
    # Whether it is the default is for the people there to say.
    made = {**wanted, "name": _free_name(wanted["name"], names), "isDefault": False}
    if not check:
        grafana.make_data_source({**made, "secureJsonData": dict(secrets)})
    return Outcome(made["uid"], made["name"], changed=True, after=_shown(made))


def _correct(
    grafana: Grafana,
    wanted: Mapping[str, Any],
    secrets: Mapping[str, str],
    stored: JSON,
    dialect: Dialect,
    check: bool,
) -> Outcome:
    outcome = Outcome(stored["uid"], stored["name"])
    if not differs(wanted, stored):
        return outcome
    _refuse_provisioned(grafana, stored, "corrected")
    settings = stored.get("jsonData") or {}
    kept = {name: value for name, value in settings.items() if name not in _OWN_SETTINGS}
    changed = {
        **wanted,
        "name": stored["name"],
        "isDefault": bool(stored.get("isDefault")),
        "jsonData": {**kept, **wanted["jsonData"]},
    }
    outcome.changed, outcome.before, outcome.after = True, _shown(stored), _shown(changed)
    if not check:
        if settings.get(DIGEST) != wanted["jsonData"].get(DIGEST):
            changed["secureJsonData"] = dict(secrets)
        grafana.change_data_source(stored.get("id") or 0, changed, dialect)
    return outcome


def _stop_where_unreached(grafana: Grafana, source: DataSource, dialect: Dialect, url: str) -> None:
    reason = grafana.unreached(source, dialect)
    if reason:
        here = " (which to Grafana is its own host)" if _is_loopback(url) else ""
        raise GrafanaError(
            f"Grafana at {grafana.url} gets no answer from Prometheus by its data source {source.name!r}: {reason}. "
            f"The lab's Prometheus is said to be at {url}{here}. Let Grafana's host reach it there, set "
            "monitor_lab_prometheus_url to where Grafana reaches it, or name in grafana_datasource a data source of "
            "that Grafana's that does"
        )


def _other_lab(wanted: Mapping[str, Any], stored: JSON) -> str:
    """Return whose data source it is, empty where it is that of `wanted`, or nobody's that is known."""
    mine, theirs = ((one.get("jsonData") or {}).get(LAB) for one in (wanted, stored))
    return str(theirs) if mine and theirs and mine != theirs else ""


def _refuse_other_lab(grafana: Grafana, wanted: Mapping[str, Any], stored: JSON) -> None:
    other = _other_lab(wanted, stored)
    if other:
        raise GrafanaError(
            f"the data source {stored['name']!r} of {grafana.url} is of another lab, {other}, and this one is "
            f"{wanted['jsonData'][LAB]}: nothing of it was changed. Give this lab a name of its own there "
            "(grafana_lab), or, if the other is no more, remove that data source in Grafana"
        )


def _refuse_provisioned(grafana: Grafana, stored: JSON, done: str) -> None:
    if stored.get("readOnly"):
        raise GrafanaError(
            f"the data source {stored['name']!r} of {grafana.url} comes from a file on its server, and can only be "
            f"{done} there"
        )


def _admins(act: Any, *arguments: Any) -> Any:
    """Return what `act` does, which takes an Admin."""
    try:
        return act(*arguments)
    except GrafanaError as error:
        if error.status != 403:
            raise
        raise GrafanaError(
            f"{error}. Its data sources are for an Admin to see: give such a login, or name the one that reaches the "
            "lab's Prometheus in grafana_datasource",
            error.status,
        ) from error


def _free_name(name: str, taken: list[str]) -> str:
    free = [name, f"{name} (monitor_lab)", *(f"{name} (monitor_lab {number})" for number in range(2, len(taken) + 2))]
    lowered = {one.lower() for one in taken}
    # Some databases of Grafana's tell no capitals.
    return next(one for one in free if one.lower() not in lowered)


def _source(stored: Mapping[str, Any]) -> DataSource:
    return DataSource(
        stored["name"], stored["uid"], stored["type"], bool(stored.get("isDefault")), stored.get("id") or 0
    )


def _asks(other: Mapping[str, Any], url: str) -> bool:
    return other.get("type") == "prometheus" and _place(str(other.get("url") or "")) == _place(url)


def _place(url: str) -> tuple[object, ...]:
    """Return what two URLs of the same place have in common."""
    try:
        parts = urlsplit(url)
        port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    except ValueError:
        return (url,)
    return parts.scheme, parts.hostname, port, parts.path.rstrip("/")


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    return host in ("localhost", "::1") or host.startswith("127.")


def _shown(source: Mapping[str, Any]) -> JSON:
    settings = source.get("jsonData") or {}
    told = {key: source.get(key) for key in ("name", "url", "basicAuth", "basicAuthUser") if source.get(key)}
    return {**told, **{name: settings[name] for name in _OWN_SETTINGS if name in settings}}
