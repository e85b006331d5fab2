# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: secret_texts
short_description: Says which files hold these secrets
version_added: 1.0.0
author:
  - the monitor_lab contributors (@devsecops)
description:
  - Each is a file of its own, which its owner alone may read.
positional: _input, folder, owner, wanted
options:
  _input:
    description: Each file's name, and its text.
    type: dict
    required: true
  folder:
    description: Folder on the host, which has to be there.
    type: path
    required: true
  owner:
    description: Number of the user who reads them.
    type: int
    required: true
  wanted:
    description: Whether the host is to have them.
    type: bool
    default: true
"""

EXAMPLES = r"""
- name: Give a service its password
  ansible.builtin.include_role:
    name: devsecops.monitor_lab.files
  vars:
    files_wanted: "{{ {'password': password} | devsecops.monitor_lab.secret_texts('/etc/service/keys', 10003) }}"
"""

RETURN = r"""
_value:
  description: The files, as the role C(files) takes them.
  type: list
  elements: dict
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._logins import secret_texts


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"secret_texts": secret_texts}
