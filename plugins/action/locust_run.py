# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Runs a load test out of short module calls, so that it can show progress, be interrupted and leave artefacts here."""

from __future__ import annotations

import json
import secrets
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any, Optional

from ansible.errors import AnsibleActionFail, AnsibleConnectionFailure
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._grafana.arguments import REQUIRED_BY
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._grafana.client import (
    GrafanaError,
    check_address,
    client_from,
)
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._lab.prometheus import PrometheusError
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._locust.arguments import ARGUMENTS
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._locust.plan import BadOptionError, Plan, plan_from
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._locust.steps import carry_out
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._locust.thresholds import (
    Threshold,
    parse_regression,
    parse_thresholds,
    with_defaults,
)
from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._load_reports import (
    annotation_tags,
    annotation_text,
    dashboard_url,
    line,
    problem_of,
    progress,
    report_url,
    summary,
    write,
)
from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._load_run import (
    Baseline,
    LoadRun,
    Outcome,
    StepFailedError,
)
from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._report import artifacts, page
from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._report.artifacts import ReportError
from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._report.chart import check_library
from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._report.prometheus import (
    Prometheus,
    prometheus_from,
)

display = Display()


class ActionModule(ActionBase):
    _supports_check_mode = True
    _requires_connection = True

    def run(self, tmp: Any = None, task_vars: Any = None) -> dict[str, Any]:
        result: dict[str, Any] = super().run(tmp, task_vars)
        options = self.validate_argument_spec(ARGUMENTS, required_by=REQUIRED_BY)[1]
        try:
            plan = plan_from(options)
            thresholds = parse_thresholds(options["thresholds"], plan.run_time - plan.warmup)
            baseline = self._baseline(options)
            prometheus = _prometheus(options)
            run_id = time.strftime("%Y%m%dT%H%M%SZ-", time.gmtime()) + secrets.token_hex(2)
            report_at = _report_url(options, run_id)
            if self._task.check_mode:
                return {**result, **self._checked(run_id, plan, thresholds, task_vars)}
            directory = self._directory(options["artifacts_dir"], run_id)
        except BadOptionError as error:
            raise AnsibleActionFail(str(error)) from error

        def call(name: str, **arguments: Any) -> dict[str, Any]:
            return self._step({"name": name, "run_id": run_id, **arguments}, task_vars)

        def tell(sample: Mapping[str, Any]) -> None:
            if options["progress"]:
                display.display(f"{task_vars['inventory_hostname']}: {progress(sample, plan.run_time)}", stderr=True)

        def interrupt() -> None:
            step = {"name": "stop", "run_id": run_id, "state": run.state.as_dict()}
            if self._connection.transport == "local" and self._connection.become is None:
                # Without the time that a module call takes.
                carry_out(options, step, time)
            else:
                self._step(step, task_vars)
            directory.rmdir()

        launches = options["mode"] == "process"
        run = LoadRun(plan, thresholds, call, tell, time, launches, run_id, options.get("lab") or "", report_at)
        try:
            with _stopping_on_signals(interrupt):
                outcome = run.carry_out(baseline)
        except StepFailedError as failure:
            directory.rmdir()
            if failure.bad_option:
                raise AnsibleActionFail(str(failure)) from failure
            # Whatever was asked for did not happen.
            return {**result, "failed": True, "verdict": "incomplete", "reasons": [str(failure)], "msg": str(failure)}
        made = summary(run_id, outcome, options, baseline)
        for caution in outcome.cautions:
            display.warning(caution)
        text = line(run_id, outcome)
        failed = outcome.verdict != "passed"
        shown_at = _dashboard(options, outcome)
        report = directory / page.NAME if options["report"] else None
        try:
            write(directory, made, outcome)
            if report is not None:
                made_page = page.page_of_run(artifacts.read_run(directory), None, prometheus, shown_at)
                report.write_bytes(page.as_file(made_page))
        except OSError as error:
            failed = True
            report, report_at = None, ""
            text += f"; artifacts_dir: not all artefacts could be written: {error}"
        self._annotate(options, outcome, annotation_text(text, report_at))
        result.update(
            made,
            msg=text,
            artifacts=str(directory),
            report=None if report is None else str(report),
            dashboard_url=shown_at,
            changed=True,
            failed=failed,
        )
        return result

    def _step(self, step: Mapping[str, Any], task_vars: Any) -> dict[str, Any]:
        try:
            answer: dict[str, Any] = self._execute_module(
                module_name="devsecops.monitor_lab.locust_run",
                module_args={**self._task.args, "_step": step},
                task_vars=task_vars,
                ignore_unknown_opts=True,
            )
        except AnsibleConnectionFailure as failure:
            raise StepFailedError(str(failure)) from failure
        if answer.get("failed"):
            raise StepFailedError(problem_of(answer), bad_option=answer.get("bad_option", False))
        return answer

    def _annotate(self, options: Mapping[str, Any], outcome: Outcome, text: str) -> None:
        """Annotate the run's time in Grafana."""
        if options["grafana_url"] is None:
            return
        uid = options["grafana_dashboard_uid"]
        try:
            tags = annotation_tags(outcome.verdict, options["lab"] or "")
            client_from(options).annotate(uid, outcome.started, outcome.ended, text, tags)
        except GrafanaError as error:
            display.warning(f"The run is not annotated in Grafana: {error}")

    def _checked(self, run_id: str, plan: Plan, thresholds: list[Threshold], task_vars: Any) -> dict[str, Any]:
        """Say what would be run, after a look at Locust, which need not be there yet."""
        try:
            self._step({"name": "check", "run_id": run_id}, task_vars)
        except StepFailedError as failure:
            if failure.bad_option:
                raise AnsibleActionFail(str(failure)) from failure
            display.warning(str(failure))
        stages = ", then ".join(
            f"{stage.users} users at {stage.spawn_rate:g}/s for {stage.duration} s" for stage in plan.stages
        )
        stages = stages or f"what the LoadTestShape says, for at most {plan.run_time} s"
        held = ", ".join(f"{threshold.endpoint} {threshold}".strip() for threshold in with_defaults(thresholds))
        return {"changed": True, "msg": f"Would run {stages}; {held}"}

    def _baseline(self, options: Mapping[str, Any]) -> Optional[Baseline]:
        """Return the earlier run to compare with; None where there is none yet."""
        allowed = parse_regression(options["baseline_regression"] or {})
        if options["baseline"] is None:
            if allowed:
                raise BadOptionError("baseline_regression", "needs baseline, the summary.json of an earlier run")
            return None
        if not allowed:
            raise BadOptionError("baseline", "needs baseline_regression, the figures that it is compared by")
        path = Path(self._loader.path_dwim(options["baseline"]))
        if not path.exists():
            display.display(f"No baseline at {path} yet: this run is not compared", stderr=True)
            return None
        try:
            return Baseline(json.loads(path.read_text(encoding="utf-8"))["stats"]["overall"], allowed)
        except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
            raise BadOptionError("baseline", f"{path} is not a summary.json of this module: {error}") from error

    def _directory(self, artifacts_dir: str, run_id: str) -> Path:
        """Make the run's own directory; it is there, and can be written to, before the run begins."""
        directory = Path(self._loader.path_dwim(artifacts_dir)) / run_id
        try:
            directory.mkdir(parents=True)
        except OSError as error:
            raise BadOptionError("artifacts_dir", f"{directory} cannot be made: {error.strerror}") from error
        return directory


