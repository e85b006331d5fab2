# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Runs the module on the host, and says on the controller what its answer means for the lab."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible.errors import AnsibleError
from ansible.module_utils.parsing.convert_bool import boolean
from ansible.plugins.action import ActionBase
from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._distribution import (
    all_packages,
    distributions_in,
    judged,
)
from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._hosts import advice
from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._module_results import printed

# What Ansible begins with where it refuses the Python of a host by itself. It does not say what to do, and may want an
# older one than modules here.
REFUSALS = ("ansible-core requires ", "Ansible requires ")
DISTRIBUTIONS = Path(__file__).parents[2] / "roles" / "monitor_lab" / "vars" / "distributions"


class ActionModule(ActionBase):
    def run(self, tmp: Any = None, task_vars: Any = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        host = task_vars["inventory_hostname"]
        known = distributions_in(DISTRIBUTIONS)
        arguments = {"packages": all_packages(known.values()), **self._task.args}
        # Which of these is the host's is known when it was looked at.
        arguments["paths"] = [*arguments.get("paths", []), *(each["authority"]["path"] for each in known.values())]
        try:
            result: dict[str, Any] = self._execute_module(module_args=arguments, task_vars=task_vars)
        except AnsibleError as error:
            return {"failed": True, "msg": f"{host}: {advice(str(error))}"}
        if "packages" in result:
            return judged(host, result, known, boolean(arguments.get("pod", False)))
        said = " ".join([str(result.get("msg", "")), *printed(result)])
        # Without Python, no module says anything. One that crashes says nothing to newer versions of Ansible.
        if "module_stdout" in result or said.startswith(REFUSALS):
            return {**result, "msg": f"{host}: {advice(said)}"}
        return result if "msg" in result else {**result, "msg": f"{host}: {advice(said, crashed=True)}"}
