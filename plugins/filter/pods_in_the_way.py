# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: pods_in_the_way
short_description: Finds pods that a StatefulSet waits for in vain
version_added: 1.0.0
author:
  - the monitor_lab contributors (@devsecops)
description:
  - Pods of another version that do not serve. A StatefulSet replaces none of them before it does, which may be never.
positional: pods
options:
  _input:
    description: The StatefulSet that C(kubernetes.core.k8s_info) found, its C(resources).
    type: list
    elements: dict
    required: true
  pods:
    description: What it found of its pods.
    type: list
    elements: dict
    required: true
"""

EXAMPLES = r"""
- name: Delete the pods that another version cannot take the place of
  kubernetes.core.k8s:
    kind: Pod
    namespace: monitor-lab
    name: "{{ item }}"
    state: absent
  loop: "{{ found.resources | devsecops.monitor_lab.pods_in_the_way(pods.resources) }}"
"""

RETURN = r"""
_value:
  description: Their names.
  type: list
  elements: str
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils import _kubernetes


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"pods_in_the_way": _kubernetes.pods_in_the_way}
