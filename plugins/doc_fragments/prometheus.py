# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations


class ModuleDocFragment:
    """How a report's maker reaches Prometheus."""

    DOCUMENTATION = r"""
options:
  prometheus_url:
    description:
      - A Prometheus that scrapes Locust's exporter, as seen from the controller, which is asked for the graphs and
        alerts of a report. Where it cannot be asked, the report has what the run itself saw, and says so. The
        environment's proxy is not used.
    type: str
  prometheus_username:
    description:
      - The name to log in with, where it wants one.
    type: str
  prometheus_password:
    description:
      - The password of O(prometheus_username).
    type: str
  prometheus_ca_path:
    description:
      - A file on the controller with the CA certificates to trust where O(prometheus_url) is C(https).
    type: path
attributes:
  action_group:
    description: >-
      Defaults for the whole group can be set with C(group/devsecops.monitor_lab.prometheus) in C(module_defaults).
    support: full
    membership: [devsecops.monitor_lab.prometheus]
"""
