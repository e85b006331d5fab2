# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: lab_hosts
short_description: Names the hosts that have a part of the lab
version_added: 1.0.0
author:
  - the monitor_lab contributors (@devsecops)
description:
  - Each once, in the order of the table.
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
- name: Show the lab's hosts
  ansible.builtin.debug:
    msg: "{{ monitor_lab_service_table | devsecops.monitor_lab.lab_hosts(groups) }}"
"""

RETURN = r"""
_value:
  description: Names of hosts.
  type: list
  elements: str
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._services import hosts_of


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"lab_hosts": hosts_of}
