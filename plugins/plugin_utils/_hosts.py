# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the monitor_lab contributors
"""What is worked out over several hosts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any


def hosts_unlike(hosts: Iterable[str], model: str, hostvars: Mapping[str, Any], variable: str) -> list[str]:
    """Return those of the hosts, sorted, whose value of a variable differs from that of the host `model`.

    Hosts without the variable are passed over; where `model` itself has none, all others differ.
    """
    values = {host: hostvars[host][variable] for host in hosts if variable in hostvars[host]}
    return sorted(host for host, value in values.items() if value != values.get(model))
