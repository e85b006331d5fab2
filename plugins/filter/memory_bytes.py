# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: memory_bytes
short_description: Turns an amount of memory into bytes
version_added: 1.0.0
author:
  - the monitor_lab contributors (@devsecops)
description:
  - The lab's variables take an amount of memory in one notation, whatever runs the service.
  - V(512m), V(512M), V(512Mi) and V(512MiB) are the same here, as they are to Docker, and so are V(1g) and V(1Gi).
    All units are binary multiples. A number without a unit is bytes.
  - Kubernetes would take V(512m) for half a byte, and V(512M) for 512,000,000 bytes. It gets the number of bytes,
    which means the same to everyone.
options:
  _input:
    description: An amount of memory.
    type: raw
    required: true
"""

EXAMPLES = r"""
- name: Show 536870912 twice
  ansible.builtin.debug:
    msg: "{{ ['512m', '512Mi'] | map('devsecops.monitor_lab.memory_bytes') }}"
"""

RETURN = r"""
_value:
  description: The bytes.
  type: int
"""

from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils import _values


def memory_bytes(value: Any) -> int:
    try:
        return _values.memory_bytes(value)
    except ValueError as error:
        raise AnsibleFilterError(f"memory_bytes: {error}") from error


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"memory_bytes": memory_bytes}
