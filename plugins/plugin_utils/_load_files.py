# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the monitor_lab contributors
"""What somebody brings for Locust: locustfiles with what lies beside them, arguments, environment, secret files."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Optional

LOCUSTFILE = "locustfile.py"
# Each is copied by itself, and lies in the memory of whoever compares it.
MOST_FILES = 300
MOST_BYTES = 64 * 2**20
LARGEST_SECRET = 2**20

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", re.ASCII)
VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)

# What the role works out, and what would leave the lab without Locust's web interface at the address that all others
# know, or with load that nobody watches. Each with its variable of the environment, and what to set instead.
_WATCHED = "start a run with load_run.yml"
_FIXED = "what reaches Locust in the lab would not find it"
_DECIDED: dict[str, tuple[str, str]] = {
    "--locustfile": ("LOCUST_LOCUSTFILE", "set locust_file"),
    "--config": ("", "write each option by itself"),
    "--host": ("LOCUST_HOST", "set locust_host"),
    "--master": ("LOCUST_MODE_MASTER", "use the groups locust and locust_workers"),
    "--worker": ("LOCUST_MODE_WORKER", "use the groups locust and locust_workers"),
    "--slave": ("", "use the groups locust and locust_workers"),
    "--processes": ("LOCUST_PROCESSES", "set locust_worker_processes"),
    "--master-host": ("LOCUST_MASTER_NODE_HOST", "set monitor_lab_locust_address"),
    "--master-port": ("LOCUST_MASTER_NODE_PORT", "set monitor_lab_locust_master_port"),
    "--master-bind-host": ("LOCUST_MASTER_BIND_HOST", "set monitor_lab_address"),
    "--master-bind-port": ("LOCUST_MASTER_BIND_PORT", "set monitor_lab_locust_master_port"),
    "--web-host": ("LOCUST_WEB_HOST", "set monitor_lab_address"),
    "--web-port": ("LOCUST_WEB_PORT", "set monitor_lab_locust_port"),
    "--web-base-path": ("LOCUST_WEB_BASE_PATH", _FIXED),
    "--web-auth": ("LOCUST_WEB_AUTH", _FIXED),
    "--web-login": ("LOCUST_WEB_LOGIN", _FIXED),
    "--tls-cert": ("LOCUST_TLS_CERT", _FIXED),
    "--tls-key": ("LOCUST_TLS_KEY", _FIXED),
    "--headless": ("LOCUST_HEADLESS", _WATCHED),
    "--headful": ("LOCUST_HEADFUL", _WATCHED),
    "--autostart": ("LOCUST_AUTOSTART", _WATCHED),
    "--autoquit": ("LOCUST_AUTOQUIT", _WATCHED),
    "--list": ("", "it ends Locust"),
    "--help": ("", "it ends Locust"),
    "--version": ("", "it ends Locust"),
    "--show-task-ratio": ("", "it ends Locust"),
    "--show-task-ratio-json": ("", "it ends Locust"),
}
_SHORT = {"-f": "--locustfile", "-H": "--host", "-P": "--web-port", "-l": "--list", "-h": "--help", "-V": "--version"}
_VARIABLES = {variable: instead for variable, instead in _DECIDED.values() if variable} | {
    "LOCUST_WEB_PASSWORD_FILE": "set monitor_lab_exposed",
    "LOCUST_CURVE_DIR": "set monitor_lab_exposed",
    "MONITOR_LAB_SERVICE": "leave it out",
}
# What the role puts beside the user's.
_OWN_SECRETS = {"bearer_token", "locust_password", "master.key", "master.pub", "worker.key", "worker.pub"}


class LoadError(ValueError):
    """It cannot be used; the message says why and what to do instead, on one line."""


class LoadFile(NamedTuple):
    name: str
    """Its path below Locust's folder."""
    source: Path


class Load(NamedTuple):
    locustfiles: tuple[str, ...]
    files: tuple[LoadFile, ...]

    @property
    def folders(self) -> list[str]:
        """Return the folders below Locust's, each before what lies in it."""
        return sorted({str(parent) for file in self.files for parent in Path(file.name).parents} - {"."})


