# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: pods_with_logs
short_description: Finds pods that failed and have a log
version_added: 1.0.0
author:
  - the monitor_lab contributors (@devsecops)
description:
  - Pods that are not ready, and have a container that waits for its next start or ended before.
  - One that is being removed is not among them.
options:
  _input:
    description: What C(kubernetes.core.k8s_info) found, its C(resources).
    type: list
    elements: dict
    required: true
"""

EXAMPLES = r"""
- name: Read the last lines of the pods' logs
  kubernetes.core.k8s_log:
    namespace: monitor-lab
    name: "{{ item.metadata.name }}"
  loop: "{{ found.resources | devsecops.monitor_lab.pods_with_logs }}"
"""

RETURN = r"""
_value:
  description: The pods.
  type: list
  elements: dict
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils import _kubernetes


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"pods_with_logs": _kubernetes.pods_with_logs}
