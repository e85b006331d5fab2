# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: prometheus_global
short_description: Makes the section global of Prometheus's configuration
version_added: 1.0.0
author:
  - the monitor_lab contributors (@devsecops)
description:
  - How often it scrapes and works out rules, and what else holds for all of it.
  - What the role C(prometheus) has variables of its own for is refused.
positional: _input, interval, labels
options:
  _input:
    description: What is to be there beside the lab's, or in its place.
    type: dict
    required: true
  interval:
    description: How often it scrapes, which is how long a scrape may take and how often rules are worked out, too.
    type: str
    required: true
  labels:
    description: Labels of all that it tells others.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Show it
  ansible.builtin.debug:
    msg: "{{ {'evaluation_interval': '15s'} | devsecops.monitor_lab.prometheus_global('5s', {'site': 'lab'}) }}"
"""

RETURN = r"""
_value:
  description: The section.
  type: dict
  sample: {scrape_interval: 5s, scrape_timeout: 5s, evaluation_interval: 15s, external_labels: {site: lab}}
"""

from collections.abc import Callable, Mapping
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._prometheus_settings import (
    global_fault,
    global_section,
)


def prometheus_global(value: Mapping[str, Any], interval: str, labels: Mapping[str, str]) -> dict[str, Any]:
    # Where the role is used alone, nobody checked it.
    fault = global_fault(value)
    if fault:
        raise AnsibleFilterError(f"prometheus_global: {fault}")
    return global_section(interval, labels, value)


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"prometheus_global": prometheus_global}
