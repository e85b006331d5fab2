# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: scrape_configs
short_description: Says what Prometheus scrapes, and how it gets in
version_added: 1.0.0
author:
  - the monitor_lab contributors (@devsecops)
description:
  - A job for each service that has metrics, with TLS and login where they are wanted.
positional: _input, access, folder, groups, hostvars
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
  folder:
    description: Folder in which Prometheus has C(tls/authority.crt), and the secrets in C(keys).
    type: path
    required: true
  groups:
    description: Ansible's C(groups), whose hosts are targets of a service that answers on each.
    type: dict
    required: true
  hostvars:
    description: Ansible's C(hostvars), with the hosts' addresses.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Show them
  ansible.builtin.debug:
    msg: "{{ services | devsecops.monitor_lab.scrape_configs(monitor_lab_access, '/etc', groups, hostvars) }}"
"""

RETURN = r"""
_value:
  description: The jobs, as C(scrape_configs) of Prometheus takes them.
  type: list
  elements: dict
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._logins import scrape_configs


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"scrape_configs": scrape_configs}
