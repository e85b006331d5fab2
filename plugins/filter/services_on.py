# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: services_on
short_description: Names the services of which a host runs a part
version_added: 1.0.0
author:
  - the monitor_lab contributors (@devsecops)
description:
  - In the order of the table.
positional: _input, group_names
options:
  _input:
    description: The table of services, C(monitor_lab_service_table) of the role C(monitor_lab).
    type: list
    elements: dict
    required: true
  group_names:
    description: The groups of the host, Ansible's C(group_names).
    type: list
    elements: str
    required: true
"""

EXAMPLES = r"""
- name: Show the services of this host
  ansible.builtin.debug:
    msg: "{{ monitor_lab_service_table | devsecops.monitor_lab.services_on(group_names) }}"
"""

RETURN = r"""
_value:
  description: Names of services.
  type: list
  elements: str
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._services import services_on


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"services_on": services_on}
