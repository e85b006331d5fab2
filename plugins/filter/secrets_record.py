# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: secrets_record
short_description: Returns the record of the secrets that the lab made
version_added: 0.1.0
author:
  - the monitor_lab contributors (@devsecops)
description:
  - Where there is none yet, the one of what labs made before they kept any.
positional: _input, foreign_grafana, made
options:
  _input:
    description: The folder of secrets on the controller.
    type: path
    required: true
  foreign_grafana:
    description: Whether Grafana is somebody else's, whose password they wrote themselves.
    type: bool
    required: true
  made:
    description: Names of files that were made just now.
    type: list
    elements: str
    default: []
"""

EXAMPLES = r"""
- name: Show the record
  ansible.builtin.debug:
    msg: "{{ monitor_lab_secrets_dir | devsecops.monitor_lab.secrets_record(false, ['tokenization_private_key']) }}"
"""

RETURN = r"""
_value:
  description: Lines as of sha256sum.
  type: str
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._secrets import secrets_record


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"secrets_record": secrets_record}
