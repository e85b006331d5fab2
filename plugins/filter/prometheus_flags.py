# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: prometheus_flags
short_description: Makes arguments of Prometheus of a dictionary of its flags
version_added: 1.0.0
author:
  - the monitor_lab contributors (@devsecops)
description:
  - A flag that the role C(prometheus) itself sets is refused.
positional: _input
options:
  _input:
    description: >-
      Flag, without hyphens before it, → its value, a list where it is to be there several times, and V(true), an empty
      text or nothing for a switch.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Show them
  ansible.builtin.debug:
    msg: "{{ {'query.max-samples': 1000000, 'web.enable-admin-api': true} | devsecops.monitor_lab.prometheus_flags }}"
"""

RETURN = r"""
_value:
  description: The arguments.
  type: list
  elements: str
  sample: [--query.max-samples=1000000, --web.enable-admin-api]
"""

from collections.abc import Callable, Mapping
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._prometheus_settings import flags, flags_fault


def prometheus_flags(value: Mapping[str, Any]) -> list[str]:
    # Where the role is used alone, nobody checked it.
    fault = flags_fault(value)
    if fault:
        raise AnsibleFilterError(f"prometheus_config_flags_extra: {fault}")
    return flags(value)


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"prometheus_flags": prometheus_flags}
