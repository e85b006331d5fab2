# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: grafana_settings
short_description: Writes Grafana's configuration
version_added: 1.0.0
author:
  - the monitor_lab contributors (@devsecops)
description:
  - An ini file, in which a value is what was given, whatever characters it has.
options:
  _input:
    description: By section, a dictionary of its settings.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Show it
  ansible.builtin.debug:
    msg: "{{ {'smtp': {'enabled': true}} | devsecops.monitor_lab.grafana_settings }}"
"""

RETURN = r"""
_value:
  description: The file.
  type: str
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._grafana_settings import settings_text


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"grafana_settings": settings_text}
