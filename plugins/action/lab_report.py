# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Makes a page about a run, an exercise or a stretch of time where its artefacts are; no host is asked."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Optional

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._lab.prometheus import PrometheusError
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._locust.arguments import REPORT
from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._load_reports import dashboard_at
from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._report import artifacts, page, times
from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._report.artifacts import ReportError
from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._report.chart import check_library
from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._report.prometheus import prometheus_from


class ActionModule(ActionBase):
    _supports_check_mode = True
    _requires_connection = False

    def run(self, tmp: Any = None, task_vars: Any = None) -> dict[str, Any]:
        result: dict[str, Any] = super().run(tmp, task_vars)
        options = self.validate_argument_spec(**REPORT)[1]
        folder = Path(self._loader.path_dwim(options["artifacts_dir"]))
        try:
            check_library()
            path, text = _of_time(options, folder) if options["from"] else _of_folder(options, folder)
            changed = _differs(path, text)
            if changed and not self._task.check_mode:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(text)
        except (ReportError, PrometheusError) as error:
            raise AnsibleActionFail(str(error)) from error
        except OSError as error:
            raise AnsibleActionFail(f"the report cannot be written: {error}") from error
        return {**result, "changed": changed, "report": str(path)}


def _of_folder(options: Mapping[str, Any], artifacts_dir: Path) -> tuple[Path, bytes]:
    folder = artifacts.find(options["run"] or "", artifacts_dir)
    if not (folder / artifacts.EXERCISE).is_file():
        return _of_run(options, artifacts_dir, artifacts.read_run(folder))
    if options["against"]:
        raise ReportError("against: an exercise is put beside nothing")
    exercise = artifacts.read_exercise(folder)
    runs, unreadable = artifacts.runs_between(folder, exercise.started, exercise.ended)
    dashboard = _dashboard(options, exercise.started, exercise.ended)
    text = page.page_of_exercise(exercise, runs, unreadable, prometheus_from(options), dashboard)
    return folder / page.NAME, page.as_file(text)


def _of_run(options: Mapping[str, Any], artifacts_dir: Path, run: artifacts.Run) -> tuple[Path, bytes]:
    against = None
    if options["against"]:
        against = artifacts.read_run(artifacts.find(options["against"], artifacts_dir))
        if against.folder.samefile(run.folder):
            raise ReportError(f"against: {run.name} is the run itself; without run, it is the last one")
    dashboard = _dashboard(options, run.started, run.ended)
    text = page.page_of_run(run, against, prometheus_from(options), dashboard)
    return run.folder / page.name_of(against), page.as_file(text)


def _of_time(options: Mapping[str, Any], artifacts_dir: Path) -> tuple[Path, bytes]:
    now = datetime.datetime.now(datetime.timezone.utc).timestamp()
    start, end = times.span(options["from"], options["to"] or "", now)
    runs, unreadable = artifacts.runs_between(artifacts_dir, start, end)
    dashboard = _dashboard(options, start, end)
    text = page.page_of_time(start, end, runs, unreadable, prometheus_from(options), dashboard)
    return artifacts_dir / f"lab_report_{times.compact(start)}_{times.compact(end)}.html", page.as_file(text)


def _dashboard(options: Mapping[str, Any], start: float, end: float) -> Optional[str]:
    return dashboard_at(options["dashboard_url"], start, end) if options["dashboard_url"] else None


def _differs(path: Path, text: bytes) -> bool:
    return not path.exists() or path.read_bytes() != text