def load_of(value: Any) -> Load:
    """Return what C(locust_file) names: a locustfile, a folder that holds one, or a list of files and folders.

    Relative paths begin where Ansible was started. Raises LoadError.
    """
    entries = value if isinstance(value, (list, tuple)) else [value]
    if not entries or not all(isinstance(entry, str) and entry for entry in entries):
        raise LoadError("a locustfile's path is needed, a folder's, or a list of paths")
    paths = [_found(entry) for entry in entries]
    if isinstance(value, str) and paths[0].is_dir():
        locustfiles, files = [LOCUSTFILE], _below(paths[0], "")
        if LOCUSTFILE not in {file.name for file in files}:
            raise LoadError(
                f"{_shown(value)} holds no {LOCUSTFILE}; name the one to start with so, or write a list of all"
            )
    else:
        files = [file for path in paths for file in (_below(path, path.name) if path.is_dir() else [_file(path)])]
        locustfiles = [path.name for path in paths if path.suffix == ".py" and path.is_file()]
    _check(value, locustfiles, files)
    return Load(tuple(locustfiles), tuple(sorted(files)))


def _check(value: Any, locustfiles: Sequence[str], files: Sequence[LoadFile]) -> None:
    if not locustfiles:
        raise LoadError(f"{_shown(value)} has no locustfile; its name has to end with .py")
    # Locust takes its locustfiles as one text.
    odd = [file.name for file in files if "," in file.name or not file.name.isprintable()]
    if odd:
        raise LoadError(f"the name {_shown(odd[0])} has a comma or the like; give the file another")
    names = [file.name for file in files]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice:
        raise LoadError(f"two files would be {_shown(twice)}; give one of them another name")
    size = sum(file.source.stat().st_size for file in files)
    if len(files) > MOST_FILES or size > MOST_BYTES:
        raise LoadError(_too_much(f"{len(files)} files with {size // 2**20} MiB"))


def _too_much(what: str) -> str:
    most = f"{MOST_FILES} files and {MOST_BYTES // 2**20} MiB"
    return f"{what} are more than the {most} that go to the hosts; name a folder that holds only what the load needs"


def _shown(value: Any) -> str:
    text = str(value)
    # Before an @ may be a password.
    if "@" in text:
        return "the value"
    return text if text.isprintable() and len(text) <= 100 else repr(text[:100])


def _found(entry: str) -> Path:
    try:
        path = Path(entry).expanduser().absolute()
        readable = os.access(str(path), os.R_OK)
        there = path.exists()
    except (OSError, ValueError, RuntimeError):
        there = readable = False
    if not there:
        raise LoadError(
            f"there is no {_shown(entry)} on the controller; write the path of an existing file, or of a folder with a "
            f"{LOCUSTFILE}"
        )
    if not readable:
        raise LoadError(f"{_shown(entry)} on the controller cannot be read; allow it to who runs Ansible")
    return path


def _file(path: Path) -> LoadFile:
    return LoadFile(path.name, path)


def _below(folder: Path, name: str) -> list[LoadFile]:
    """Return the files of a folder, but for hidden ones and what Python leaves behind."""
    found: list[LoadFile] = []
    seen: set[Path] = set()
    for place, folders, names in os.walk(str(folder), followlinks=True):
        folders[:] = sorted(one for one in folders if not one.startswith(".") and one != "__pycache__")
        real = Path(place).resolve()
        if real in seen:
            raise LoadError(f"{_shown(place)} is a link to a folder that is taken already; remove it")
        seen.add(real)
        below = Path(name, os.path.relpath(place, str(folder)))
        for one in names:
            source = Path(place, one)
            if not one.startswith(".") and source.is_file():
                if not os.access(str(source), os.R_OK):
                    raise LoadError(f"{_shown(source)} on the controller cannot be read; allow it to who runs Ansible")
                found.append(LoadFile(str(below / one), source))
        if len(found) > MOST_FILES:
            raise LoadError(_too_much(f"more than {MOST_FILES} files in {_shown(folder)}"))
    return found


