# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: target_files
short_description: Makes files of targets that Prometheus finds by file_sd_configs
version_added: 1.0.0
author:
  - the monitor_lab contributors (@devsecops)
description:
  - Prometheus reads such a file again when it changes.
positional: _input, folder
options:
  _input:
    description: Name of each file, without the C(.yml), and its list of targets with labels, as Prometheus writes them.
    type: dict
    required: true
  folder:
    description: The folder on the host that they are to lie in.
    type: path
    required: true
"""

EXAMPLES = r"""
- name: Tell Prometheus of a node
  ansible.builtin.include_role:
    name: devsecops.monitor_lab.files
  vars:
    nodes: [{targets: ['192.0.2.1:9100'], labels: {site: lab}}]
    files_wanted: "{{ {'node': nodes} | devsecops.monitor_lab.target_files('/etc/prometheus/file_sd') }}"
"""

RETURN = r"""
_value:
  description: The files, as the role C(files) takes them.
  type: list
  elements: dict
"""

from collections.abc import Callable, Mapping
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils import _prometheus_settings as settings


def target_files(value: Mapping[str, Any], folder: str) -> list[dict[str, Any]]:
    # Where the role is used alone, nobody checked it.
    fault = settings.targets_fault(value)
    if fault:
        raise AnsibleFilterError(f"prometheus_targets: {fault}")
    return settings.target_files(value, folder)


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"target_files": target_files}
