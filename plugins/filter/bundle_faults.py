# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: bundle_faults
short_description: Tells what of a bundle is not as it was made
version_added: 1.0.0
author:
  - the monitor_lab contributors (@devsecops)
description:
  - Holds all files below a folder on the controller against its C(SHA256SUMS).
positional: _input, manifest_sha256
options:
  _input:
    description: The folder.
    type: str
    required: true
  manifest_sha256:
    description: SHA-256 that C(SHA256SUMS) itself has to have. Empty for any.
    type: str
    default: ""
"""

EXAMPLES = r"""
- name: Show what is wrong with a bundle
  ansible.builtin.debug:
    msg: "{{ '/srv/bundle' | devsecops.monitor_lab.bundle_faults }}"
"""

RETURN = r"""
_value:
  description: What is missing, was altered or was added, a text each; nothing where the bundle is as it was made.
  type: list
  elements: str
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._bundle import faults


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"bundle_faults": faults}
