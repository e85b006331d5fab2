# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: image_lacking
short_description: Lists the hosts that lack the same image
version_added: 1.0.0
author:
  - the monitor_lab contributors (@devsecops)
description:
  - Of these the first has the image built for all.
  - They have the architecture of this host, and the role C(image) answered the same of the image (C(image_found)).
positional: _input, hostvars, host, image
options:
  _input:
    description: The hosts of the play.
    type: list
    elements: str
    required: true
  hostvars:
    description: Ansible's C(hostvars), in which the role C(image) has answered for the host.
    type: dict
    required: true
  host:
    description: A host that lacks the image.
    type: str
    required: true
  image:
    description: The image's name in C(image_found).
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Show the hosts that lack Locust's image, as this one does
  ansible.builtin.debug:
    msg: "{{ ansible_play_hosts | devsecops.monitor_lab.image_lacking(hostvars, inventory_hostname, 'locust') }}"
"""

RETURN = r"""
_value:
  description: Names of hosts in the inventory, in the play's order. This host is one of them.
  type: list
  elements: str
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._images import image_lacking


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"image_lacking": image_lacking}
