# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the monitor_lab contributors
"""Finds the dashboards in what people keep them in: Grafana's own files, and resources of Kubernetes.

- what Grafana's "Export" writes, and the answers of its API and of grafana.com, which have it in an object
- `kind: Dashboard` of dashboard.grafana.app, as Grafana 12 exports it, and of Grizzly
- `kind: GrafanaDashboard` of the Grafana operator
- `kind: ConfigMap`, as the sidecar of Grafana's Helm chart takes it, with one or several
- lists of such resources
"""

from __future__ import annotations

import base64
import copy
import json
import zlib
from collections.abc import Iterator
from itertools import islice
from typing import Any, Union

from .dashboard import (
    JSON,
    MAX_BYTES,
    DashboardError,
    check_document,
)

# Of objects and lists in one another; the largest of those that Grafana makes have some 20.
MAX_DEPTH = 100
# At one depth. More than JSON of MAX_BYTES can have; YAML can, by aliases of aliases.
MAX_WIDTH = MAX_BYTES // 2

TOO_DEEP = f"{{}} is no dashboard: it has more than {MAX_DEPTH} objects and lists in one another"


def dashboards_in(content: Union[str, bytes, JSON, list[Any]], origin: str) -> list[JSON]:
    """Return copies of the dashboards in `content`, JSON or what was read from it; `origin` says where that is from.

    Raises DashboardError where there is none, and where there is one that cannot be imported.
    """
    if isinstance(content, (str, bytes)):
        documents = json_documents(content, origin)
    else:
        documents = content if isinstance(content, list) and content else [content]
    found = in_documents(documents, origin)
    if not found:
        raise DashboardError(
            f"{origin} holds no dashboard: it may be one itself, or a Dashboard, a GrafanaDashboard or a ConfigMap "
            "with .json files in it"
        )
    return found


def in_documents(documents: list[Any], origin: str) -> list[JSON]:
    """Return the dashboards in these; none where they are resources of other kinds. Raises DashboardError."""
    for document in documents:
        check_depth(document, origin)
    return [found for document in documents for found in _unwrapped(copy.deepcopy(document), origin)]


def text_of(content: bytes, origin: str) -> str:
    """Return the text of a file, in whichever encoding JSON may have, without a byte order mark."""
    try:
        return content.decode(json.detect_encoding(content)).lstrip("\ufeff")
    except UnicodeDecodeError as error:
        raise DashboardError(f"{origin} is not text: {error}") from error


def json_documents(content: Union[str, bytes], origin: str) -> list[Any]:
    """Return what is in JSON, the elements of a list one by one. Raises DashboardError."""
    check_size(len(content), origin)
    try:
        document = json.loads(text_of(content, origin) if isinstance(content, bytes) else content.lstrip("\ufeff"))
    except RecursionError:
        raise DashboardError(TOO_DEEP.format(origin)) from None
    except ValueError as error:
        raise DashboardError(f"{origin} is not JSON: {error}") from error
    return document if isinstance(document, list) and document else [document]


def check_size(size: int, origin: str) -> None:
    """Raise DashboardError where `size` bytes are too many."""
    if size > MAX_BYTES:
        raise DashboardError(f"{origin} has {size} bytes, and a dashboard may have {MAX_BYTES}")


def check_depth(document: Any, origin: str) -> None:
    """Refuse what would be too deep or too much for what walks, copies and compares dashboards."""
    level = [document]
    for _depth in range(MAX_DEPTH + 1):
        if not level:
            return
        inner = (
            one
            for outer in level
            if isinstance(outer, (dict, list))
            for one in (outer.values() if isinstance(outer, dict) else outer)
        )
        level = list(islice(inner, MAX_WIDTH + 1))
        if len(level) > MAX_WIDTH:
            raise DashboardError(f"{origin} has more in it than a dashboard of {MAX_BYTES} bytes may have")
    raise DashboardError(TOO_DEEP.format(origin))


