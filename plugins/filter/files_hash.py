# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: files_hash
short_description: Hashes files that a host is to have
version_added: 1.0.0
author:
  - the monitor_lab contributors (@devsecops)
description:
  - One SHA-256, cut to twelve digits, over their paths and contents. A container is made anew where it differs.
options:
  _input:
    description: Files, as the role C(files) takes them.
    type: list
    elements: dict
    required: true
"""

EXAMPLES = r"""
- name: Show what a container would be known by
  ansible.builtin.debug:
    msg: "{{ files_wanted | devsecops.monitor_lab.files_hash }}"
"""

RETURN = r"""
_value:
  description: Twelve hexadecimal digits.
  type: str
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._differences import files_hash


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"files_hash": files_hash}
