# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: hosts_unlike
short_description: Names the hosts that differ from one of them
version_added: 1.0.0
author:
  - the monitor_lab contributors (@devsecops)
description:
  - Compares a variable of each host with that of one of them. Hosts without the variable are passed over.
positional: _input, model, hostvars, variable
options:
  _input:
    description: Names of hosts.
    type: list
    elements: str
    required: true
  model:
    description: Name of the host that the others are to be like.
    type: str
    required: true
  hostvars:
    description: Ansible's C(hostvars).
    type: dict
    required: true
  variable:
    description: Name of the variable.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Show which hosts have another release than the first
  ansible.builtin.debug:
    msg: "{{ groups.all | devsecops.monitor_lab.hosts_unlike(groups.all | first, hostvars, 'release') }}"
"""

RETURN = r"""
_value:
  description: Names of hosts, sorted.
  type: list
  elements: str
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._hosts import hosts_unlike


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"hosts_unlike": hosts_unlike}
