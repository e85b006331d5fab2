# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: is_local
short_description: Tells whether the lab listens on loopback alone
version_added: 1.0.0
author:
  - the monitor_lab contributors (@devsecops)
description:
  - Then nobody comes to it from another machine.
options:
  _input:
    description: Each service, and its address, or nothing, as P(devsecops.monitor_lab.lab_addresses#filter) says.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Show it
  ansible.builtin.debug:
    msg: "{{ {'prometheus': '127.0.0.1', 'grafana': ''} | devsecops.monitor_lab.is_local }}"
"""

RETURN = r"""
_value:
  description: Whether it does.
  type: bool
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._services import is_local


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"is_local": is_local}
