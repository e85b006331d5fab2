# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: firewall_advice
short_description: Tells which ports are closed to whom, or should be
version_added: 1.0.0
author:
  - the monitor_lab contributors (@devsecops)
description:
  - Tells it of each host that was looked at and has a port that is not for everybody.
positional: _input, groups, hostvars, is_open
options:
  _input:
    description: The services, C(monitor_lab_services) of the role C(monitor_lab).
    type: list
    elements: dict
    required: true
  groups:
    description: Ansible's groups.
    type: dict
    required: true
  hostvars:
    description: Ansible's hostvars.
    type: dict
    required: true
  is_open:
    description: Whether anybody may come, C(monitor_lab_is_open) of the role C(monitor_lab).
    type: bool
    required: true
"""

EXAMPLES = r"""
- name: Show it
  ansible.builtin.debug:
    msg: "{{ monitor_lab_services | devsecops.monitor_lab.firewall_advice(groups, hostvars, false) }}"
"""

RETURN = r"""
_value:
  description: A line for each host.
  type: list
  elements: str
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._firewall import advice


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"firewall_advice": advice}
