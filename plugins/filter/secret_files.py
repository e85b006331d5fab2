# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: secret_files
short_description: Makes files of secrets that only their reader can open
version_added: 1.0.0
author:
  - the monitor_lab contributors (@devsecops)
description:
  - Each has the mode 0400 and belongs to the user that reads it.
positional: _input, folder, owner
options:
  _input:
    description: Name of each file, and its path on the controller or a dictionary with its C(content).
    type: dict
    required: true
  folder:
    description: The folder on the host that they are to lie in.
    type: path
    required: true
  owner:
    description: Number of the user who reads them.
    type: int
    required: true
"""

EXAMPLES = r"""
- name: Give a service its secrets
  ansible.builtin.include_role:
    name: devsecops.monitor_lab.files
  vars:
    files_wanted: "{{ {'token': '/home/me/token'} | devsecops.monitor_lab.secret_files('/etc/locust/keys', 10003) }}"
"""

RETURN = r"""
_value:
  description: The files, as the role C(files) takes them.
  type: list
  elements: dict
"""

from collections.abc import Callable, Mapping
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._load_files import LoadError, wanted_secrets


def secret_files(value: Mapping[str, Any], folder: str, owner: int) -> list[dict[str, Any]]:
    try:
        return wanted_secrets(value, folder, owner)
    except LoadError as error:
        raise AnsibleFilterError(f"secret_files: {error}") from error


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"secret_files": secret_files}
