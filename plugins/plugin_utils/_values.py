# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the monitor_lab contributors
"""What the values of the lab's variables mean."""

from __future__ import annotations

import ipaddress
import os
import re
import stat
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any, Optional
from urllib.parse import urlsplit

from . import _grafana_settings, _prometheus_settings
from ._alert_rules import thresholds_fault
from ._load_files import LoadError, arguments_fault, environment_fault, load_of, secrets_fault
from ._pods import autoscaling_fault, pod_fault

_MEMORY = re.compile(r"(?P<number>\d+(?:\.\d+)?)(?:(?P<unit>[kmgt])(?:i?b|i)?|b)?", re.ASCII | re.IGNORECASE)
_TAG = r"\w[\w.-]{0,127}"
# Of the path to an image.
_PART = r"[a-z0-9]+(([._]|__|-+)[a-z0-9]+)*"
_POWERS = {"k": 1, "m": 2, "g": 3, "t": 4}


def memory_bytes(value: Any) -> int:
    """Return the bytes that 512m, 512Mi, 1.5g or a plain number of bytes stand for, or raise ValueError."""
    text = str(value)
    found = _MEMORY.fullmatch(text)
    # A part of a byte is nothing.
    if isinstance(value, bool) or not found or ("." in text and not found["unit"]):
        raise ValueError(f"{text!r} is not an amount of memory; write one such as 512m, 512Mi or 1g")
    return int(Fraction(found["number"]) * 1024 ** _POWERS.get((found["unit"] or "").lower(), 0))


def kind_of(variable: str) -> str:
    """Return the kind of values that `variable` takes, a key of KINDS; empty where its type says all."""
    if variable in _KIND_OF:
        return _KIND_OF[variable]
    return next((kind for ending, kind in _KIND_BY_ENDING.items() if variable.endswith(ending)), "")


# What KINDS holds takes a value and returns what is wrong with it, with {} in the place of the value.
Kind = Callable[[Any], Optional[str]]


def _whole(least: int, most: Optional[int], otherwise: str) -> Kind:
    def wrong(value: Any) -> Optional[str]:
        # True is a number to Python, and 9_0 a written one.
        if isinstance(value, bool) or not re.fullmatch(r"\d{1,18}", str(value), re.ASCII):
            return otherwise
        return None if least <= int(value) and (most is None or int(value) <= most) else otherwise

    return wrong


def _written(pattern: str, otherwise: str) -> Kind:
    regex = re.compile(pattern, re.ASCII)
    return lambda value: None if regex.fullmatch(str(value)) else otherwise


def _with_digest(pattern: str, otherwise: str) -> Kind:
    written = _written(pattern, otherwise)

    def wrong(value: Any) -> Optional[str]:
        name, at, digest = str(value).partition("@")
        if at and not re.fullmatch(r"sha256:[0-9a-f]{64}", digest, re.ASCII):
            return "{} is without a digest after its @; write @sha256: and 64 digits from 0-9 and a-f"
        return written(name)

    return wrong


def _memory(value: Any) -> Optional[str]:
    try:
        enough = memory_bytes(value) >= 6 * 1024**2
    except ValueError:
        return "{} is not an amount of memory; write one such as 512m, 512Mi or 1g"
    return (
        None if enough else "{} is less than the 6m that a container needs; write an amount such as 512m, 512Mi or 1g"
    )


def _url(value: Any) -> Optional[str]:
    try:
        url = urlsplit(str(value))
        good = url.scheme in ("http", "https") and url.hostname and url.port != 0
    except ValueError:
        good = False
    if good and str(value).isprintable() and " " not in str(value):
        return None
    return "{} is not a URL; write one such as http://192.0.2.1:8080"


def _address(value: Any) -> Optional[str]:
    try:
        ipaddress.ip_address(str(value))
    except ValueError:
        if not re.fullmatch(r"[a-z0-9]([a-z0-9._-]*[a-z0-9])?", str(value), re.ASCII | re.IGNORECASE):
            return "{} is not an address; write an IP address or the name of a host, without a port"
    return None


def _mode(value: Any) -> int:
    """Return what stat says of the path `value`; 0 where there is nothing, or nothing that can be seen."""
    try:
        return Path(str(value)).stat().st_mode if value else 0
    except (OSError, ValueError):
        return 0


def _file(value: Any) -> Optional[str]:
    mode = _mode(value)
    if not mode:
        return "there is no {} on the controller; write the path of an existing file"
    if stat.S_ISDIR(mode):
        return "{} on the controller is a folder; write the path of an existing file"
    return None if os.access(value, os.R_OK) else "{} on the controller cannot be read; allow it to who runs Ansible"


def _folder(value: Any) -> Optional[str]:
    mode = _mode(value)
    if not mode:
        return "there is no {} on the controller; write the path of an existing folder"
    return None if stat.S_ISDIR(mode) else "{} on the controller is not a folder; write the path of an existing folder"


def _made_folder(value: Any) -> Optional[str]:
    mode = _mode(value)
    if value and (not mode or stat.S_ISDIR(mode)):
        return None
    return "{} is not a folder on the controller; write the path of one, or of one to make"


def _load(value: Any) -> Optional[str]:
    try:
        load_of(value)
    except LoadError as error:
        return str(error)
    return None


