# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: tls_files
short_description: Says which files a service needs to speak TLS
version_added: 1.0.0
author:
  - the monitor_lab contributors (@devsecops)
description:
  - Its certificate and key, which the service's user alone may read, and the authority of the lab.
positional: _input, folder, owner
options:
  _input:
    description: >-
      C(monitor_lab_tls_source) of the role C(monitor_lab): the controller's folder of certificates (C(dir)) and the
      host's name (C(host)), or nothing where the lab is without TLS.
    type: dict
    required: true
  folder:
    description: Folder on the host, which is made.
    type: path
    required: true
  owner:
    description: Number of the service's user.
    type: int
    required: true
"""

EXAMPLES = r"""
- name: Give a service its certificate
  ansible.builtin.include_role:
    name: devsecops.monitor_lab.files
  vars:
    files_wanted: "{{ {'dir': '/tls', 'host': 'mon1'} | devsecops.monitor_lab.tls_files('/etc/service/tls', 10003) }}"
"""

RETURN = r"""
_value:
  description: The files, as the role C(files) takes them.
  type: list
  elements: dict
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._certificates import wanted_files


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"tls_files": wanted_files}
