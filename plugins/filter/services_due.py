# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: services_due
short_description: Names the services of which something differs on any host
version_added: 1.0.0
author:
  - the monitor_lab contributors (@devsecops)
description:
  - What differs on a host is in its fact C(prometheus_differences) and so on.
positional: _input, hostvars, hosts
options:
  _input:
    description: Names of services.
    type: list
    elements: str
    required: true
  hostvars:
    description: Ansible's C(hostvars).
    type: dict
    required: true
  hosts:
    description: Names of hosts.
    type: list
    elements: str
    required: true
"""

EXAMPLES = r"""
- name: Show the services that are deployed
  ansible.builtin.debug:
    msg: "{{ monitor_lab_service_names | devsecops.monitor_lab.services_due(hostvars, ansible_play_hosts) }}"
"""

RETURN = r"""
_value:
  description: Names of services, in the same order.
  type: list
  elements: str
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._services import services_due


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"services_due": services_due}
