# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""YAML configuration files, read strictly: an unknown key or a value of another kind is an error."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import yaml

T = TypeVar("T")


class ConfigError(Exception):
    """A configuration that cannot be used: the message says what, where and why."""


class Section:
    """A mapping of a configuration file, whose keys are taken one by one; finish() refuses those that nobody took."""

    def __init__(self, values: Mapping[str, Any], where: str, folder: Path) -> None:
        self._values = values
        self._folder = folder
        self._taken: set[str] = set()
        self.where = where

    def keys(self) -> list[str]:
        self._taken.update(self._values)
        return [str(key) for key in self._values]

    def _take(self, key: str, kind: type, what: str) -> Any:
        self._taken.add(key)
        value = self._values.get(key)
        if value is not None and not isinstance(value, kind):
            raise ConfigError(f"{self.where}: {key} must be {what}")
        return value

    def section(self, key: str) -> Section | None:
        value = self._take(key, dict, "a mapping")
        return None if value is None else Section(value, f"{self.where}, {key}", self._folder)

    def text(self, key: str) -> str | None:
        value: str | None = self._take(key, str, "text")
        return value or None

    def required_text(self, key: str) -> str:
        value = self.text(key)
        if value is None:
            raise ConfigError(f"{self.where}: {key} is missing")
        return value

    def texts(self, key: str) -> list[str]:
        values: list[Any] = self._take(key, list, "a list") or []
        if not all(isinstance(value, str) for value in values):
            raise ConfigError(f"{self.where}: {key} must be a list of texts")
        return values

    def choice(self, key: str, choices: Mapping[str, T], default: T) -> T:
        value = self.text(key)
        if value is None:
            return default
        if value not in choices:
            raise ConfigError(f"{self.where}: {key} must be one of {', '.join(choices)}")
        return choices[value]

    def flag(self, key: str) -> bool:
        return bool(self._take(key, bool, "true or false"))

    def path(self, key: str) -> Path | None:
        value = self.text(key)
        return None if value is None else self.resolve(value)

    def resolve(self, value: str) -> Path:
        """Return a path of the file; a relative one starts where the file lies."""
        return self._folder / value

    def finish(self) -> None:
        if unknown := sorted(str(key) for key in self._values if key not in self._taken):
            raise ConfigError(f"{self.where}: not known here: {', '.join(unknown)}")


def load(path: Path) -> Section:
    """Return the file's top mapping (empty for an empty file). Raises ConfigError if there is none to be had."""
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"cannot read {path}: {error}") from error
    except yaml.MarkedYAMLError as error:
        # The whole message would quote the line, which may hold a secret.
        line = f", line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise ConfigError(f"{path}{line}: not YAML: {error.problem}") from None
    if values is None:
        values = {}
    if not isinstance(values, dict):
        raise ConfigError(f"{path}: must hold a mapping")
    return Section(values, str(path), path.parent)
