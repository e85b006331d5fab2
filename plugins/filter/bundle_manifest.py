# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: bundle_manifest
short_description: Writes down what a bundle is made of
version_added: 1.0.0
author:
  - the monitor_lab contributors (@devsecops)
description:
  - Reads all files below a folder on the controller.
options:
  _input:
    description: The folder.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Show what a bundle is made of
  ansible.builtin.debug:
    msg: "{{ '/srv/bundle' | devsecops.monitor_lab.bundle_manifest }}"
"""

RETURN = r"""
_value:
  description: The SHA-256 and the name of each file but C(SHA256SUMS), a line each, as C(sha256sum) writes them.
  type: str
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._bundle import manifest


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"bundle_manifest": manifest}
