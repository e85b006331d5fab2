# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: images_to_build
short_description: Lists the images that a host builds for all
version_added: 1.0.0
author:
  - the monitor_lab contributors (@devsecops)
description:
  - Those that any host was found to lack, and that neither the builder's Docker nor the controller has.
positional: _input, hostvars, host
options:
  _input:
    description: The lab's hosts.
    type: list
    elements: str
    required: true
  hostvars:
    description: Ansible's C(hostvars), in which the builder was looked at (M(devsecops.monitor_lab.lab_host_info)).
    type: dict
    required: true
  host:
    description: The host that builds.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Show what this host builds
  ansible.builtin.debug:
    msg: "{{ monitor_lab_hosts | devsecops.monitor_lab.images_to_build(hostvars, inventory_hostname) }}"
"""

RETURN = r"""
_value:
  description: What the role C(image) remembered of each, once.
  type: list
  elements: dict
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._images import images_to_build


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"images_to_build": images_to_build}