def _dashboard(options: Mapping[str, Any], outcome: Outcome) -> Optional[str]:
    """Return the dashboard's address at the time of the run."""
    url, uid = options["grafana_url"], options["grafana_dashboard_uid"]
    return None if url is None or uid is None else dashboard_url(url, uid, outcome.started, outcome.ended)


def _report_url(options: Mapping[str, Any], run_id: str) -> str:
    """Return where people will find the run's page, empty where none is made or nobody said where."""
    url = options["artifacts_url"]
    if url is None:
        return ""
    try:
        check_address(url, "it")
    except GrafanaError as error:
        raise BadOptionError("artifacts_url", str(error)) from error
    return report_url(url, run_id, page.NAME) if options["report"] else ""


def _prometheus(options: Mapping[str, Any]) -> Optional[Prometheus]:
    """Return whom the report is asked of, where one is wanted and can be made."""
    if not options["report"]:
        return None
    try:
        check_library()
        return prometheus_from(options)
    except (ReportError, PrometheusError) as error:
        raise BadOptionError("report", str(error)) from error


@contextmanager
def _stopping_on_signals(stop: Callable[[], Any]) -> Iterator[None]:
    """Stop Locust first of all when Ansible ends this process, which it does without running any `finally`."""
    before: dict[int, Any] = {}

    def handle(number: int, frame: Optional[FrameType]) -> None:
        # The second signal follows half a second later, and must not end the stop request.
        for each in before:
            signal.signal(each, signal.SIG_IGN)
        try:
            stop()
        finally:
            signal.signal(number, before[number])
            before[number](number, frame)

    for each in (signal.SIGINT, signal.SIGTERM):
        before[each] = signal.signal(each, handle)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
