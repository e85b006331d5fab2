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


_CRASHED = (
    "the module crashed there. It needs Python 3.9 or newer (ansible_python_interpreter); where that is not why, "
    "please tell us."
)
# In this order: words of what Ansible, or a program on the host, said, and what to do then.
_ADVICE = (
    (
        # Where the password is wrong, they differ between connections.
        ("sudo password", "duplicate become password", "sorry, try again", "a password is required"),
        "sudo wants a password, and the right one was not given. Run with --ask-become-pass, or set "
        "ansible_become_password.",
    ),
    (
        ("sudo: not found", "sudo: command not found", "command not found: sudo", "sudo: no such file"),
        "there is no sudo there. Install it, connect as root, or set ansible_become_method.",
    ),
    (
        ("not in the sudoers file", "is not allowed to execute", "may not run sudo"),
        "sudo does not let this user become root. Allow it there with visudo, or connect as another (ansible_user).",
    ),
    (
        (
            "no space left on device",
            "disk quota exceeded",
            "read-only file system",
            "failed to create temporary directory",
            "no usable temporary directory",
        ),
        "nothing can be written where Ansible works: the home of this user or /tmp is full, read-only or not there. "
        "Make room, or set ansible_remote_tmp to a folder of this user's.",
    ),
    (
        # Our modules' words, and those of ansible-core, which refuses some by itself.
        ("modules need python", "requires python", "minimum of python"),
        "the Python there is too old. Set ansible_python_interpreter to one of 3.9 or newer.",
    ),
    (("traceback (most recent call last)",), _CRASHED),
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


# Of a traceback, the end says what it was.
_MOST = 600


def advice(message: str, crashed: bool = False) -> str:
    """Return what to do where Ansible could not run a module on a host, or it crashed, and the message that it had."""
    said = " ".join(message.split())
    fitting = (text for signs, text in _ADVICE if any(sign in said.lower() for sign in signs))
    end = said if len(said) <= _MOST else f"… {said[-_MOST:]}"
    return f"{_CRASHED if crashed else next(fitting)} ({end})"
