# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: alerting
short_description: Says whom Prometheus tells of alerts, and how it gets in
version_added: 1.0.0
author:
  - the monitor_lab contributors (@devsecops)
description:
  - The lab's Alertmanager, with TLS and login where they are wanted.
positional: _input, access, folder
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
"""

EXAMPLES = r"""
- name: Show it
  ansible.builtin.debug:
    msg: "{{ services | devsecops.monitor_lab.alerting(monitor_lab_access, '/etc') }}"
"""

RETURN = r"""
_value:
  description: The section C(alerting), as Prometheus takes it. Empty where the lab has no Alertmanager.
  type: dict
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._logins import alerting


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"alerting": alerting}
