# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: object_annotation
short_description: Reads an annotation of an object of a cluster
version_added: 1.0.0
author:
  - the monitor_lab contributors (@devsecops)
description:
  - Empty where there is no such object, or no such annotation.
positional: kind, name, key
options:
  _input:
    description: Objects, as C(kubernetes.core.k8s_info) finds them.
    type: list
    elements: dict
    required: true
  kind:
    description: The object's kind.
    type: str
    required: true
  name:
    description: The object's name.
    type: str
    required: true
  key:
    description: The annotation.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Show what a claim says of itself
  ansible.builtin.debug:
    msg: "{{ found.resources | devsecops.monitor_lab.object_annotation('PersistentVolumeClaim', 'data', 'made-by') }}"
"""

RETURN = r"""
_value:
  description: The annotation.
  type: str
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils import _kubernetes


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"object_annotation": _kubernetes.annotation}
