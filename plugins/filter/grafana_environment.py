# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: grafana_environment
short_description: Puts the environment of a Grafana together
version_added: 1.0.0
author:
  - the monitor_lab contributors (@devsecops)
description:
  - >-
    Grafana takes what its environment says before its configuration, so what the configuration says is left out of the
    role's own.
positional: _input, settings, given, plugins, version
options:
  _input:
    description: The role's own environment.
    type: dict
    required: true
  settings:
    description: The configuration, by section a dictionary of its settings.
    type: dict
    required: true
  given:
    description: Further environment.
    type: dict
    required: true
  plugins:
    description: Plugins to install at start, as C(ID), C(ID@VERSION) or C(ID@VERSION@URL).
    type: list
    elements: str
    required: true
  version:
    description: The tag of Grafana's image. What does not begin with a version is taken for a new one.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Show it
  ansible.builtin.debug:
    msg: "{{ {} | devsecops.monitor_lab.grafana_environment({}, {'TZ': 'UTC'}, ['grafana-clock-panel'], '12.1.1') }}"
"""

RETURN = r"""
_value:
  description: The environment.
  type: dict
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._grafana_settings import environment


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"grafana_environment": environment}
