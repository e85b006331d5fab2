# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: nodes_without_image
short_description: Finds nodes that lack an image
version_added: 1.0.0
author:
  - the monitor_lab contributors (@devsecops)
description:
  - By what the nodes tell of their images, with the prefix that containerd gives Docker Hub's, or without.
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
- name: Show the nodes that have no such image
  ansible.builtin.debug:
    msg: "{{ found.resources | devsecops.monitor_lab.nodes_without_image('postgres:17.7-bookworm') }}"
"""

RETURN = r"""
_value:
  description: The names of the nodes.
  type: list
  elements: str
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils import _kubernetes


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"nodes_without_image": _kubernetes.nodes_without_image}
