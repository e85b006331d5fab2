# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: lab_addresses
short_description: Works out at which address each service is
version_added: 1.0.0
author:
  - the monitor_lab contributors (@devsecops)
description:
  - Loopback where one machine has the whole lab, else how Ansible reaches the first host of the service's first group.
  - Empty for a part that the lab is without.
positional: _input, groups, hostvars
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
  hostvars:
    description: Ansible's C(hostvars). C(monitor_lab_address) there goes before C(ansible_host).
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Show where Locust is
  ansible.builtin.debug:
    msg: "{{ (monitor_lab_service_table | devsecops.monitor_lab.lab_addresses(groups, hostvars)).locust }}"
"""

RETURN = r"""
_value:
  description: Service and address.
  type: dict
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._services import addresses_of


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"lab_addresses": addresses_of}