def _unwrapped(document: Any, origin: str) -> Iterator[JSON]:
    if not isinstance(document, dict):
        raise DashboardError(f"{origin} is no dashboard: it is JSON, but not an object")
    if {"elements", "layout"} <= document.keys():
        raise DashboardError(
            f"{origin} is a dashboard of schema v2, which this module does not import: export it from Grafana in the "
            "classic format"
        )
    if "apiVersion" in document and "kind" in document:
        yield from _of_resource(document, origin)
        return
    if not {"panels", "rows"} & document.keys():
        # The API's answer and Grafana's import have the one, grafana.com's API has the other.
        for key in ("dashboard", "json"):
            if isinstance(document.get(key), dict):
                yield from _unwrapped(document[key], origin)
                return
    yield check_document(document, origin)


def _of_resource(resource: JSON, origin: str) -> Iterator[JSON]:
    kind, spec = str(resource["kind"]), resource.get("spec")
    if kind.endswith("List"):
        for item in _list(resource, "items"):
            yield from _unwrapped(item, origin)
    elif kind == "ConfigMap":
        yield from _of_config_map(resource, origin)
    elif kind == "GrafanaDashboard":
        yield from _of_operator(_object(resource, "spec"), origin)
    elif kind == "Dashboard":
        if not isinstance(spec, dict):
            raise DashboardError(f"{origin} is no dashboard: the spec of a Dashboard is an object, and its is not")
        for dashboard in _unwrapped(spec, origin):
            # The server goes by this, whatever the dashboard itself says.
            yield {**dashboard, "uid": _object(resource, "metadata").get("name") or dashboard.get("uid")}


def _of_config_map(resource: JSON, origin: str) -> Iterator[JSON]:
    for name, text in _object(resource, "data").items():
        if name.endswith(".json"):
            yield from _of_text(text, f"{origin}: {name}")
    for name, encoded in _object(resource, "binaryData").items():
        if name.endswith(".json"):
            yield from _of_text(_decoded(encoded, f"{origin}: {name}"), f"{origin}: {name}")


def _of_operator(spec: JSON, origin: str) -> Iterator[JSON]:
    if spec.get("json"):
        found = _of_text(spec["json"], f"{origin}: spec.json")
    elif spec.get("gzipJson"):
        found = _of_text(_unzipped(spec["gzipJson"], f"{origin}: spec.gzipJson"), f"{origin}: spec.gzipJson")
    else:
        ways = {"grafanaCom": "gnet_id and revision", "url": "url"}
        given = ", ".join(key for key in ("grafanaCom", "url", "configMapRef", "jsonnet") if key in spec)
        instead = next((f": give {ways[key]} in its stead" for key in ways if key in spec), "")
        raise DashboardError(f"{origin} does not hold its dashboard, but {given or 'nothing'}{instead}")
    for dashboard in found:
        yield {**dashboard, "uid": spec.get("uid") or dashboard.get("uid")}


def _of_text(text: Any, origin: str) -> Iterator[JSON]:
    for document in json_documents(text, origin) if isinstance(text, (str, bytes)) else [text]:
        check_depth(document, origin)
        yield from _unwrapped(document, origin)


def _decoded(encoded: Any, origin: str) -> bytes:
    try:
        return base64.b64decode(str(encoded), validate=False)
    except ValueError as error:
        raise DashboardError(f"{origin} is not base64: {error}") from error


def _unzipped(encoded: Any, origin: str) -> bytes:
    try:
        return zlib.decompressobj(wbits=31).decompress(_decoded(encoded, origin), MAX_BYTES + 1)
    except zlib.error as error:
        raise DashboardError(f"{origin} is not gzip: {error}") from error


def _object(parent: JSON, name: str) -> JSON:
    value = parent.get(name)
    return {str(key): inner for key, inner in value.items()} if isinstance(value, dict) else {}


def _list(parent: JSON, name: str) -> list[Any]:
    value = parent.get(name)
    return value if isinstance(value, list) else []
