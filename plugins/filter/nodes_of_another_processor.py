# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: nodes_of_another_processor
short_description: Finds nodes that cannot run what a host makes
version_added: 1.0.0
author:
  - the monitor_lab contributors (@devsecops)
description:
  - By the architecture that the nodes tell of themselves.
positional: machine
options:
  _input:
    description: What C(kubernetes.core.k8s_info) found, its C(resources).
    type: list
    elements: dict
    required: true
  machine:
    description: The host's processor, as C(ansible_facts.architecture) has it.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Show the nodes that cannot run this host's images
  ansible.builtin.debug:
    msg: "{{ found.resources | devsecops.monitor_lab.nodes_of_another_processor(ansible_facts.architecture) }}"
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
        return {"nodes_of_another_processor": _kubernetes.nodes_of_another_processor}
