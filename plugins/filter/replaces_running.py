# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: replaces_running
short_description: Tells whether a rollout replaces a version that ran
version_added: 1.0.0
author:
  - the monitor_lab contributors (@devsecops)
description:
  - A workload has a version to go back to where pods of it served before, and its specification is another one now.
positional: before
options:
  _input:
    description: The workload that C(kubernetes.core.k8s_info) finds now, its C(resources).
    type: list
    elements: dict
    required: true
  before:
    description: What it found before the rollout, which may have more objects than this.
    type: list
    elements: dict
    required: true
"""

EXAMPLES = r"""
- name: Say that there is a version to go back to
  ansible.builtin.debug:
    msg: "{{ found.resources | devsecops.monitor_lab.replaces_running(found_before.resources) }}"
"""

RETURN = r"""
_value:
  description: Whether there is such a version.
  type: bool
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils import _kubernetes


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"replaces_running": _kubernetes.replaces_running}