KINDS: dict[str, Kind] = {
    "port": _whole(1, 65535, "{} is not a port; write a whole number from 1 to 65535"),
    "count": _whole(1, None, "{} is not a count; write a whole number, 1 or more"),
    "amount": _whole(0, None, "{} is not an amount; write a whole number, 0 or more"),
    "memory": _memory,
    # Docker takes hundredths.
    "processors": _written(
        r"(?=.*[1-9])\d+(\.\d{1,2})?", "{} is not a number of processors; write one such as 1 or 0.5"
    ),
    # As Kubernetes writes it, but without the m that would be thousandths of a byte.
    "storage": _written(
        r"0*[1-9]\d*(\.\d+)?([KMGTPE]i|[kMGTPE])", "{} is not an amount of storage; write one such as 1Gi"
    ),
    # As Prometheus writes it.
    "bytes": _written(r"(?=.*[1-9])\d+(\.\d+)?([KMGTPE]i?)?B", "{} is not a size; write one such as 512MB or 2GB"),
    # As Prometheus writes it, each unit at most once; nothing here lasts no time at all.
    "duration": _written(
        r"(?=.*[1-9])(\d+y)?(\d+w)?(\d+d)?(\d+h)?(\d+m)?(\d+s)?(\d+ms)?",
        "{} is not a duration; write one such as 5s, 15d or 1h30m",
    ),
    "url": _url,
    "address": _address,
    "server": _written(
        r"([A-Za-z0-9.-]+|\[[0-9A-Fa-f:]+\]):\d{1,5}",
        "{} is not a server with its port; write one such as mail.example.org:587",
    ),
    "tag": _with_digest(_TAG, "{} is not the tag of an image; write one such as v1.2.3"),
    # https://github.com/distribution/reference: a registry, a path, a tag.
    "image": _with_digest(
        rf"([A-Za-z0-9.-]+(:\d+)?/)?{_PART}(/{_PART})*(:{_TAG})?",
        "{} is not an image; write one such as registry.example.com/lab/image:v1.2.3",
    ),
    "sha256": _written(r"[0-9a-f]{64}", "{} is not a SHA-256; write 64 digits from 0-9 and a-f"),
    "registry": _written(
        r"([A-Za-z0-9][A-Za-z0-9.-]*(:\d+)?(/[a-z0-9._/-]*[a-z0-9])?)?",
        "{} is not a registry; write one such as registry.example.com:5000/lab, without http://",
    ),
    "label": _written(
        r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?",
        "{} is not a name that Kubernetes takes; write up to 63 small letters, digits and hyphens",
    ),
    # With what stands before it, of a uid of Grafana's.
    "name": _written(
        r"[a-z0-9]([a-z0-9-]{0,13}[a-z0-9])?",
        "{} is not a name of a lab; write up to 15 small letters, digits and hyphens",
    ),
    "file": _file,
    "load": _load,
    "arguments": arguments_fault,
    "environment": environment_fault,
    "secrets": secrets_fault,
    "thresholds": thresholds_fault,
    "grafana environment": _grafana_settings.environment_fault,
    "grafana settings": _grafana_settings.settings_fault,
    "grafana plugins": _grafana_settings.plugins_fault,
    "grafana data sources": _grafana_settings.datasources_fault,
    "prometheus flags": _prometheus_settings.flags_fault,
    "prometheus global": _prometheus_settings.global_fault,
    "prometheus labels": _prometheus_settings.labels_fault,
    "prometheus remotes": _prometheus_settings.remotes_fault,
    "prometheus targets": _prometheus_settings.targets_fault,
    "pod": pod_fault,
    "autoscaling": autoscaling_fault,
    "folder": _folder,
    "made folder": _made_folder,
    # Removal takes it with all that is in it.
    "host folder": _written(
        r"(/(?!\.\.?(/|$))[^/\s]+){2,}/?",
        "{} is not a folder of its own on the host; write one such as /etc/monitor_lab",
    ),
}

_KIND_BY_ENDING = {
    "_port": "port",
    "_replicas": "count",
    "_processes": "count",
    "_timeout": "count",
    "_mb": "amount",
    "_memory": "memory",
    "_cpus": "processors",
    "_storage": "storage",
    "_interval": "duration",
    "_retention": "duration",
    "_retention_size": "bytes",
    "_url": "url",
    "_address": "address",
    "_version": "tag",
    "_image": "image",
    "_registry": "registry",
    "_namespace": "label",
    "_pod": "pod",
    "_file": "file",
    "_certificate": "file",
    "_sha256": "sha256",
    "_requirements": "file",
    # Most are made by the lab; those that have to be there already are named below.
    "_dir": "made folder",
}

_KIND_OF = {
    "alertmanager_smtp_smarthost": "server",
    "grafana_dashboard_gnet_id": "amount",
    "grafana_datasources": "grafana data sources",
    "grafana_env": "grafana environment",
    "grafana_files": "secrets",
    "grafana_ini": "grafana settings",
    "grafana_lab": "name",
    "grafana_plugins": "grafana plugins",
    "image_archives_dir": "folder",
    "locust_arguments": "arguments",
    "locust_env": "environment",
    "locust_file": "load",
    "locust_host": "url",
    "locust_secret_files": "secrets",
    "locust_worker_autoscaling": "autoscaling",
    "monitor_lab_bundle": "folder",
    "monitor_lab_config_dir": "host folder",
    "monitor_lab_proxy": "url",
    "prometheus_config_flags_extra": "prometheus flags",
    "prometheus_external_labels": "prometheus labels",
    "prometheus_global": "prometheus global",
    "prometheus_remote_read": "prometheus remotes",
    "prometheus_remote_write": "prometheus remotes",
    "prometheus_targets": "prometheus targets",
    "prometheus_thresholds": "thresholds",
}
