# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: scraping_secrets
short_description: Reads the secrets with which Prometheus scrapes
version_added: 1.0.0
author:
  - the monitor_lab contributors (@devsecops)
description:
  - The password or token of each service whose metrics want one, from the files on the controller.
positional: _input, access, secrets_dir
options:
  _input:
    description: The services, C(monitor_lab_services) of the role C(monitor_lab).
    type: list
    elements: dict
    required: true
  access:
    description: What each is asked with, as P(devsecops.monitor_lab.service_access#filter) says.
    type: dict
    required: true
  secrets_dir:
    description: Folder of the lab's secrets on the controller.
    type: path
    required: true
"""

EXAMPLES = r"""
- name: Show their names
  ansible.builtin.debug:
    msg: "{{ monitor_lab_services | devsecops.monitor_lab.scraping_secrets(monitor_lab_access, '/secrets') | list }}"
"""

RETURN = r"""
_value:
  description: Each secret's name, and its text.
  type: dict
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._logins import scraping_secrets


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"scraping_secrets": scraping_secrets}
