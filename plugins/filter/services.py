# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: services
short_description: Puts a host's values into the table of services
version_added: 1.0.0
author:
  - the monitor_lab contributors (@devsecops)
description:
  - In place of the names of variables their values, and a value for all that an entry may leave out.
positional: _input, values
options:
  _input:
    description: The table of services, C(monitor_lab_service_table) of the role C(monitor_lab).
    type: list
    elements: dict
    required: true
  values:
    description: Name of each variable of the table, and its value.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Show where the services answer
  ansible.builtin.debug:
    msg: "{{ monitor_lab_service_table | devsecops.monitor_lab.services(values) | map(attribute='url') }}"
"""

RETURN = r"""
_value:
  description: The services.
  type: list
  elements: dict
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._services import resolved


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"services": resolved}
