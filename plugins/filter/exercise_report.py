# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: exercise_report
short_description: Judges an exercise, and tells what became of it
version_added: 1.0.0
author:
  - the monitor_lab contributors (@devsecops)
description:
  - Each case is held against what Prometheus tells of its time. The alert that must fire has to within four evaluations
    of its rule after its condition has held for as long as it has to, and to end after the attack. Others that fire are
    false alarms, but for those that may.
positional: _input, cases, may, identity, places
options:
  _input:
    description:
      - The cases that were gone through, each with its C(name), the Unix time when it was C(begun), what was C(done),
        the results of its tasks C(attack), C(fault) and C(run), and what was C(seen), the answer of
        M(devsecops.monitor_lab.lab_alerts_info).
    type: list
    elements: dict
    required: true
  cases:
    description: All cases, C(exercise_cases) of the playbook C(exercise), by their names.
    type: dict
    required: true
  may:
    description: Alerts that may fire beside any case, since the machine has other work to do.
    type: list
    elements: str
    required: true
  identity:
    description: The exercise's name.
    type: str
    required: true
  places:
    description: Lines that say where to look.
    type: list
    elements: str
    required: true
"""

EXAMPLES = r"""
- name: Show it
  ansible.builtin.debug:
    msg: "{{ (gone_through | devsecops.monitor_lab.exercise_report(exercise_cases, [], 'exercise-1', [])).table }}"
"""

RETURN = r"""
_value:
  description:
    - The C(problems), of which a good exercise has none, the C(table) as lines for people, and the texts C(markdown),
      C(json) and C(junit).
    - C(exercise_version) in the JSON is counted up when a key goes or changes its meaning.
  type: dict
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._exercise import report


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"exercise_report": report}
