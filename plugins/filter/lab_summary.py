# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: lab_summary
short_description: Shows the lab, a line for each service
version_added: 1.0.0
author:
  - the monitor_lab contributors (@devsecops)
description:
  - Whether each service answers, with its version; which are left out; where the secrets are; how to reach it from
    elsewhere.
positional: _input, answers, absences, secrets_dir, address, tls_dir, is_open
options:
  _input:
    description: The services, C(monitor_lab_services) of the role C(monitor_lab).
    type: list
    elements: dict
    required: true
  answers:
    description: C(answers) of M(devsecops.monitor_lab.lab_services_info).
    type: list
    elements: dict
    required: true
  absences:
    description: Why parts are absent, a text each.
    type: list
    elements: str
    required: true
  secrets_dir:
    description: Folder of the lab's secrets on the controller.
    type: path
    required: true
  address:
    description: The address that the services listen on.
    type: str
    required: true
  tls_dir:
    description: Folder on the controller with the authority of the lab's certificates, or nothing.
    type: str
    required: true
  is_open:
    description: Whether others reach it without a login.
    type: bool
    required: true
"""

EXAMPLES = r"""
- name: Show the lab
  ansible.builtin.debug:
    msg: "{{ monitor_lab_services | devsecops.monitor_lab.lab_summary(*seen) }}"
  vars:
    seen: ["{{ answers.results }}", [], /secrets, 127.0.0.1, '', false]
"""

RETURN = r"""
_value:
  description: The lines.
  type: list
  elements: str
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._services import summary


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"lab_summary": summary}
