# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the monitor_lab contributors
"""Binds a dashboard to the data sources of one Grafana, however the dashboard names its own.

The ways, all found in published dashboards: `${DS_…}` declared in `__inputs`, or used and never declared; a plain
name; a uid; null; an object {type, uid}; a template variable. In panels, in rows, in queries, annotations and
variables.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Optional

from .client import DataSource
from .dashboard import (
    JSON,
    DashboardError,
    panel_name,
    walk_panels,
)

VARIABLE = re.compile(r"\$\{(?P<braces>[^{}]+)\}|\$(?P<bare>\w+)|\[\[(?P<brackets>[^\[\]]+)\]\]")

# Data sources that every Grafana has, by the ways in which they are named, and the object that names them since 8.3.
BUILT_IN: dict[str, JSON] = {
    "-- Grafana --": {"type": "grafana", "uid": "-- Grafana --"},
    "-- Mixed --": {"type": "datasource", "uid": "-- Mixed --"},
    "-- Dashboard --": {"type": "datasource", "uid": "-- Dashboard --"},
    "__expr__": {"type": "__expr__", "uid": "__expr__"},
}
# -100 is what expressions were called before 8.3.
BUILT_IN_UIDS = {**{name: name for name in BUILT_IN}, "grafana": "-- Grafana --", "-100": "__expr__"}
BUILT_IN_PLUGINS = {
    "grafana": "-- Grafana --",
    "mixed": "-- Mixed --",
    "dashboard": "-- Dashboard --",
    "__expr__": "__expr__",
}

DEFAULT_LABEL = "(default)"


@dataclass
class Binder:
    """`chosen` is what the play asks for, by name or uid; without it, what this Grafana already has is kept.

    `inputs` maps a name in the dashboard (an input, a variable, a data source's name or uid) to a data source here,
    and the name of a constant to its value. After `bind`, `bound` tells which became which: name → uid; `used` has the
    keys of `inputs` that the dashboard knows, and `names` all that it has.
    """

    data_sources: tuple[DataSource, ...]
    objects: bool
    chosen: Optional[str] = None
    inputs: Mapping[str, str] = field(default_factory=dict)
    bound: dict[str, str] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)
    names: set[str] = field(default_factory=set)

    def bind(self, dashboard: JSON) -> JSON:
        """Return `dashboard` with every reference bound; it names the panels of those that can't be."""
        self._chosen = None if self.chosen is None else self._named(self.chosen, "datasource")
        self._default = self._chosen or next((one for one in self.data_sources if one.is_default), None)
        self._unbound: dict[str, list[str]] = {}
        self._declare(dashboard)

        for panel in walk_panels(dashboard):
            self._bind_panel(panel)
        for variable in self._variables.values():
            self._bind_variable(variable)
        for annotation in (dashboard.get("annotations") or {}).get("list") or []:
            self._bind_annotation(annotation)

        for name, plugin in self._plugins.items():
            if name not in self.bound and name not in self._unbound:
                source = self._mapped(name) or self._of_type(plugin)
                if source is not None:
                    self._refer(source, name, "")
        if self._unbound:
            raise DashboardError(self._complaint())
        self.names = {*self._plugins, *self._constants, *self.bound} - {DEFAULT_LABEL}
        for key in ("__inputs", "__requires", "__elements"):
            dashboard.pop(key, None)
        filled: JSON = self._fill_in(dashboard)
        return filled

    def _declare(self, dashboard: JSON) -> None:
        self._plugins: dict[str, str] = {}
        self._constants: dict[str, str] = {}
        self._texts: dict[str, str] = {}
        for declared in dashboard.get("__inputs") or []:
            name, kind = str(declared.get("name")), declared.get("type")
            if kind == "datasource":
                self._plugins[name] = str(declared.get("pluginId") or "")
            elif kind == "constant":
                self._constants[name] = self._constant(name, declared.get("value"))
            else:
                raise DashboardError(f"the input {name} is of the type {kind}, which can't be filled in")
        variables = (dashboard.get("templating") or {}).get("list") or []
        self._variables: dict[str, JSON] = {str(variable.get("name")): variable for variable in variables}
        wanted = {plugin for plugin in self._plugins.values() if plugin and plugin not in BUILT_IN_PLUGINS}
        if not wanted:
            wanted = {
                str(one.get("id")) for one in dashboard.get("__requires") or [] if one.get("type") == "datasource"
            }
        # What an untyped reference means, when the dashboard itself speaks of one type only.
        self._usual = wanted.pop() if len(wanted) == 1 else None

    def _constant(self, name: str, default: Any) -> str:
        if name in self.inputs:
            self.used.add(name)
            return self.inputs[name]
        if default is None:
            raise DashboardError(f"the dashboard asks for the constant {name}: give it in inputs")
        return str(default)

    def _bind_panel(self, panel: JSON) -> None:
        where = f"panel {panel_name(panel)}"
        targets = [target for target in panel.get("targets") or [] if isinstance(target, dict)]
        if panel.get("datasource") is not None or targets:
            panel["datasource"] = self._bind(panel.get("datasource"), where)
        for target in targets:
            if "datasource" in target:
                target["datasource"] = self._bind(target["datasource"], where)

    def _bind_variable(self, variable: JSON) -> None:
        where = f"variable {variable.get('name')!r}"
        if variable.get("type") == "datasource":
            self._set_variable(variable, where)
        elif variable.get("datasource") is not None or variable.get("type") in ("query", "adhoc", "groupby"):
            variable["datasource"] = self._bind(variable.get("datasource"), where)

    def _set_variable(self, variable: JSON, where: str) -> None:
        """Select the data source that the variable's reader sees first."""
        name = str(variable.get("name"))
        source = self._mapped(name) or self._of_type(str(variable.get("query") or ""))
        if source is None:
            self._miss(f"{name} ({variable.get('query')})", where)
            return
        self.bound[name] = source.uid
        text, value = source.name, source.uid if self.objects else source.name
        many = bool(variable.get("multi"))
        variable["current"] = {
            "selected": True,
            "text": [text] if many else text,
            "value": [value] if many else value,
        }
        # What the author's own Grafana had to choose from; this one makes its own list.
        variable["options"] = []
        if variable.get("regex") and not _selects(str(variable["regex"]), source.name):
            variable["regex"] = ""

    def _bind_annotation(self, annotation: JSON) -> None:
        if annotation.get("datasource") is None and (
            annotation.get("builtIn") or annotation.get("type") == "dashboard"
        ):
            annotation["datasource"] = "-- Grafana --"
        annotation["datasource"] = self._bind(annotation.get("datasource"), f"annotation {annotation.get('name')!r}")

    def _bind(self, reference: Any, where: str) -> Any:
        kind, label = None, reference
        if isinstance(reference, dict):
            kind = str(reference["type"]) if reference.get("type") else None
            label = reference.get("uid")
        if label in (None, "", "default"):
            if kind in BUILT_IN_PLUGINS:
                return self._refer_built_in(BUILT_IN_PLUGINS[kind])
            return self._refer(self._of_type(kind or self._usual), DEFAULT_LABEL, where, kind)
        label = str(label)
        if label in BUILT_IN_UIDS:
            return self._refer_built_in(BUILT_IN_UIDS[label])
        variable = VARIABLE.fullmatch(label)
        if variable:
            name = next(name for name in variable.groups() if name)
            return self._bind_named_variable(name, kind, where)
        if kind in BUILT_IN_PLUGINS:
            return self._refer_built_in(BUILT_IN_PLUGINS[kind])
        return self._refer(self._mapped(label) or self._existing(label, kind), label, where, kind)

    def _bind_named_variable(self, name: str, kind: Optional[str], where: str) -> Any:
        if name not in self._plugins and name.split(":")[0] in self._variables:
            name = name.split(":")[0]
            return self._refer_variable(self._variables[name], kind)
        kind = self._plugins.get(name) or kind
        if kind in BUILT_IN_PLUGINS:
            self.bound[name] = BUILT_IN_PLUGINS[kind]
            return self._refer_built_in(BUILT_IN_PLUGINS[kind])
        return self._refer(self._mapped(name) or self._of_type(kind or self._usual), name, where, kind)

    def _existing(self, label: str, kind: Optional[str]) -> Optional[DataSource]:
        """Return what a plain name or uid means: one that is here stays, unless it is the chosen one's to replace."""
        here = self._find(label)
        if here is not None and (self._chosen is None or here.type != self._chosen.type):
            return here
        return self._of_type(kind or (None if self._chosen else self._usual))

    def _of_type(self, kind: Optional[str]) -> Optional[DataSource]:
        """Return the chosen or default data source where its type fits, else the only one of that type."""
        if self._default is not None and (not kind or kind == self._default.type):
            return self._default
        fitting = [one for one in self.data_sources if not kind or one.type == kind]
        return fitting[0] if len(fitting) == 1 else None

    def _mapped(self, name: str) -> Optional[DataSource]:
        if name not in self.inputs:
            return None
        self.used.add(name)
        return self._named(self.inputs[name], f"inputs.{name}")

    def _find(self, name: str) -> Optional[DataSource]:
        return next((one for one in self.data_sources if name in (one.uid, one.name)), None)

    def _named(self, name: str, option: str) -> DataSource:
        found = self._find(name)
        if found is None:
            raise DashboardError(f"{option}: this Grafana has no data source {name!r}; it has {self._choice()}")
        return found

    def _refer(self, source: Optional[DataSource], label: str, where: str, kind: Optional[str] = None) -> Any:
        if source is None:
            self._miss(f"{label} ({kind})" if kind else label, where)
            return None
        self.bound[label] = source.uid
        self._texts[label] = source.uid if self.objects else source.name
        return {"type": source.type, "uid": source.uid} if self.objects else source.name

    def _refer_variable(self, variable: JSON, kind: Optional[str]) -> Any:
        text = f"${{{variable['name']}}}"
        if not self.objects:
            return text
        if variable.get("type") == "datasource":
            kind = kind or str(variable.get("query") or "")
        return {"type": kind, "uid": text} if kind else {"uid": text}

    def _refer_built_in(self, name: str) -> Any:
        return dict(BUILT_IN[name]) if self.objects else name

    def _miss(self, label: str, where: str) -> None:
        self._unbound.setdefault(label, []).append(where)

    def _choice(self) -> str:
        return ", ".join(f"{one.name} ({one.type}, uid {one.uid})" for one in self.data_sources) or "none at all"

    def _complaint(self) -> str:
        wanted = "; ".join(f"{label} in {', '.join(dict.fromkeys(where))}" for label, where in self._unbound.items())
        return (
            f"can't tell which data source is meant by {wanted}. Name one in datasource or inputs; "
            f"this Grafana has {self._choice()}"
        )

    def _fill_in(self, value: Any) -> Any:
        """Put the inputs' values wherever else a text uses them, as Grafana's own import does."""
        if isinstance(value, dict):
            return {key: self._fill_in(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [self._fill_in(inner) for inner in value]
        if isinstance(value, str) and "${" in value:
            for name, text in {
                **self._constants,
                **{name: self._texts.get(name, "") for name in self._plugins},
            }.items():
                if text or name in self._constants:
                    value = value.replace(f"${{{name}}}", text)
        return value


def _selects(regex: str, name: str) -> bool:
    """Tell whether a variable's filter (/…/flags, as in JavaScript) lets a data source through."""
    slashes = re.fullmatch(r"/(.*)/(\w*)", regex, re.DOTALL)
    pattern, flags = (slashes[1], slashes[2]) if slashes else (f"^{regex}$", "")
    try:
        return re.search(pattern, name, re.IGNORECASE if "i" in flags else 0) is not None
    except re.error:
        return False
