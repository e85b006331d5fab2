# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Looks at the variables where they are, on the controller; no host is asked."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Optional

from ansible.errors import AnsibleError, AnsibleUndefinedVariable
from ansible.plugins.action import ActionBase
from ansible.template import Templar
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
    # Once for all hosts: what is wrong for each of them is told once, and none goes on where another has a fault.
    BYPASS_HOST_LOOP = True
    _requires_connection = False

    def run(self, tmp: Any = None, task_vars: Any = None) -> dict[str, Any]:
        result: dict[str, Any] = super().run(tmp, task_vars)
        self.validate_argument_spec({})
        described = variables_in(ROLES)
        hostvars = task_vars["hostvars"]
        own = hostvars.raw_get(task_vars["inventory_hostname"])
        # What the play sets is the same for every host, and not among a host's own variables.
        plays = {name: value for name, value in task_vars.items() if name not in own}
        faults = {
            host: self._faults(described, {**plays, **hostvars.raw_get(host)})
            for host in task_vars["ansible_play_hosts"]
        }
        if any(faults.values()):
            result.update(failed=True, msg=report(faults))
        return result

    def _faults(self, described: Mapping[str, Variable], known: Mapping[str, Any]) -> dict[str, str]:
        """Return what is wrong with the variables `known` of a host, by name."""
        templar = Templar(self._loader, variables=known)

        def wrong(name: str, variable: Variable) -> Optional[str]:
            raw = known[name]
            # What Ansible Vault has encrypted is no string until it is templated.
            if not isinstance(raw, (str, int, float, list, dict, type(None))):
                variable = variable._replace(secret=True)
            # What the lab works out by itself is right, or what it is worked out from is told of.
            elif variable.is_worked_out and raw == variable.default:
                return None
            try:
                return fault(name, variable, templar.template(raw))
            except AnsibleUndefinedVariable as error:
                later = is_known_later(f"{raw} {error}", known, described)
                return None if later else unresolved(variable, error)
            except AnsibleError as error:
                return unresolved(variable, error)

        told = {name: wrong(name, variable) for name, variable in described.items() if name in known}
        return {**misspelt(known, described), **{name: text for name, text in told.items() if text}}
