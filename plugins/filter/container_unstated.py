# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: container_unstated
short_description: Tells what a container has that only a new one would not have
version_added: 0.1.0
author:
  - the monitor_lab contributors (@devsecops)
description:
  - What C(docker update) or another command gave a container, and M(community.docker.docker_container) leaves alone.
positional: _input, looked
options:
  _input:
    description: The container, as the role C(container) takes it.
    type: dict
    required: true
  looked:
    description: What M(devsecops.monitor_lab.lab_host_info) returned for the host.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Show what only a new container would not have
  ansible.builtin.debug:
    msg: "{{ container_wanted | devsecops.monitor_lab.container_unstated(monitor_lab_host) }}"
"""

RETURN = r"""
_value:
  description: Names of settings, as Docker has them.
  type: list
  elements: str
  sample: [CpuShares]
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._differences import container_unstated


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"container_unstated": container_unstated}
