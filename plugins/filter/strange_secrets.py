# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: strange_secrets
short_description: Finds secrets that are deployed and are not the controller's
version_added: 1.0.0
author:
  - the monitor_lab contributors (@devsecops)
description:
  - A secret is the same without and with the end of a line behind it, which its file may have in one place alone.
options:
  _input:
    description: >-
      Each secret's file on the controller (C(own)), and the digests, SHA-256, of where it is deployed (C(found)), if it
      is. What else they have stays.
    type: list
    elements: dict
    required: true
"""

EXAMPLES = r"""
- name: Stop where a host has another key
  ansible.builtin.assert:
    that: deployed | devsecops.monitor_lab.strange_secrets | length == 0
  vars:
    deployed:
      - own: /secrets/service_key
        found: ["{{ monitor_lab_host.files['/etc/service/key'].sha256 }}"]
"""

RETURN = r"""
_value:
  description: Those of them that are deployed, nowhere as the controller has them.
  type: list
  elements: dict
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._secrets import strange_secrets


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"strange_secrets": strange_secrets}
