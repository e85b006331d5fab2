# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the monitor_lab contributors
"""What the roles say of their variables, and what is wrong with values that somebody gave them."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple, Optional

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.common.yaml import yaml_load

from ._load_variables import PREFIX
from ._spelling import within
from ._values import KINDS, kind_of

# Other roles call these and give them all that they need. Their names are such as users choose too: who has a variable
# cluster_names did not mean the lab's cluster_name.
CALLED = {"cluster", "container", "files", "image"}

# Beside those that a role says no_log of: the URL of a proxy may hold a password.
SECRET = {"monitor_lab_proxy"}

_TYPES = {
    "int": "a whole number; write one such as 10",
    "float": "a number; write one such as 0.5",
    "bool": "true or false; write one of the two",
    "list": "a list; write it in an inventory, or as JSON after -e",
    "dict": "a dictionary; write it in an inventory, or as JSON after -e",
}


class Variable(NamedTuple):
    role: str
    # type, elements, choices and the like, as in meta/argument_specs.yml
    spec: Mapping[str, Any]
    default: Any
    secret: bool

    @property
    def is_worked_out(self) -> bool:
        """Whether the default is made of other variables."""
        return isinstance(self.default, str) and "{{" in self.default


def variables_in(roles: Path) -> dict[str, Variable]:
    """Return what the roles below the folder `roles` say of their arguments, by name."""
    found = {}
    for path in sorted(roles.glob("*/meta/argument_specs.yml")):
        role = path.parents[1]
        defaults = _load(role / "defaults" / "main.yml")
        for name, spec in _load(path)["argument_specs"].get("main", {}).get("options", {}).items():
            secret = name in SECRET or spec.get("no_log", False)
            found[name] = Variable(role.name, spec, defaults.get(name), secret)
    return found


def _load(path: Path) -> dict[str, Any]:
    return (yaml_load(path.read_text(encoding="utf-8")) or {}) if path.exists() else {}


def fault(name: str, variable: Variable, value: Any) -> Optional[str]:
    """Return what is wrong with `value` and what to write instead, on one line; None where it can be used."""
    wrong = _wrong(name, variable, value)
    return wrong and wrong.replace("{}", _shown(variable, value))


def _wrong(name: str, variable: Variable, value: Any) -> Optional[str]:
    wanted = variable.spec.get("type", "str")
    if wanted == "raw":
        return KINDS[kind_of(name)](value)
    if value is None:
        return "there is no value; write one, or leave the variable out"
    if wanted in ("list", "dict"):
        # Ansible would take a string for either, but the roles use what is there.
        if not isinstance(value, list if wanted == "list" else dict):
            return f"{{}} is not {_TYPES[wanted]}"
    elif isinstance(value, (list, dict)):
        return f"{{}} is a {'list' if isinstance(value, list) else 'dictionary'}; write a single value"
    elif wanted == "str" and isinstance(value, (bool, float)):
        return "{} is not text to YAML, which may have changed it; write it in quotes"
    kind = kind_of(name)
    if kind:
        return None if value == "" == variable.default else KINDS[kind](value)
    return _wrong_to_ansible(name, variable.spec, value)


def _wrong_to_ansible(name: str, spec: Mapping[str, Any], value: Any) -> Optional[str]:
    """Return what is wrong with `value` to the validation that Ansible does when a role begins."""
    bare = {key: spec[key] for key in ("type", "elements", "choices") if key in spec}
    errors = ArgumentSpecValidator({name: bare}).validate({name: value}).error_messages
    if not errors:
        return None
    if "choices" in spec:
        return f"{{}} is not one of {', '.join(map(str, spec['choices']))}; write one of them"
    if spec["type"] in ("list", "dict"):
        return f"{{}} has an entry that is not of type {spec.get('elements')}; correct it"
    return f"{{}} is not {_TYPES[spec['type']]}"


def _shown(variable: Variable, value: Any) -> str:
    """Return `value` as a message may show it: on one line, and nothing of it where it may hold a password."""
    text = str(value)
    # Before an @ is a password, as in postgresql://user:password@host.
    if variable.secret or "@" in text or isinstance(value, (list, dict)):
        return "the value"
    plain = text and text.isprintable() and " " not in text and len(text) <= 100
    return text if plain else repr(text[:100])


def unresolved(variable: Variable, error: Exception) -> str:
    """Return what is wrong with a value whose template ends in `error`."""
    # Ansible puts the template into some of its errors, and breaks lines in some.
    text = " ".join(str(error).split())
    why = "" if variable.secret or "@" in text else f": {text[:200]}"
    return f"the value cannot be worked out{why}; correct its template"


def is_known_later(text: str, known: Container[str], variables: Mapping[str, Variable]) -> bool:
    """Say whether the `text` of a template and its error names what only the roles or a host's facts will tell."""
    prefixes = ("ansible_", *(f"{variable.role}_" for variable in variables.values()))
    return any(
        word == "ansible_facts" or (word not in known and word.lstrip("_").startswith(prefixes))
        for word in re.findall(r"\w+", text)
    )


def misspelt(names: Iterable[str], variables: Mapping[str, Variable]) -> dict[str, str]:
    """Return those of `names` that are no variable of the lab but nearly are one, each with what is wrong."""
    faults = {}
    for name in names:
        # Those of a load run are checked where one is made.
        if name in variables or name.startswith(("_", "ansible_", PREFIX)):
            continue
        for known, variable in variables.items():
            # In a short name, two letters are half of it.
            letters = 1 if len(known) - len(variable.role) < 7 else 2
            if variable.role not in CALLED and within(name, known, letters):
                faults[name] = f"there is no such variable; write {known}, or give one of your own another name"
    return faults


def report(faults: Mapping[str, Mapping[str, str]]) -> str:
    """Return all `faults`, by host and variable, one a line; one that several hosts have is told once."""
    hosts: dict[tuple[str, str], list[str]] = {}
    for host, by_variable in faults.items():
        for fault_of_host in by_variable.items():
            hosts.setdefault(fault_of_host, []).append(host)
    lines = [
        f"{'all hosts' if 1 < len(having) == len(faults) else ', '.join(having)}: {name}: {wrong}"
        for (name, wrong), having in hosts.items()
    ]
    count = "1 value" if len(lines) == 1 else f"{len(lines)} values"
    return "\n".join([f"{count} cannot be used; nothing was changed.", *lines])
