# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: engine_packages
short_description: Lists the packages that a host of the lab needs
version_added: 1.0.0
author:
  - the monitor_lab contributors (@devsecops)
description:
  - Docker's, what Ansible's modules need, and Podman's where a pod is to run, as the host's distribution calls them.
positional: _input, facts, pod
options:
  _input:
    description: What the host's distribution has under which name (C(monitor_lab_distribution)).
    type: dict
    required: true
  facts:
    description: The host's facts, of which the distribution counts.
    type: dict
    required: true
  pod:
    description: Whether a pod is to run on the host.
    type: bool
    required: true
"""

EXAMPLES = r"""
- name: Show the packages of a host without a pod
  ansible.builtin.debug:
    msg: "{{ monitor_lab_distribution | devsecops.monitor_lab.engine_packages(ansible_facts, false) }}"
"""

RETURN = r"""
_value:
  description: Names of packages.
  type: list
  elements: str
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._distribution import engine_packages


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"engine_packages": engine_packages}
