# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: alert_rules
short_description: Writes Prometheus's rules
version_added: 1.0.0
author:
  - the monitor_lab contributors (@devsecops)
description:
  - The lab's recording and alerting rules, with thresholds in their places.
positional: _input, jobs
options:
  _input:
    description: Threshold → value, of those that are not to be the usual ones in C(files/prometheus/thresholds.yml).
    type: dict
    required: true
  jobs:
    description: The jobs that Prometheus has to have targets of.
    type: list
    elements: str
    required: true
"""

EXAMPLES = r"""
- name: Write them
  ansible.builtin.copy:
    content: "{{ {'error_ratio': 0.1} | devsecops.monitor_lab.alert_rules(['tokenization']) }}"
    dest: /etc/prometheus/rules/lab.yml
    mode: "0644"
"""

RETURN = r"""
_value:
  description: The text of a file of rules.
  type: str
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._alert_rules import alert_rules


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"alert_rules": alert_rules}
