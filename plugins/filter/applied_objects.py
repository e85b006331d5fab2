# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: applied_objects
short_description: Tells what the lab has applied
version_added: 1.0.0
author:
  - the monitor_lab contributors (@devsecops)
description:
  - Of each object, the fields that the field manager C(monitor-lab) has applied on the server, ready to be applied
    again.
  - What others have set, and what the cluster filled in, is left out, and so is an object of which nothing was applied
    so.
options:
  _input:
    description: What C(kubernetes.core.k8s_info) found, its C(resources).
    type: list
    elements: dict
    required: true
"""

EXAMPLES = r"""
- name: Put back what there was before
  kubernetes.core.k8s:
    definition: "{{ before.resources | devsecops.monitor_lab.applied_objects }}"
    apply: true
    server_side_apply: {field_manager: monitor-lab, force_conflicts: true}
"""

RETURN = r"""
_value:
  description: The objects.
  type: list
  elements: dict
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils import _kubernetes


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"applied_objects": _kubernetes.applied}
