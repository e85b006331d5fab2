# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: due_files
short_description: Lists the files of a service that a host has not, or has otherwise
version_added: 0.1.0
author:
  - the monitor_lab contributors (@devsecops)
description:
  - Each has what it left out, too; files are root's own, may be read by all and are no secret, where nothing else is
    said.
  - Those whose C(wanted) is false are left out.
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
- name: Show what has to be written
  ansible.builtin.debug:
    msg: "{{ files_wanted | devsecops.monitor_lab.due_files(monitor_lab_host.files) }}"
"""

RETURN = r"""
_value:
  description: The files, each with all of C(state), C(owner), C(group), C(mode), C(secret) and C(whole).
  type: list
  elements: dict
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._differences import due_files


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"due_files": due_files}
