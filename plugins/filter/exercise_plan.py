# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: exercise_plan
short_description: Says which cases an exercise goes through
version_added: 1.0.0
author:
  - the monitor_lab contributors (@devsecops)
description:
  - The baseline, and then one case, all of them, or the first ones.
positional: _input, first, only, everything
options:
  _input:
    description: The cases, C(exercise_cases) of the playbook C(exercise), by their names.
    type: dict
    required: true
  first:
    description: The names of those that are meant where nothing is asked for.
    type: list
    elements: str
    required: true
  only:
    description: The name of the one that is asked for, empty for none.
    type: str
    required: true
  everything:
    description: Whether all are asked for.
    type: bool
    required: true
"""

EXAMPLES = r"""
- name: Show which
  ansible.builtin.debug:
    msg: "{{ (exercise_cases | devsecops.monitor_lab.exercise_plan(['spike'], '', false)).names }}"
"""

RETURN = r"""
_value:
  description: The C(names) of the cases, in their order, and the C(fault) of what was asked for, empty for none.
  type: dict
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._exercise import plan


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"exercise_plan": plan}
