# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: whole_files
short_description: Fills in what a wanted file leaves out
version_added: 0.1.0
author:
  - the monitor_lab contributors (@devsecops)
description:
  - Files are root's own, may be read by all and are no secret, where nothing else is said.
  - Those whose C(wanted) is false are left out.
options:
  _input:
    description: Files, as the role C(files) takes them.
    type: list
    elements: dict
    required: true
"""

EXAMPLES = r"""
- name: Show the files with their owners and modes
  ansible.builtin.debug:
    msg: "{{ files_wanted | devsecops.monitor_lab.whole_files }}"
"""

RETURN = r"""
_value:
  description: The files, each with all of C(state), C(owner), C(group), C(mode), C(secret) and C(whole).
  type: list
  elements: dict
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._differences import whole_files


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"whole_files": whole_files}
