# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: http_config
short_description: Says how a program of Prometheus's kind gets to a service
version_added: 1.0.0
author:
  - the monitor_lab contributors (@devsecops)
description:
  - Login and TLS, as Prometheus's own C(http_config) takes them.
positional: _input, authority_file
options:
  _input:
    description: What it is asked with, as P(devsecops.monitor_lab.service_access#filter) says.
    type: dict
    required: true
  authority_file:
    description: File in which that program has the lab's authority.
    type: path
    required: true
"""

EXAMPLES = r"""
- name: Write it
  ansible.builtin.copy:
    content: "{{ monitor_lab_access.locust | devsecops.monitor_lab.http_config('/etc/exporter/tls/authority.crt') }}"
    dest: /etc/locust_exporter/locust.yml
    mode: "0400"
"""

RETURN = r"""
_value:
  description: The configuration.
  type: dict
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._logins import http_config


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"http_config": http_config}
