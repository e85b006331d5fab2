# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: image_there
short_description: Names the image that an engine has already
version_added: 1.0.0
author:
  - the monitor_lab contributors (@devsecops)
description:
  - The published one or the one that was made from the same content, whichever is there.
positional: _input, looked, archives_dir, registry
options:
  _input:
    description: The image, as the role C(image) takes it.
    type: dict
    required: true
  looked:
    description: What M(devsecops.monitor_lab.lab_host_info) returned for the host.
    type: dict
    required: true
  archives_dir:
    description: Folder on the controller with archives of images. Empty for none.
    type: str
    required: true
  registry:
    description: The registry that images are pulled from. Empty for none.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Show the image's name
  ansible.builtin.debug:
    msg: "{{ image_wanted | devsecops.monitor_lab.image_there(monitor_lab_host, *monitor_lab_image_sources) }}"
"""

RETURN = r"""
_value:
  description: The name. Empty where the engine has none of them.
  type: str
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._images import image_there


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"image_there": image_there}
