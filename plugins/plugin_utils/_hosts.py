# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the monitor_lab contributors
"""What is worked out over several hosts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ansible.errors import AnsibleUndefinedVariable
from jinja2 import UndefinedError


def hosts_unlike(hosts: Iterable[str], model: str, hostvars: Mapping[str, Any], variable: str) -> list[str]:
    """Return those of the hosts, sorted, whose value of a variable differs from that of the host `model`.

    Hosts without the variable are passed over; where `model` itself has none, all others differ.
    """
    values = {host: hostvars[host][variable] for host in hosts if variable in hostvars[host]}
    return sorted(host for host, value in values.items() if value != values.get(model))


def text_of(variables: Mapping[str, Any], name: str, default: str) -> str:
    """Return a variable out of the C(hostvars) of a host; the default, where it has none that is known.

    Ansible works out no template there that itself names C(hostvars).
    """
    try:
        return str(variables.get(name, default))
    except (AnsibleUndefinedVariable, UndefinedError):
        return default


# In this order: words of Ansible's message, and what to do then.
_ADVICE = (
    (
        ("sudo password", "a password is required"),
        "sudo wants a password, and the right one was not given. Run with --ask-become-pass, or set "
        "ansible_become_password.",
    ),
    (
        # Our modules' words, and those of ansible-core, which refuses some by itself.
        ("modules need python", "requires python", "minimum of python"),
        "the Python there is too old. Set ansible_python_interpreter to one of 3.9 or newer.",
    ),
    (
        ("python",),
        'Ansible needs Python there. Install it with "apt-get install python3", or set ansible_python_interpreter.',
    ),
    (
        ("permission denied",),
        "the host does not let this user in. Correct ansible_user and the key (ansible_ssh_private_key_file).",
    ),
    (("",), "the host cannot be reached. Start it, correct ansible_host, or take it out of the inventory."),
)


def advice(message: str) -> str:
    """Return what to do where Ansible could not run a module on a host, and the message that it had."""
    said = " ".join(message.split())
    return next(f"{text} ({said})" for signs, text in _ADVICE if any(sign in said.lower() for sign in signs))
