# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations


class ModuleDocFragment:
    """How the modules reach Locust."""

    DOCUMENTATION = r"""
options:
  locust_url:
    description:
      - Where Locust's web interface is, as seen from the host that the task runs on, with its base path where it has
        one.
      - A Locust that only listens on loopback is reached by running the task on its host.
    type: str
    default: http://127.0.0.1:8089
  locust_username:
    description:
      - The name to log in with, where Locust runs with C(--web-login) and a form for a name and a password.
    type: str
  locust_password:
    description:
      - The password of O(locust_username).
    type: str
  locust_ca_path:
    description:
      - A file, on the host that the task runs on, with the CA certificates to trust where O(locust_url) is C(https).
    type: path
attributes:
  action_group:
    description: >-
      Defaults for the whole group can be set with C(group/devsecops.monitor_lab.locust) in C(module_defaults).
    support: full
    membership: [devsecops.monitor_lab.locust]
"""
