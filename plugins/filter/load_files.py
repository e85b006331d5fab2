# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: load_files
short_description: Lists what Locust needs of the locustfiles that somebody has
version_added: 1.0.0
author:
  - the monitor_lab contributors (@devsecops)
description:
  - A locustfile, a folder that holds a C(locustfile.py) with what it needs, or a list of files and folders, of which
    the Python files are locustfiles.
  - Hidden files and what Python leaves behind are passed over. Relative paths begin where Ansible was started.
positional: _input, folder
options:
  _input:
    description: Paths on the controller, C(locust_file) of the role C(locust).
    type: raw
    required: true
  folder:
    description: The folder on the host that they are to lie in.
    type: path
    required: true
"""

EXAMPLES = r"""
- name: Show what goes to the host
  ansible.builtin.debug:
    msg: "{{ ('/srv/load' | devsecops.monitor_lab.load_files('/etc/locust')).wanted }}"
"""

RETURN = r"""
_value:
  description: >-
    C(locustfiles), their names below the folder, C(sources), their paths on the controller, and C(wanted), the files
    and folders as the role C(files) takes them.
  type: dict
"""

from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._load_files import LoadError, wanted_load


def load_files(value: Any, folder: str) -> dict[str, Any]:
    try:
        return wanted_load(value, folder)
    except LoadError as error:
        raise AnsibleFilterError(f"locust_file: {error}") from error


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"load_files": load_files}