def wanted_load(value: Any, folder: str) -> dict[str, Any]:
    """Return the C(locustfiles) of C(locust_file), and what the role C(files) is to put into `folder`, C(wanted)."""
    load = load_of(value)
    return {
        "locustfiles": list(load.locustfiles),
        "sources": [str(file.source) for file in load.files if file.name in load.locustfiles],
        "wanted": [
            {"path": folder, "state": "directory"},
            *({"path": f"{folder}/{name}", "state": "directory"} for name in load.folders),
            *({"path": f"{folder}/{file.name}", "src": str(file.source)} for file in load.files),
        ],
    }


def wanted_secrets(value: Mapping[str, Any], folder: str, owner: int) -> list[dict[str, Any]]:
    """Return what the role C(files) is to put into `folder` for these secrets: readable by `owner` alone."""
    fault = secrets_fault(value)
    if fault:
        raise LoadError(fault)
    return [
        {
            "path": f"{folder}/{name}",
            "secret": True,
            "owner": owner,
            "group": owner,
            "mode": "0400",
            **({"content": str(one["content"])} if isinstance(one, Mapping) else {"src": str(_found(str(one)))}),
        }
        for name, one in value.items()
    ]


def arguments_fault(value: Sequence[Any]) -> Optional[str]:
    """Return what is wrong with C(locust_arguments); none where nothing is."""
    for argument in value:
        if not isinstance(argument, str) or not argument.isprintable():
            return f"{_shown(argument)} is not text on one line; write each argument in quotes"
        option = argument.partition("=")[0]
        if option.startswith("--") and len(option) > 2:
            # Locust takes the beginning of an option for the whole.
            decided = next((name for name in _DECIDED if name.startswith(option)), None)
        else:
            decided = _SHORT.get(option[:2])
        if decided:
            return f"the role itself decides {decided}; {_DECIDED[decided][1]}"
    return None


def environment_fault(value: Mapping[Any, Any]) -> Optional[str]:
    """Return what is wrong with C(locust_env); none where nothing is."""
    for name, one in value.items():
        wrong = variable_fault(name)
        if not wrong and name in _VARIABLES:
            wrong = f"the role itself decides {name}; {_VARIABLES[name]}"
        wrong = wrong or value_fault(name, one)
        if wrong:
            return wrong
    return None


def variable_fault(name: Any) -> Optional[str]:
    """Return what is wrong with the name of a variable of an environment; none where nothing is."""
    if isinstance(name, str) and VARIABLE.fullmatch(name):
        return None
    return f"{_shown(name)} is not the name of a variable; write letters, digits and underscores"


def value_fault(name: str, value: Any) -> Optional[str]:
    """Return what is wrong with the value of a variable or setting; none where nothing is. It is not shown."""
    if value is None or isinstance(value, (Mapping, list, tuple)) or (isinstance(value, str) and "\0" in value):
        kind = "nothing" if value is None else "no single value"
        return f"{name} is {kind}; write a text, a number, true or false, or leave it out"
    return None


def environment_text(value: Any) -> str:
    """Return a value as a variable of the environment has it: numbers, true and false as JSON writes them."""
    return json.dumps(value) if isinstance(value, (bool, int, float)) else str(value)


def secrets_fault(value: Mapping[Any, Any]) -> Optional[str]:
    """Return what is wrong with such secrets; none where nothing is. No value is shown."""
    for name, one in value.items():
        if not isinstance(name, str) or not NAME.fullmatch(name) or name in _OWN_SECRETS:
            return f"{_shown(name)} cannot be the name of a secret; write letters, digits, dots and hyphens"
        if isinstance(one, Mapping):
            content = one.get("content")
            if one.keys() != {"content"} or not isinstance(content, str) or len(content) > LARGEST_SECRET:
                return f"{name} has other keys than content, a text; write that, or the path of a file"
            continue
        try:
            path = _found(str(one or ""))
        except LoadError:
            path = Path("/")
        if not path.is_file() or path.stat().st_size > LARGEST_SECRET:
            return f"{name} names no file on the controller that can be read; write its path, or its content"
    return None
