# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: silent_services
short_description: Names the services that are to answer and do not
version_added: 1.0.0
author:
  - the monitor_lab contributors (@devsecops)
description:
  - One that the lab may be without is silent only where it is required.
positional: _input, answers
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
"""

EXAMPLES = r"""
- name: Show which are silent
  ansible.builtin.debug:
    msg: "{{ monitor_lab_services | devsecops.monitor_lab.silent_services(answers.results) }}"
"""

RETURN = r"""
_value:
  description: Names of services.
  type: list
  elements: str
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._services import silent


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"silent_services": silent}
