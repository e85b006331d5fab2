# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: rollout_state
short_description: Tells how far a rollout is
version_added: 1.0.0
author:
  - the monitor_lab contributors (@devsecops)
description:
  - Of a Deployment or StatefulSet, as the cluster tells it.
  - A Deployment is V(stuck) when nothing got on for its C(progressDeadlineSeconds). Each pod that becomes ready starts
    that anew, so it is V(late) only after that time for each replica, and 30 s more.
  - A StatefulSet has no deadline of its own, and is V(late) after O(timeout).
positional: timeout, waited
options:
  _input:
    description: The workload that C(kubernetes.core.k8s_info) found, its C(resources).
    type: list
    elements: dict
    required: true
  timeout:
    description: Seconds in which the rollout must get on.
    type: int
    required: true
  waited:
    description: Seconds since it began.
    type: float
    required: true
"""

EXAMPLES = r"""
- name: Wait for a rollout
  kubernetes.core.k8s_info:
    kind: Deployment
    api_version: apps/v1
    namespace: monitor-lab
    name: tokenization-service
  register: found
  until: found.resources | devsecops.monitor_lab.rollout_state(120, now().timestamp() - started) != 'waiting'
  retries: 1000
  delay: 2
"""

RETURN = r"""
_value:
  description: V(complete), V(stuck), V(late) or V(waiting).
  type: str
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils import _kubernetes


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"rollout_state": _kubernetes.rollout_state}
