# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: secret_text
short_description: Reads a file of the lab's secrets on the controller
version_added: 1.0.0
author:
  - the monitor_lab contributors (@devsecops)
description:
  - Nothing where it was not made yet, as in check mode.
positional: _input, name
options:
  _input:
    description: Folder of the lab's secrets on the controller.
    type: path
    required: true
  name:
    description: The file's name.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Write it
  ansible.builtin.copy:
    content: "{{ monitor_lab_secrets_dir | devsecops.monitor_lab.secret_text('grafana_admin_password') }}"
    dest: /etc/service/password
    mode: "0400"
"""

RETURN = r"""
_value:
  description: What it holds.
  type: str
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._services import text_of_secret


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"secret_text": text_of_secret}
