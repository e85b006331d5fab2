# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: service_address
short_description: Finds the address that a cluster gave a Service
version_added: 1.0.0
author:
  - the monitor_lab contributors (@devsecops)
description:
  - Its C(clusterIP); nothing where it is not there, or has none yet.
positional: name
options:
  _input:
    description: Objects, as C(kubernetes.core.k8s_info) returns them in C(resources).
    type: list
    elements: dict
    required: true
  name:
    description: The Service's name.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Show where pods find Locust's master
  ansible.builtin.debug:
    msg: "{{ found.resources | devsecops.monitor_lab.service_address('locust-master') }}"
"""

RETURN = r"""
_value:
  description: The address.
  type: str
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils import _kubernetes


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"service_address": _kubernetes.service_address}
