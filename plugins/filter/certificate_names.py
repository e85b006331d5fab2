# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: certificate_names
short_description: Says which names each host's certificate is for
version_added: 1.0.0
author:
  - the monitor_lab contributors (@devsecops)
description:
  - Its address, its name, those in its services' URLs, and those of loopback, which is the end of a tunnel.
positional: _input, groups, hostvars
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
"""

EXAMPLES = r"""
- name: Show them
  ansible.builtin.debug:
    msg: "{{ monitor_lab_services | devsecops.monitor_lab.certificate_names(groups, hostvars) }}"
"""

RETURN = r"""
_value:
  description: Each host's name, and its certificate's names and addresses.
  type: dict
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._services import certificate_names


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"certificate_names": certificate_names}
