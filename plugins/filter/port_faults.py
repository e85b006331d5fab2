# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: port_faults
short_description: Says who else listens on a port of a host's services
version_added: 1.0.0
author:
  - the monitor_lab contributors (@devsecops)
description:
  - The lab's own containers are no strangers, whichever version of them it is.
positional: _input, group_names, address, listeners
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
  address:
    description: The address that the services listen on.
    type: str
    required: true
  listeners:
    description: Those that M(devsecops.monitor_lab.lab_host_info) found.
    type: list
    elements: dict
    required: true
"""

EXAMPLES = r"""
- name: Show who listens there
  ansible.builtin.debug:
    msg: "{{ monitor_lab_services | devsecops.monitor_lab.port_faults(group_names, '127.0.0.1', seen.listeners) }}"
"""

RETURN = r"""
_value:
  description: A sentence for each port that is taken.
  type: list
  elements: str
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._services import port_faults


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"port_faults": port_faults}
