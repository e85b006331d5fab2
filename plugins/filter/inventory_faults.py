# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: inventory_faults
short_description: Says what is wrong with an inventory's groups
version_added: 1.0.0
author:
  - the monitor_lab contributors (@devsecops)
description:
  - No host in any of the lab's groups, a group whose name is within two letters of one that is missing, several masters
    of Locust.
positional: _input, groups
options:
  _input:
    description: The table of services, C(monitor_lab_service_table) of the role C(monitor_lab).
    type: list
    elements: dict
    required: true
  groups:
    description: Ansible's C(groups).
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Show what is wrong
  ansible.builtin.debug:
    msg: "{{ monitor_lab_service_table | devsecops.monitor_lab.inventory_faults(groups) }}"
"""

RETURN = r"""
_value:
  description: A sentence for each fault.
  type: list
  elements: str
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._services import inventory_faults


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"inventory_faults": inventory_faults}
