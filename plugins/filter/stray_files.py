# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: stray_files
short_description: Lists what does not belong into the folders of a service
version_added: 0.1.0
author:
  - the monitor_lab contributors (@devsecops)
description:
  - What lies in a folder that is to have nothing but what is wanted, and what is of another kind than wanted.
positional: _input, files
options:
  _input:
    description: Files, as the role C(files) takes them.
    type: list
    elements: dict
    required: true
  files:
    description: Those that the host has, as M(devsecops.monitor_lab.lab_host_info) returns them.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Show what does not belong there
  ansible.builtin.debug:
    msg: "{{ files_wanted | devsecops.monitor_lab.stray_files(monitor_lab_host.files) }}"
"""

RETURN = r"""
_value:
  description: Paths.
  type: list
  elements: path
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._differences import strays


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"stray_files": strays}
