# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: pod_lines
short_description: Says why pods do not serve
version_added: 1.0.0
author:
  - the monitor_lab contributors (@devsecops)
description:
  - A line on each pod that does not serve, with how far it is, and why no further.
options:
  _input:
    description: The pods that C(kubernetes.core.k8s_info) found, its C(resources).
    type: list
    elements: dict
    required: true
"""

EXAMPLES = r"""
- name: Say why pods do not serve
  ansible.builtin.debug:
    msg: "{{ found.resources | devsecops.monitor_lab.pod_lines }}"
"""

RETURN = r"""
_value:
  description: The lines.
  type: list
  elements: str
  sample:
    - >-
      Pod locust-workers-6d4ccd5bdf-hb45f: Pending, Unschedulable 0/1 nodes are available: 1 Insufficient cpu. no new
      claims to deallocate, preemption: 0/1 nodes are available: 1 No preemption victims found for incoming pod.
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils import _kubernetes


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"pod_lines": _kubernetes.pod_lines}
