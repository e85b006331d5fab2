# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""What the engines keep on disk of their containers: names, images, and how they ended.

Their sockets would tell the same, and let whoever has them do anything on the host. Docker has a folder for each
container with a `config.v2.json` in it, Podman (containers/storage) a `containers.json` for all.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

_ID_LENGTH = 64


@dataclass(frozen=True)
class Container:
    """A container as its engine knows it, running or not. Of its life only Docker tells, and of Podman's others must.

    `started` is when it last was, in Unix time, and `end` the moment of its last end, in Docker's words.
    """

    name: str
    image: str
    started: float | None = None
    end: str = ""
    killed_for_memory: bool = False


class EngineError(Exception):
    """An engine's files can't be read; the message says which and why."""


def docker(folder: Path) -> dict[str, Container]:
    """Return id → container of all that Docker has, running or not; none where there is no Docker.

    Raises EngineError.
    """
    try:
        found = {}
        for entry in folder.iterdir():
            if len(entry.name) == _ID_LENGTH and (content := _json(entry / "config.v2.json")):
                state = content.get("State") or {}
                found[entry.name] = Container(
                    name=str(content.get("Name", "")).lstrip("/"),
                    image=str((content.get("Config") or {}).get("Image", "")),
                    started=_moment(state.get("StartedAt")),
                    end=str(state.get("FinishedAt", "")),
                    killed_for_memory=bool(state.get("OOMKilled")),
                )
        return found
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise EngineError(f"cannot read Docker's containers: {error}") from error


def podman(folder: Path) -> dict[str, Container]:
    """Return id → container of all that root's Podman has, likewise. Raises EngineError."""
    try:
        listed = json.loads((folder / "containers.json").read_text(encoding="utf-8"))
        return {entry["id"]: Container(entry["names"][0], _image(entry)) for entry in listed if entry.get("names")}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError) as error:
        raise EngineError(f"cannot read Podman's containers: {error!r}") from error


def _image(entry: Mapping[str, Any]) -> str:
    return str(json.loads(entry.get("metadata") or "{}").get("image-name", ""))


def _moment(text: object) -> float | None:
    """Return Unix time. Docker writes never as the year 1."""
    moment = datetime.fromisoformat(str(text)).timestamp() if text else 0.0
    return moment if moment > 0 else None


def _json(file: Path) -> dict[str, Any]:
    """Return a file's object; empty where it is gone since its folder was listed, or not there yet."""
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    return content if isinstance(content, dict) else {}
