# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Reads the dashboard on the controller, where the play and the collection are; the module does the rest."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail, AnsibleError
from ansible.plugins.action import ActionBase
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._grafana.dashboard import MAX_BYTES

SOURCES = ("path", "content", "url", "gnet_id")
OWN = Path(__file__).parents[2] / "files" / "dashboards" / "locust.json"


class ActionModule(ActionBase):
    def run(self, tmp: Any = None, task_vars: Any = None) -> dict[str, Any]:
        result: dict[str, Any] = super().run(tmp, task_vars)
        args = dict(self._task.args)
        given = [source for source in SOURCES if args.get(source) is not None]
        # The module itself complains of two sources.
        if given == ["path"]:
            args["content"] = self._read(self._find(args.pop("path")))
        elif not given and (args.get("state", "present") == "present" or args.get("uid") is None):
            args["content"] = self._read(OWN)
        result.update(
            self._execute_module(
                module_name="devsecops.monitor_lab.locust_dashboard", module_args=args, task_vars=task_vars
            )
        )
        return result

    def _find(self, path: str) -> Path:
        try:
            return Path(self._find_needle("files", path))
        except AnsibleError as error:
            raise AnsibleActionFail(f"path: {error}") from error

    def _read(self, path: Path) -> str:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise AnsibleActionFail(f"path: {path} has {size} bytes, and a dashboard may have {MAX_BYTES}")
        # A copy in the clear, where Ansible Vault has encrypted the file.
        readable = self._loader.get_real_file(str(path))
        try:
            return Path(readable).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise AnsibleActionFail(f"path: {path} can't be read as JSON: {error}") from error
        finally:
            self._loader.cleanup_tmp_file(readable)
