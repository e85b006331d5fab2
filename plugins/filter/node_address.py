# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: node_address
short_description: Finds a node's address
version_added: 1.0.0
author:
  - the monitor_lab contributors (@devsecops)
description:
  - The internal address of the first node that is ready.
  - It fails where there is none.
options:
  _input:
    description: What C(kubernetes.core.k8s_info) found, its C(resources).
    type: list
    elements: dict
    required: true
"""

EXAMPLES = r"""
- name: Show where a port of every node answers
  ansible.builtin.debug:
    msg: "{{ found.resources | devsecops.monitor_lab.node_address }}"
"""

RETURN = r"""
_value:
  description: The address.
  type: str
"""

from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils import _kubernetes


def node_address(nodes: list[dict[str, Any]]) -> str:
    try:
        return _kubernetes.node_address(nodes)
    except ValueError as error:
        raise AnsibleFilterError(f"node_address: {error}") from error


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"node_address": node_address}
