# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: load_variable_faults
short_description: Names variables of a load run that mean nothing
version_added: 1.0.0
author:
  - the monitor_lab contributors (@devsecops)
description:
  - Of variables that begin with C(locust_run_), those that are no option of M(devsecops.monitor_lab.locust_run).
options:
  _input:
    description: Names of variables.
    type: list
    elements: str
    required: true
"""

EXAMPLES = r"""
- name: Stop where a variable means nothing
  ansible.builtin.assert:
    that: query('ansible.builtin.varnames', '^locust_run_') | devsecops.monitor_lab.load_variable_faults | length == 0
"""

RETURN = r"""
_value:
  description: A sentence for each, with what was meant.
  type: list
  elements: str
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._load_variables import load_variable_faults


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"load_variable_faults": load_variable_faults}
