# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Makes keys where they are kept, on the controller, once for all hosts; no host is asked."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils import (
    _certificates,
    _curve,
    _private_files,
    _secrets,
)


class ActionModule(ActionBase):
    BYPASS_HOST_LOOP = True
    _requires_connection = False

    def run(self, tmp: Any = None, task_vars: Any = None) -> dict[str, Any]:
        result: dict[str, Any] = super().run(tmp, task_vars)
        _validated, args = self.validate_argument_spec(
            {
                "secrets_dir": {"type": "path", "required": True, "no_log": False},
                "passwords": {"type": "list", "elements": "str", "default": [], "no_log": False},
                "key_pairs": {"type": "list", "elements": "str", "default": [], "no_log": False},
                "tls_dir": {"type": "path"},
                "names": {"type": "dict", "default": {}},
                "given": {"type": "bool", "default": False},
                "foreign_grafana": {"type": "bool", "default": False},
            }
        )
        is_tried, now = self._task.check_mode, datetime.datetime.now(datetime.timezone.utc)
        folder = Path(args["secrets_dir"])
        made = []
        try:
            if args["tls_dir"] and args["given"]:
                self._check(_certificates.faults(Path(args["tls_dir"]), args["names"], now))
            elif args["tls_dir"]:
                names = _certificates.make(Path(args["tls_dir"]), args["names"], now, is_tried)
                made += [Path(args["tls_dir"]) / name for name in names]
            names = _private_files.make_passwords(folder, args["passwords"], is_tried)
            names += _curve.make_pairs(folder, args["key_pairs"], is_tried)
            made += [folder / name for name in names]
            if made and not is_tried:
                self._record(folder, args["foreign_grafana"], made)
        except (_certificates.CertificateError, _private_files.FileError) as error:
            # Newer versions of Ansible would say the cause behind that once more.
            raise AnsibleActionFail(f"{error}. No host was touched.") from None
        return {**result, "changed": bool(made), "made": [path.name for path in made]}

    def _record(self, folder: Path, foreign_grafana: bool, made: list[Path]) -> None:
        """Write down what the lab's removal takes along; certificates in a folder of somebody's own are not its."""
        names = [str(path.relative_to(folder)) for path in made if folder in path.parents]
        record = _secrets.secrets_record(str(folder), foreign_grafana, names)
        _private_files.write(folder / _secrets.RECORD, record.encode())

    def _check(self, faults: list[str]) -> None:
        if faults:
            raise AnsibleActionFail(f"{' '.join(faults)} No host was touched.")
