# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: service_access
short_description: Says with which options each service is asked
version_added: 1.0.0
author:
  - the monitor_lab contributors (@devsecops)
description:
  - The lab's authority where there is one, and the login of a service that wants one, as M(ansible.builtin.uri) takes
    them.
positional: _input, groups, secrets_dir, authority_file
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
  secrets_dir:
    description: Folder of the lab's secrets on the controller.
    type: path
    required: true
  authority_file:
    description: File with the authority that the lab's certificates are of, where it is asked from; or nothing.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Ask Prometheus
  ansible.builtin.uri:
    url: https://192.0.2.14:9090/-/healthy
  module_defaults:
    ansible.builtin.uri: "{{ access.prometheus }}"
  vars:
    access: "{{ monitor_lab_services | devsecops.monitor_lab.service_access(groups, '/secrets', '/etc/ca.crt') }}"
"""

RETURN = r"""
_value:
  description: Each service's name, and its options.
  type: dict
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._services import access


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"service_access": access}
