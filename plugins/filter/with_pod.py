# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: with_pod
short_description: Merges a pod template into those of objects
version_added: 1.0.0
author:
  - the monitor_lab contributors (@devsecops)
description:
  - Mappings are merged key by key, and lists of named things, each with a C(name) of its own, by that name.
  - Any other value takes the place of what there is, a list as a whole. Null removes.
positional: pod
options:
  _input:
    description: The objects, of which those without a pod template stay as they are.
    type: list
    elements: dict
    required: true
  pod:
    description: What is to be otherwise in it, with C(metadata) and C(spec).
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Run a Deployment on some nodes alone
  kubernetes.core.k8s:
    definition: "{{ lookup('ansible.builtin.file', 'app.yml') | from_yaml_all | devsecops.monitor_lab.with_pod(pod) }}"
  vars:
    pod: {spec: {nodeSelector: {disk: fast}}}
"""

RETURN = r"""
_value:
  description: The objects.
  type: list
  elements: dict
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils import _pods


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"with_pod": _pods.with_pod}
