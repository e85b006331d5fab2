# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: wheel_platforms
short_description: Lists the platforms of wheels that an image can use
version_added: 1.0.0
author:
  - the monitor_lab contributors (@devsecops)
description:
  - Wheels for CPython of Debian 12 (glibc 2.36), which the lab's images have, whatever the controller is.
options:
  _input:
    description: The host's architecture, as C(ansible_facts.architecture) has it.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Show what "pip download" is to get for a host
  ansible.builtin.debug:
    msg: "{{ ansible_facts.architecture | devsecops.monitor_lab.wheel_platforms | join(' ') }}"
"""

RETURN = r"""
_value:
  description: Tags of platforms (PEP 600), the newest first.
  type: list
  elements: str
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._images import wheel_platforms


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"wheel_platforms": wheel_platforms}
