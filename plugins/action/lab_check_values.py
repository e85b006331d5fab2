# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Looks at the variables where they are, on the controller; the host is not asked."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Optional

from ansible.errors import AnsibleError, AnsibleUndefinedVariable
from ansible.plugins.action import ActionBase
from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._variables import (
    Variable,
    fault,
    is_known_later,
    misspelt,
    report,
    unresolved,
    variables_in,
)

ROLES = Path(__file__).parents[2] / "roles"


class ActionModule(ActionBase):
    _requires_connection = False
    _VALID_ARGS = frozenset()

    def run(self, tmp: Any = None, task_vars: Any = None) -> dict[str, Any]:
        result: dict[str, Any] = super().run(tmp, task_vars)
        variables = variables_in(ROLES)
        faults = misspelt(task_vars, variables)
        for name in variables:
            wrong = self._fault(name, task_vars, variables) if name in task_vars else None
            if wrong:
                faults[name] = wrong
        if faults:
            result.update(failed=True, msg=report(task_vars["inventory_hostname"], faults))
        return result

    def _fault(self, name: str, task_vars: Mapping[str, Any], variables: Mapping[str, Variable]) -> Optional[str]:
        raw, variable = task_vars[name], variables[name]
        # What Ansible Vault has encrypted is no string until it is templated.
        if not isinstance(raw, (str, int, float, list, dict, type(None))):
            variable = variable._replace(secret=True)
        # What the lab works out by itself is right, or what it is worked out from is told of.
        elif variable.is_worked_out and raw == variable.default:
            return None
        try:
            return fault(name, variable, self._templar.template(raw))
        except AnsibleUndefinedVariable as error:
            later = is_known_later(f"{raw} {error}", task_vars, variables)
            return None if later else unresolved(variable, error)
        except AnsibleError as error:
            return unresolved(variable, error)
