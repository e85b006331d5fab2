# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: container_options
short_description: Works out the options of a container of the lab
version_added: 1.0.0
author:
  - the monitor_lab contributors (@devsecops)
description:
  - The lab runs all its containers in one form, as ordinary users without capabilities on the host's network.
positional: _input, looked
options:
  _input:
    description: The container, as the role C(container) takes it.
    type: dict
    required: true
  looked:
    description: >-
      What M(devsecops.monitor_lab.lab_host_info) returned for the host. With systemd, the journal keeps what containers
      say; a limit that the engine can't hold a container to is null.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Show the options
  ansible.builtin.debug:
    msg: "{{ container_wanted | devsecops.monitor_lab.container_options(monitor_lab_host) }}"
"""

RETURN = r"""
_value:
  description: Options of M(community.docker.docker_container).
  type: dict
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._differences import container_module_options


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"container_options": container_module_options}
