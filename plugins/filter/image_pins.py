# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: image_pins
short_description: Lists the variables that a user can pin images with
version_added: 1.0.0
author:
  - the monitor_lab contributors (@devsecops)
description:
  - What a registry is to be asked for, so that each variable gets the digest of what its tag stands for now.
positional: _input, registry
options:
  _input:
    description: The images, as the role C(image) takes them.
    type: list
    elements: dict
    required: true
  registry:
    description: The registry that images are pulled from.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Show what would be asked for
  ansible.builtin.debug:
    msg: "{{ image_pinned | devsecops.monitor_lab.image_pins(monitor_lab_image_registry) }}"
"""

RETURN = r"""
_value:
  description: >-
    Each with its C(variable), C(value) (what that has now, without a digest beside a tag) and C(asked) (the name in the
    registry; empty where the value is a digest already).
  type: list
  elements: dict
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._images import pins


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"image_pins": pins}
