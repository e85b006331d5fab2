# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the monitor_lab contributors
"""Which host builds an image for which others, what its wheels must run on, and what a failed program said last."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ansible.errors import AnsibleUndefinedVariable
from jinja2 import UndefinedError

Hostvars = Mapping[str, Mapping[str, Any]]
"""Host → its variables, as Ansible's `hostvars`."""

GLIBC_OF_BOOKWORM = 36
OLDEST_MANYLINUX_GLIBC = 17


def image_builder(hosts: Iterable[str], hostvars: Hostvars, host: str, proxy: str) -> str:
    """Return the host that builds what `host` lacks: the first with an engine that has its architecture and its proxy.

    With the same way out, what this host can have of a registry, that one can.
    """
    return next(
        (
            other
            for other in _of_one_architecture(hosts, hostvars, host)
            if _goes_through(hostvars[other], proxy) and (hostvars[other].get("monitor_lab_host") or {}).get("docker")
        ),
        host,
    )


def _goes_through(variables: Mapping[str, Any], proxy: str) -> bool:
    """Tell whether a host has this proxy. Of one whose template names C(hostvars), Ansible can't say."""
    try:
        return bool(variables.get("monitor_lab_proxy", "") == proxy)
    except (AnsibleUndefinedVariable, UndefinedError):
        return False


def image_lacking(hosts: Iterable[str], hostvars: Hostvars, host: str, image: str) -> list[str]:
    """Return the hosts that lack the image as `host` does, and can run what is made for it; `host` is one of them."""
    found = hostvars[host]["image_found"][image]
    return [
        other
        for other in _of_one_architecture(hosts, hostvars, host)
        if hostvars[other].get("image_found", {}).get(image) == found
    ]


def _of_one_architecture(hosts: Iterable[str], hostvars: Hostvars, host: str) -> Iterator[str]:
    wanted = hostvars[host]["ansible_facts"]["architecture"]
    return (other for other in hosts if hostvars[other].get("ansible_facts", {}).get("architecture") == wanted)


def wheel_platforms(architecture: str) -> list[str]:
    """Platforms of the wheels that CPython of Debian 12 can use, the newest first (PEP 600)."""
    versions = range(GLIBC_OF_BOOKWORM, OLDEST_MANYLINUX_GLIBC - 1, -1)
    return [*(f"manylinux_2_{version}_{architecture}" for version in versions), f"manylinux2014_{architecture}"]


def last_words(result: Mapping[str, Any]) -> str:
    """Return the last four lines that a failed program said, or else the module's message.

    Of a loop, what failed counts.
    """
    failed = [each for each in result.get("results", [result]) if each.get("failed")]
    lines = [line for each in failed for line in each.get("stderr_lines", [each.get("msg", "")])]
    return " | ".join(line.strip() for line in lines[-4:])
