# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: port_collisions
short_description: Tells which services of a host want the same port
version_added: 1.0.0
author:
  - the monitor_lab contributors (@devsecops)
description:
  - Those of the services whose first group has the host.
positional: _input, group_names
options:
  _input:
    description: The services, C(monitor_lab_services) of the role C(monitor_lab).
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
- name: Show them
  ansible.builtin.debug:
    msg: "{{ monitor_lab_services | devsecops.monitor_lab.port_collisions(group_names) }}"
"""

RETURN = r"""
_value:
  description: The variable and the port of each, by port.
  type: list
  elements: str
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._services import port_collisions


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"port_collisions": port_collisions}
