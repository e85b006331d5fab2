# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: whole_image
short_description: Works out what an image is called, and from what it is made
version_added: 1.0.0
author:
  - the monitor_lab contributors (@devsecops)
description:
  - Fills in what is left out, and looks on the controller at all that the image is made from.
positional: _input, archives_dir, registry
options:
  _input:
    description: The image, as the role C(image) takes it.
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
- name: Show the image
  ansible.builtin.debug:
    msg: "{{ image_wanted | devsecops.monitor_lab.whole_image(*monitor_lab_image_sources) }}"
"""

RETURN = r"""
_value:
  description: >-
    The image with all of its keys, and C(suite) (the Debian that it is made from where no registry answers),
    C(archive) (the one that was supplied), C(content) (a hash of all that it is made from), C(pulled) and C(made)
    (its names, if it is pulled or made; empty where that cannot be) and C(from) (the published image to build from).
  type: dict
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._images import whole_image


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"whole_image": whole_image}
