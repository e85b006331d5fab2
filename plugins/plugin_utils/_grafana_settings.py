# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the monitor_lab contributors
"""What somebody sets of a Grafana of the lab's own: its settings, environment, plugins and data sources."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Optional

from ._load_files import environment_text, value_fault, variable_fault

Settings = Mapping[str, Mapping[str, Any]]
"""Section of Grafana's configuration → setting → value, a text, a number, true or false."""

_FIXED = "the lab would not find it"
# What the role works out, by the variable of Grafana's environment.
_DECIDED = {
    "GF_SERVER_HTTP_ADDR": "set monitor_lab_address",
    "GF_SERVER_HTTP_PORT": "set monitor_lab_grafana_port",
    "GF_SERVER_PROTOCOL": "set monitor_lab_tls",
    "GF_SERVER_CERT_FILE": "set monitor_lab_tls",
    "GF_SERVER_CERT_KEY": "set monitor_lab_tls",
    "GF_SECURITY_ADMIN_USER": "set grafana_admin_user",
    "GF_SECURITY_ADMIN_PASSWORD": "write the secret grafana_admin_password",
    "GF_AUTH_ANONYMOUS_ENABLED": "set grafana_anonymous_viewer",
    "GF_PATHS_CONFIG": "set grafana_ini",
    "GF_PATHS_DATA": _FIXED,
    "GF_PATHS_PLUGINS": _FIXED,
    "GF_PATHS_PROVISIONING": _FIXED,
    "GF_PLUGINS_PREINSTALL_SYNC": "set grafana_plugins",
    "GF_INSTALL_PLUGINS": "set grafana_plugins",
    "MONITOR_LAB_SERVICE": "leave it out",
}
_SECTION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*", re.ASCII)
_SETTING = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*", re.ASCII)
_PLUGIN = re.compile(r"[a-z0-9][a-z0-9-]*(@[0-9][\w.+-]*(@https?://[^\s,;@]+)?)?", re.ASCII)
# Since which Grafana itself installs them; before, the script that starts it in its image does.
_INSTALLS_PLUGINS = (12, 1)


def settings_text(settings: Settings) -> str:
    """Return Grafana's configuration, an ini file."""
    lines = []
    for section, values in settings.items():
        lines.append(f"[{section}]")
        # Without quotes, what follows a # or a ; would be a comment.
        lines += [f'{name} = """{environment_text(value)}"""' for name, value in values.items() if value != ""]
        lines += [f"{name} =" for name, value in values.items() if value == ""]
    return "".join(f"{line}\n" for line in lines)


def environment(
    own: Mapping[str, Any], settings: Settings, given: Mapping[str, Any], plugins: Sequence[str], version: str
) -> dict[str, Any]:
    """Return Grafana's environment: the role's `own` where `settings` does not say it, what is `given`, and plugins.

    What its environment says goes before its configuration. `version` is the image's tag.
    """
    said = {_variable(section, name) for section, values in settings.items() for name in values}
    kept = {name: value for name, value in own.items() if name not in said}
    return {**kept, **given, **(_plugins(plugins, version) if plugins else {})}


def settings_fault(value: Mapping[Any, Any]) -> Optional[str]:
    """Return what is wrong with C(grafana_ini); none where nothing is. No value is shown."""
    for section, values in value.items():
        if not isinstance(section, str) or not _SECTION.fullmatch(section):
            return f"{section!r} is not the name of a section; write one such as smtp"
        if not isinstance(values, Mapping):
            return f"the section {section} has no settings; write a dictionary of them"
        for name, one in values.items():
            if not isinstance(name, str) or not _SETTING.fullmatch(name):
                return f"{name!r} in the section {section} is not the name of a setting; write one such as enabled"
            wrong = _decided(f"{section}.{name}", _variable(section, name)) or value_fault(f"{section}.{name}", one)
            if wrong:
                return wrong
            if isinstance(one, str) and not one.isprintable():
                return f"{section}.{name} has more than one line; write one, or the name of a file of grafana_files"
    return None


def environment_fault(value: Mapping[Any, Any]) -> Optional[str]:
    """Return what is wrong with C(grafana_env); none where nothing is."""
    for name, one in value.items():
        wrong = variable_fault(name) or _decided(name, name.removesuffix("__FILE")) or value_fault(name, one)
        if wrong:
            return wrong
    return None


def plugins_fault(value: Sequence[Any]) -> Optional[str]:
    """Return what is wrong with C(grafana_plugins); none where nothing is."""
    for place, plugin in enumerate(value, start=1):
        if not isinstance(plugin, str) or not _PLUGIN.fullmatch(plugin):
            return f"number {place} is not a plugin; write its id, ID@VERSION or ID@VERSION@URL"
    return None


def datasources_fault(value: Sequence[Any]) -> Optional[str]:
    """Return what is wrong with C(grafana_datasources); none where nothing is. No value but names is shown."""
    names: set[str] = set()
    uids: set[str] = set()
    for place, source in enumerate(value, start=1):
        if not isinstance(source, Mapping) or not all(isinstance(source.get(key), str) for key in ("name", "type")):
            return f"number {place} has no name or no type; write both, as Grafana's provisioning takes them"
        name, uid = source["name"], source.get("uid")
        if name in ("Prometheus", "Alertmanager") or str(uid).startswith("monitor-lab-"):
            return f"{name!r} has the name or the uid of one of the lab's own; give it another"
        if name in names or (uid is not None and uid in uids):
            return f"{name!r} has the name or the uid of another one; give it one of its own"
        names.add(name)
        uids.add(str(uid))
    if sum(bool(source.get("isDefault")) for source in value) > 1:
        return "two are to be the default, which one can be; leave isDefault out of the others"
    return None


def _decided(shown: str, variable: str) -> Optional[str]:
    return f"the role itself decides {shown}; {_DECIDED[variable]}" if variable in _DECIDED else None


def _variable(section: str, name: str) -> str:
    """Return the variable of Grafana's environment that says a setting."""
    return f"GF_{re.sub(r'[.-]', '_', section)}_{name.replace('.', '_')}".upper()


def _plugins(plugins: Sequence[str], version: str) -> dict[str, str]:
    number = re.match(r"v?(\d+)\.(\d+)", version)
    if number is None or (int(number[1]), int(number[2])) >= _INSTALLS_PLUGINS:
        return {"GF_PLUGINS_PREINSTALL_SYNC": ",".join(plugins)}
    return {"GF_INSTALL_PLUGINS": ",".join(map(_for_the_script, plugins))}


def _for_the_script(plugin: str) -> str:
    name, version, url = [*plugin.split("@", 2), "", ""][:3]
    return f"{url};{name}" if url else f"{name} {version}".strip()
