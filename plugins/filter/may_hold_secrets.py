# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: may_hold_secrets
short_description: Tells whether jobs of Prometheus may hold what lets it in somewhere
version_added: 1.0.0
author:
  - the monitor_lab contributors (@devsecops)
description:
  - The names of settings tell, such as C(password), C(credentials) and C(http_headers); what they name a file for does
    not count. A URL with an C(@) does.
options:
  _input:
    description: The jobs, as Prometheus's C(scrape_configs) has them.
    type: list
    elements: dict
    required: true
"""

EXAMPLES = r"""
- name: See whether they may be shown
  ansible.builtin.debug:
    msg: "{{ prometheus_scrape_configs | devsecops.monitor_lab.may_hold_secrets }}"
"""

RETURN = r"""
_value:
  description: Whether they may.
  type: bool
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._logins import may_hold_secrets


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"may_hold_secrets": may_hold_secrets}
