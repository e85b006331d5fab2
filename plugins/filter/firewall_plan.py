# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: firewall_plan
short_description: Says what a host's firewall is to have of the lab
version_added: 1.0.0
author:
  - the monitor_lab contributors (@devsecops)
description:
  - Lets in whom the table of services names, everybody to pages, and nobody else to the lab's ports.
  - Where a firewall is not in use, it is to have nothing.
positional: _input, groups, hostvars, host, is_open, looked
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
  host:
    description: The host's name.
    type: str
    required: true
  is_open:
    description: Whether anybody may come, C(monitor_lab_is_open) of the role C(monitor_lab).
    type: bool
    required: true
  looked:
    description: C(firewall) of M(devsecops.monitor_lab.lab_host_info).
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Show it
  ansible.builtin.debug:
    msg: "{{ monitor_lab_services | devsecops.monitor_lab.firewall_plan(*case) }}"
  vars:
    case: ["{{ groups }}", "{{ hostvars }}", "{{ inventory_hostname }}", false, "{{ monitor_lab_host.firewall }}"]
"""

RETURN = r"""
_value:
  description: >-
    C(ufw_rules), as the module tells them and in their order, and the text of C(firewalld_policy); each empty where
    nothing is wanted.
  type: dict
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._firewall import plan


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"firewall_plan": plan}
