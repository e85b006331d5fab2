# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: differences
short_description: Tells what of a service differs from what is wanted
version_added: 1.0.0
author:
  - the monitor_lab contributors (@devsecops)
description:
  - Compares what a host has with what the roles C(files) and C(container) are told, and with a pod's manifest.
  - What it names, those roles put right. Where it names nothing, they would change nothing.
positional: _input, files, containers, pod, further
options:
  _input:
    description: What M(devsecops.monitor_lab.lab_host_info) returned for the host.
    type: dict
    required: true
  files:
    description: Files, as the role C(files) takes them.
    type: list
    elements: dict
  containers:
    description: Containers, each as the role C(container) takes it.
    type: list
    elements: dict
  pod:
    description: The manifest of a pod, as Podman plays it.
    type: str
  further:
    description: Sentences on what else differs, each with whether it is true.
    type: dict
"""

EXAMPLES = r"""
- name: Show what differs
  ansible.builtin.debug:
    msg: "{{ monitor_lab_host | devsecops.monitor_lab.differences(files=[monitor_lab_folder]) }}"
"""

RETURN = r"""
_value:
  description: One sentence for each difference.
  type: list
  elements: str
  sample: [container monitor-lab-prometheus has another memory]
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._differences import differences


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"differences": differences}
