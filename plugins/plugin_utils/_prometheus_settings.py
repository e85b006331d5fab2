# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the monitor_lab contributors
"""What somebody sets of the lab's Prometheus: flags, its global section, labels, targets, other Prometheuses."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Optional
from urllib.parse import urlsplit

from ._alert_rules import json_file
from ._load_files import NAME, environment_text

_FIXED = "the lab would not find it"
# What the role works out, and what to set instead.
_FLAGS = {
    "config.file": _FIXED,
    "storage.tsdb.path": _FIXED,
    "storage.tsdb.retention.time": "set prometheus_retention",
    "storage.tsdb.retention.size": "set prometheus_retention_size",
    "web.listen-address": "set monitor_lab_address and monitor_lab_prometheus_port",
    "web.config.file": "set monitor_lab_tls and monitor_lab_exposed",
    "web.external-url": "set prometheus_web_external_url",
    "web.route-prefix": _FIXED,
    "web.cors.origin": "web pages of nobody else may read it",
}
_GLOBAL = {
    "scrape_interval": "set monitor_lab_scrape_interval",
    "external_labels": "set prometheus_external_labels",
}
_FLAG = re.compile(r"[a-z][a-z0-9.-]*", re.ASCII)
_LABEL = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)


def flags(value: Mapping[str, Any]) -> list[str]:
    """Return these flags as arguments: without a value, it is a switch; with a list, it is there several times."""
    return [f"--{name}{one}" for name, given in value.items() for one in _arguments(given)]


def _arguments(given: Any) -> list[str]:
    is_switch = given is True or given in (None, "")
    return [""] if is_switch else [f"={environment_text(one)}" for one in _several(given)]


def _several(given: Any) -> list[Any]:
    return given if isinstance(given, list) else [given]


def _is_value(one: Any) -> bool:
    return isinstance(one, (str, int, float)) and not isinstance(one, bool) and str(one).isprintable()


def flags_fault(value: Mapping[Any, Any]) -> Optional[str]:
    """Return what is wrong with C(prometheus_config_flags_extra); none where nothing is. No value is shown."""
    for name, given in value.items():
        if not isinstance(name, str) or not _FLAG.fullmatch(name):
            return f"{name!r} is not the name of a flag; write one without hyphens before it, such as query.max-samples"
        if name in _FLAGS:
            return f"the role itself decides {name}; {_FLAGS[name]}"
        if not (given is True or given in (None, "")) and not all(map(_is_value, _several(given))):
            return f"{name} has no value of a flag; write a text, a number or a list of them, true for a switch"
    return None


def global_fault(value: Mapping[Any, Any]) -> Optional[str]:
    """Return what is wrong with C(prometheus_global); none where nothing is. The rest is promtool's to say."""
    return next((f"the role itself decides {name}; {_GLOBAL[name]}" for name in value if name in _GLOBAL), None)


def labels_fault(value: Mapping[Any, Any]) -> Optional[str]:
    """Return what is wrong with C(prometheus_external_labels), or other labels; none where nothing is."""
    for name, one in value.items():
        if not isinstance(name, str) or not _LABEL.fullmatch(name) or name.startswith("__"):
            return f"{name!r} is not the name of a label; write letters, digits and underscores"
        if not isinstance(one, str):
            return f"the label {name} is not text; write it in quotes"
    return None


def remotes_fault(value: Sequence[Any]) -> Optional[str]:
    """Return what is wrong with C(prometheus_remote_write) or C(prometheus_remote_read); none where nothing is."""
    for place, one in enumerate(value, start=1):
        url = str(one.get("url", "")) if isinstance(one, Mapping) else ""
        if not url.startswith(("http://", "https://")) or not urlsplit(url).hostname:
            return f"number {place} has no url that is one; write such as https://metrics.example.org/api/v1/write"
    return None


def targets_fault(value: Mapping[Any, Any]) -> Optional[str]:
    """Return what is wrong with C(prometheus_targets); none where nothing is."""
    for name, groups in value.items():
        if not isinstance(name, str) or not NAME.fullmatch(name):
            return f"{name!r} cannot be the name of a file; write letters, digits, dots and hyphens"
        for group in groups if isinstance(groups, list) and groups else [None]:
            targets = group.get("targets") if isinstance(group, Mapping) else None
            labels = group.get("labels", {}) if isinstance(group, Mapping) else {}
            if not isinstance(targets, list) or not all(isinstance(one, str) for one in targets):
                return f"{name} is no list of targets; write such as [{{targets: ['192.0.2.1:9100']}}]"
            if not isinstance(labels, Mapping) or labels_fault(labels):
                return f"{name} has labels that are none; write such as {{env: test}}"
    return None


def global_section(interval: str, labels: Mapping[str, str], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return Prometheus's C(global): the lab's, what is given beside it or in its place, and these labels."""
    named = ("scrape_interval", "scrape_timeout", "evaluation_interval")
    found: dict[str, Any] = {**dict.fromkeys(named, interval), **given}
    return {**found, "external_labels": dict(labels)} if labels else found


def target_files(value: Mapping[str, Any], folder: str) -> list[dict[str, Any]]:
    """Return files of targets, as C(file_sd_configs) reads them and the role C(files) takes them."""
    return [
        {"path": f"{folder}/{name}.yml", "content": json_file("Targets.", groups)} for name, groups in value.items()
    ]
