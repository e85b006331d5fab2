# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: service_variables
short_description: Names the variables that the table of services refers to
version_added: 1.0.0
author:
  - the monitor_lab contributors (@devsecops)
description:
  - The table holds names of variables, for ports and URLs; their values differ between hosts.
options:
  _input:
    description: The table of services, C(monitor_lab_service_table) of the role C(monitor_lab).
    type: list
    elements: dict
    required: true
"""

EXAMPLES = r"""
- name: Show which variables say where the services are
  ansible.builtin.debug:
    msg: "{{ monitor_lab_service_table | devsecops.monitor_lab.service_variables }}"
"""

RETURN = r"""
_value:
  description: Names of variables.
  type: list
  elements: str
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._services import variables_of


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"service_variables": variables_of}
