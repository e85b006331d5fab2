# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Reads contents on the controller, and sends those that are due beside the module: its arguments can be seen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._lab.files import ARGUMENTS, pack
from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._differences import content_of, due_files, strays

NEEDS_CONTENT = {
    "required_if": [("state", "file", ("content", "src"), True)],
    "mutually_exclusive": [("content", "src")],
}
CONTENT = ("content", "src")


class ActionModule(ActionBase):
    def run(self, tmp: Any = None, task_vars: Any = None) -> dict[str, Any]:
        result: dict[str, Any] = super().run(tmp, task_vars)
        _validated, args = self.validate_argument_spec({**ARGUMENTS, "files": {**ARGUMENTS["files"], **NEEDS_CONTENT}})
        # Where nothing was said, None was filled in.
        wanted = [{name: value for name, value in file.items() if value is not None} for file in args["files"]]
        try:
            due, absent = due_files(wanted, args["seen"]), strays(wanted, args["seen"])
            contents = {number: content_of(file) for number, file in enumerate(due) if file["state"] == "file"}
        except OSError as error:
            # Newer versions of Ansible would say the cause behind that once more.
            raise AnsibleActionFail(f"{error.filename}: {error.strerror}. Nothing was changed.") from None
        if not due and not absent:
            return {**result, "changed": False, "changed_files": [], "changed_folders": [], "removed": []}
        arguments = {
            "files": [{name: value for name, value in file.items() if name not in CONTENT} for file in due],
            "absent": absent,
            "archive": self._sent(pack(contents)),
        }
        done: Mapping[str, Any] = self._execute_module(
            module_args=arguments, task_vars=task_vars, ignore_unknown_opts=True
        )
        # Which were changed is shown, as the items of a loop are.
        return {**result, **done, "_ansible_verbose_always": bool(done.get("changed"))}

    def _sent(self, archive: bytes) -> str:
        """Bring an archive to the host, by way of a file that is this user's alone, and return its path there."""
        folder = self._connection._shell.tmpdir or self._make_tmp_path()
        path = str(self._connection._shell.join_path(folder, "contents.tar"))
        self._transfer_data(path, archive)
        # So that the user whom the module becomes can read it. It is no program.
        self._fixup_perms2((folder, path), execute=False)
        return path
