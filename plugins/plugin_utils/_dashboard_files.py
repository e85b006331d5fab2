# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the monitor_lab contributors
"""Reads on the controller, which has a YAML library, what people keep dashboards in."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ansible.module_utils.common.yaml import yaml_load_all
from yaml import YAMLError

from ..module_utils._grafana.dashboard import JSON, DashboardError
from ..module_utils._grafana.shapes import (
    TOO_DEEP,
    check_depth,
    check_size,
    dashboards_in,
    in_documents,
    json_documents,
    text_of,
)


def files_in(folder: Path) -> list[Path]:
    """Return the JSON and YAML files in a folder and those in it, in order, without what is hidden."""
    return [
        path
        for path in sorted(folder.rglob("*"))
        if path.suffix in (".json", ".yaml", ".yml")
        and path.is_file()
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    ]


def dashboards_of(content: bytes, origin: str) -> list[JSON]:
    """Return the dashboards in JSON or YAML. Raises DashboardError, where there is none, too."""
    return dashboards_in(_documents(content, origin), origin)


def dashboards_among(content: bytes, path: Path) -> list[JSON]:
    """Return the dashboards in a file of a folder, where YAML may be other programs'. Raises DashboardError."""
    if path.suffix == ".json":
        return dashboards_of(content, str(path))
    documents = [
        document
        for document in _documents(content, str(path))
        if isinstance(document, dict) and ({"apiVersion", "kind"} <= document.keys() or "panels" in document)
    ]
    return in_documents(documents, str(path))


def _documents(content: bytes, origin: str) -> list[Any]:
    check_size(len(content), origin)
    text = text_of(content, origin)
    # Of broken JSON, JSON's complaint is the useful one.
    found = [] if text.lstrip()[:1] in ("{", "[") else _yaml_documents(text, origin)
    return found or json_documents(text, origin)


def _yaml_documents(text: str, origin: str) -> list[JSON]:
    """Return the objects in YAML, without the types that JSON lacks."""
    try:
        documents = [one for one in yaml_load_all(text) if isinstance(one, dict)]
    except RecursionError:
        raise DashboardError(TOO_DEEP.format(origin)) from None
    except (YAMLError, ValueError) as error:
        raise DashboardError(f"{origin} is neither JSON nor YAML: {' '.join(str(error).split())}") from error
    for document in documents:
        check_depth(document, origin)
    return [json.loads(json.dumps(document, default=str, skipkeys=True)) for document in documents]
