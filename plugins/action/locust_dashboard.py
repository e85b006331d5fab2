# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Reads the dashboard on the controller, where the play and the collection are; the module does the rest."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail, AnsibleError
from ansible.plugins.action import ActionBase
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._grafana.dashboard import DashboardError
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._grafana.shapes import check_size
from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._dashboard_files import (
    dashboards_among,
    dashboards_of,
    files_in,
)

SOURCES = ("path", "content", "url", "gnet_id")
OWN = Path(__file__).parents[2] / "files" / "dashboards" / "locust.json"


class ActionModule(ActionBase):
    def run(self, tmp: Any = None, task_vars: Any = None) -> dict[str, Any]:
        result: dict[str, Any] = super().run(tmp, task_vars)
        args = dict(self._task.args)
        given = [source for source in SOURCES if args.get(source) is not None]
        try:
            # The module itself complains of two sources.
            if given == ["path"]:
                args["content"] = self._in(self._find(args.pop("path")))
            elif given == ["content"] and isinstance(args["content"], str):
                args["content"] = dashboards_of(args["content"].encode(errors="surrogatepass"), "the dashboard")
            elif not given and (args.get("state", "present") == "present" or args.get("uid") is None):
                args["content"] = self._in(OWN)
        except DashboardError as error:
            raise AnsibleActionFail(str(error)) from error
        result.update(
            self._execute_module(
                module_name="devsecops.monitor_lab.locust_dashboard", module_args=args, task_vars=task_vars
            )
        )
        return result

    def _find(self, path: str) -> Path:
        try:
            return Path(self._find_needle("files", path))
        except AnsibleError:
            # Ansible's own words tell of an option that there is none of here.
            places = "beside the playbook, in the role, or in files/ of either"
            raise AnsibleActionFail(f"path: there is no {path} on the controller, {places}") from None

    def _in(self, path: Path) -> list[dict[str, Any]]:
        """Return the dashboards in a file, or in the files of a folder and of those in it."""
        if not path.is_dir():
            return dashboards_of(self._content(path), str(path))
        found = [one for file in files_in(path) for one in dashboards_among(self._content(file), file)]
        if not found:
            raise DashboardError(f"{path} has no file with a dashboard: its name would end in .json or .yaml")
        return found

    def _content(self, path: Path) -> bytes:
        check_size(path.stat().st_size, str(path))
        # A copy in the clear, where Ansible Vault has encrypted the file.
        readable = self._loader.get_real_file(str(path))
        try:
            return Path(readable).read_bytes()
        except OSError as error:
            raise DashboardError(f"{path} can't be read: {error}") from error
        finally:
            self._loader.cleanup_tmp_file(readable)
