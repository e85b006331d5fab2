# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: rollout_failure
short_description: Says why a rollout failed
version_added: 1.0.0
author:
  - the monitor_lab contributors (@devsecops)
description:
  - The pods that are not ready, the last events of them and of what they belong to, and their last words.
options:
  _input:
    description:
      - What is known of it. C(app) is the workload's name, C(resources) what C(kubernetes.core.k8s_info) found of it,
        C(timeout) the seconds that C(variable) gave it.
      - C(pods) and C(events) are what was found in its C(namespace), C(logs) the results of C(kubernetes.core.k8s_log)
        for some of the pods. C(put_back) is what became of the version before, V(serves), V(waits) or V(fails), and
        empty where there was none.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Say why the rollout failed
  ansible.builtin.fail:
    msg: "{{ rollout | devsecops.monitor_lab.rollout_failure }}"
"""

RETURN = r"""
_value:
  description: What to say, in lines.
  type: str
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils import _kubernetes


def rollout_failure(rollout: _kubernetes.Rollout) -> str:
    # Until ansible-core 2.19, a template makes text of a number.
    return _kubernetes.rollout_failure({**rollout, "timeout": int(rollout["timeout"])})


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"rollout_failure": rollout_failure}
