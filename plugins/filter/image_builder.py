# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: image_builder
short_description: Tells which host builds an image for a host
version_added: 1.0.0
author:
  - the monitor_lab contributors (@devsecops)
description:
  - In a lab of several hosts an image is built on one, and the others get it over the controller.
  - It is the first host with an engine that has the architecture and the proxy of this one; else this one itself.
positional: _input, hostvars, host, proxy
options:
  _input:
    description: The lab's hosts.
    type: list
    elements: str
    required: true
  hostvars:
    description: Ansible's C(hostvars), in which the hosts were looked at (M(devsecops.monitor_lab.lab_host_info)).
    type: dict
    required: true
  host:
    description: The host that lacks the image.
    type: str
    required: true
  proxy:
    description: The proxy of that host, empty for none.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Show which host builds for this one
  ansible.builtin.debug:
    msg: "{{ groups.all | devsecops.monitor_lab.image_builder(hostvars, inventory_hostname, monitor_lab_proxy) }}"
"""

RETURN = r"""
_value:
  description: The host's name in the inventory.
  type: str
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._images import image_builder


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"image_builder": image_builder}
