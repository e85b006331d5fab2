# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: secrets_in
short_description: Tells the secrets that the lab made from those that somebody put beside them
version_added: 1.0.0
author:
  - the monitor_lab contributors (@devsecops)
description:
  - A secret is the lab's where its record has it, as it is now. A lab from before there was a record made those of the
    names that it knew.
positional: _input, foreign_grafana
options:
  _input:
    description: The folder of secrets on the controller.
    type: path
    required: true
  foreign_grafana:
    description: Whether Grafana is somebody else's, whose password they wrote themselves.
    type: bool
    required: true
"""

EXAMPLES = r"""
- name: Show what is not the lab's
  ansible.builtin.debug:
    msg: "{{ (monitor_lab_secrets_dir | devsecops.monitor_lab.secrets_in(false)).others }}"
"""

RETURN = r"""
_value:
  description:
    - Paths, of the files that the lab V(made), its record included, and of V(others).
    - V(folders) are those that are empty without what it made, itself included, each after what lies in it.
  type: dict
  sample:
    made: [/home/me/.config/monitor_lab/made_here, /home/me/.config/monitor_lab/tokenization_private_key]
    others: [/home/me/.config/monitor_lab/grafana_admin_password]
    folders: [/home/me/.config/monitor_lab/tls]
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._secrets import secrets_in


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"secrets_in": secrets_in}
