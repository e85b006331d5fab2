# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: health_addresses
short_description: Says at which address each service of a host answers when it is well
version_added: 1.0.0
author:
  - the monitor_lab contributors (@devsecops)
description:
  - The URL, the path below it, and what the answer has to have, from the table of services.
positional: _input, options, host, groups, hostvars
options:
  _input:
    description: The services, C(monitor_lab_services) of the role C(monitor_lab).
    type: list
    elements: dict
    required: true
  options:
    description: What each is asked with, as P(devsecops.monitor_lab.service_access#filter) says.
    type: dict
    required: true
  host:
    description: The host, Ansible's C(inventory_hostname).
    type: str
    required: true
  groups:
    description: Ansible's C(groups).
    type: dict
    required: true
  hostvars:
    description: Ansible's C(hostvars), with the hosts' addresses.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Ask all services of this host
  devsecops.monitor_lab.lab_services_info:
    services: "{{ monitor_lab_services | devsecops.monitor_lab.health_addresses(monitor_lab_access, *here) }}"
  vars:
    here: ["{{ inventory_hostname }}", "{{ groups }}", "{{ hostvars }}"]
"""

RETURN = r"""
_value:
  description: The services, as M(devsecops.monitor_lab.lab_services_info) takes them.
  type: list
  elements: dict
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._services import health_addresses


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"health_addresses": health_addresses}
