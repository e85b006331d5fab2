# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: grafana_datasource
short_description: Describes a data source of Grafana's for a service of the lab
version_added: 1.0.0
author:
  - the monitor_lab contributors (@devsecops)
description:
  - With login and TLS, as Grafana's provisioning and its API take it.
  - >-
    Grafana gives no secret back, so a digest among its settings tells whether it has the right ones. Whoever sees a
    dashboard sees these settings.
positional: _input, url, options, authority, salt
options:
  _input:
    description: Its C(name), C(uid), C(type) and settings, C(jsonData).
    type: dict
    required: true
  url:
    description: Where the service answers.
    type: str
    required: true
  options:
    description: What the service is asked with, as P(devsecops.monitor_lab.service_access#filter) says.
    type: dict
    required: true
  authority:
    description: The certificate (PEM) that the service's is of, or nothing.
    type: str
    required: true
  salt:
    description: Any secret text, without which nobody can try passwords against the digest.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Show it
  ansible.builtin.debug:
    msg: "{{ source | devsecops.monitor_lab.grafana_datasource('http://192.0.2.14:9090', {}, '', '') }}"
  vars:
    source: {name: Prometheus, uid: p, type: prometheus, jsonData: {timeInterval: 5s}}
"""

RETURN = r"""
_value:
  description: The data source.
  type: dict
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._logins import grafana_datasource


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"grafana_datasource": grafana_datasource}
