# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: image_on_nodes
short_description: Tells what nodes know an image by
version_added: 1.0.0
author:
  - the monitor_lab contributors (@devsecops)
description:
  - The name of a registry's that a node has pulled the lab's own image by, and else the image's own name.
positional: image
options:
  _input:
    description: What C(kubernetes.core.k8s_info) found, its C(resources).
    type: list
    elements: dict
    required: true
  image:
    description: The image, with its tag.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Show what the nodes know the image by
  ansible.builtin.debug:
    msg: "{{ found.resources | devsecops.monitor_lab.image_on_nodes('localhost/monitor-lab/postgres:0123456789ab') }}"
"""

RETURN = r"""
_value:
  description: The name.
  type: str
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils import _kubernetes


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"image_on_nodes": _kubernetes.image_on_nodes}
