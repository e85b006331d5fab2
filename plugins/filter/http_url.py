# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: http_url
short_description: Makes a URL of an address and a port
version_added: 1.0.0
author:
  - the monitor_lab contributors (@devsecops)
description:
  - Empty where there is no address, so that a part that the lab is without has no URL.
positional: _input, port, has_tls
options:
  _input:
    description: An address or a name, or nothing.
    type: str
    required: true
  port:
    description: The port.
    type: int
    required: true
  has_tls:
    description: Whether it speaks TLS.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Show a URL
  ansible.builtin.debug:
    msg: "{{ '2001:db8::1' | devsecops.monitor_lab.http_url(9090) }}"
"""

RETURN = r"""
_value:
  description: The URL.
  type: str
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._services import url_of


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"http_url": url_of}
