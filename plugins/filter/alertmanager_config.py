# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: alertmanager_config
short_description: Writes Alertmanager's configuration
version_added: 1.0.0
author:
  - the monitor_lab contributors (@devsecops)
description:
  - All alerts are told to all of these, but those of severity V(none).
  - While the alert C(LoadRunActive) fires, those of class V(performance) are kept back.
positional: _input
options:
  _input:
    description: Whom it tells. What is empty is left out.
    type: dict
    required: true
    suboptions:
      webhook_url:
        description: Where it posts what it tells.
        type: str
        required: true
      receiver_url:
        description: Where the lab's own receiver is.
        type: str
        required: true
      receiver_password_file:
        description: File, which Alertmanager reads, with what that receiver wants to be given.
        type: path
        required: true
      email:
        description:
          - Where it sends mail, C(to), as whom, C(from), and by which server, C(smarthost).
          - Whether that has to speak TLS, C(require_tls), and its login, C(username) and C(password_file), which
            Alertmanager reads.
        type: dict
        required: true
      page:
        description: Where a person sees the alerts.
        type: str
        required: true
"""

EXAMPLES = r"""
- name: Write it
  ansible.builtin.copy:
    content: "{{ told | devsecops.monitor_lab.alertmanager_config }}"
    dest: /etc/alertmanager/alertmanager.yml
    mode: "0400"
"""

RETURN = r"""
_value:
  description: The text of the file. A secret, where the URL of the webhook is one.
  type: str
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._alertmanager import alertmanager_config


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"alertmanager_config": alertmanager_config}
