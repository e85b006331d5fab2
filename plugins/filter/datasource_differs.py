# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: datasource_differs
short_description: Tells whether Grafana has another data source than the wanted one
version_added: 0.1.0
author:
  - the monitor_lab contributors (@devsecops)
description:
  - What is not wanted in particular may be as it is.
positional: _input, found
options:
  _input:
    description: The wanted one, as P(devsecops.monitor_lab.grafana_datasource#filter) describes it.
    type: dict
    required: true
  found:
    description: What Grafana's API answered.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Show it
  ansible.builtin.debug:
    msg: "{{ wanted | devsecops.monitor_lab.datasource_differs(found.json) }}"
"""

RETURN = r"""
_value:
  description: Whether it does.
  type: bool
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._logins import datasource_differs


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"datasource_differs": datasource_differs}
