#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: locust_run
short_description: Run a load test with Locust and judge it
version_added: 1.0.0
author:
  - the monitor_lab contributors (@devsecops)
description:
  - Starts a load run in a Locust that is up, or starts a Locust for it, shows its progress, ends it, judges it by
    thresholds and brings its figures and reports to the controller.
  - Locust is also given the time that remains, at every stage, so that it ends the run itself where the controller
    dies.
  - Ctrl-C and SIGTERM stop Locust before anything else.
  - C(locust --headless) has no web interface and so no metrics; O(mode=process) is its equal with metrics.
extends_documentation_fragment:
  - devsecops.monitor_lab.locust
  - devsecops.monitor_lab.grafana
  - devsecops.monitor_lab.prometheus
requirements:
  - matplotlib 3.6 or newer on the controller, for O(report)
attributes:
  action_group:
    support: full
    description: >-
      Defaults for the whole group can be set with C(group/devsecops.monitor_lab.locust), and those for reaching
      Grafana and Prometheus with C(group/devsecops.monitor_lab.grafana) and C(group/devsecops.monitor_lab.prometheus),
      in C(module_defaults).
    membership: [devsecops.monitor_lab.locust, devsecops.monitor_lab.grafana, devsecops.monitor_lab.prometheus]
  check_mode:
    support: full
    description: >-
      Checks all options, looks at Locust and says what would be run. Sends nothing that changes anything. With
      O(mode=process) a Locust is started, makes no load, and is ended again.
  diff_mode:
    support: none
    description: A run leaves no state behind that could differ.
  idempotent:
    support: none
    description: Every call is a run of its own.
  platform:
    support: full
    platforms: posix
    description: Runs on the controller and on POSIX hosts with Python 3.9 or newer.
seealso:
  - module: devsecops.monitor_lab.locust_run_info
  - module: devsecops.monitor_lab.lab_report
options:
  mode:
    description:
      - V(api) drives a Locust that is up.
      - V(process) starts one for the run, on the port of O(locust_url), and ends it afterwards. It is refused where
        something listens there already. Variables C(LOCUST_…) of the environment, C(locust.conf), C(~/.locust.conf) and
        C(pyproject.toml) are left out, so that nothing but the options of this module decides.
    type: str
    choices: [api, process]
    default: api
  locust_command:
    description:
      - The Locust to start with O(mode=process). Several words, such as V(uv run locust), are a command and its
        arguments.
    type: path
    default: locust
  locustfile:
    description:
      - The locustfile on the host, for O(mode=process), or several with commas between them.
    type: path
  chdir:
    description:
      - The directory on the host to start Locust in, for O(mode=process). O(locustfile) may be relative to it.
    type: path
  users:
    description:
      - How many users to run. Needed with O(run_time) where there are no O(stages) and the locustfile has no
        LoadTestShape, which decides on them itself.
      - Users who wait W seconds between requests that take R seconds make users / (W + R) requests per second together.
        For these Locust needs as many workers, a core each, as that rate divided by what one makes
        (C(./lab bench locustfile) measures it, and C(docs/figures.md) has a table), and half as many more, so that none
        is ever full.
    type: int
  spawn_rate:
    description:
      - How many users to start per second. Locust's own default of 1 where it is left out. One that does not start all
        of them within their time is refused.
    type: float
  run_time:
    description:
      - How long the run lasts, from its start, as V(90), V(90s), V(1m30s) or V(2h). For a LoadTestShape, which ends
        the run itself, the longest that it may take.
    type: str
  stages:
    description:
      - Stretches of one run, one after another, in place of O(users), O(spawn_rate) and O(run_time).
    type: list
    elements: dict
    suboptions:
      duration:
        description:
          - How long this stage lasts, with the time that it takes to reach its users.
        type: str
        required: true
      users:
        description:
          - How many users to have.
        type: int
        required: true
      spawn_rate:
        description:
          - How many users to start or stop per second.
        type: float
        default: 1
  host:
    description:
      - The base URL of what is tested. What Locust has itself where it is left out.
    type: str
  user_classes:
    description:
      - The user classes to run. Needs a Locust that was started with C(--class-picker), as O(mode=process) does.
    type: list
    elements: str
  tags:
    description:
      - Run only tasks with one of these tags. Locust reads them when it starts, so this needs O(mode=process).
    type: list
    elements: str
  locust_options:
    description:
      - More options of Locust by name. With O(mode=api) those that the locustfile adds to its web form; with
        O(mode=process) any of the command line's but those that other options of this module set, and those that would
        take the web interface, the start or the end from it.
      - Values are texts, numbers, V(true) and V(false), and lists of texts and numbers. V(null) leaves an option as
        Locust has it. What Locust would not take as it is, is refused before anything starts; its older versions take
        no lists, and up to 2.21 no booleans, over the web interface, and 2.15 does not tell the choices of an option.
    type: dict
  warmup:
    description:
      - How much of the run's beginning to leave out of the figures and of the verdict. Locust's statistics are reset
        at its end, or 3 s later where there are workers, which report that late.
    type: str
  reset_stats:
    description:
      - Reset the statistics once all users have been started, as C(--reset-stats) does.
    type: bool
    default: false
  expect_workers:
    description:
      - How many workers have to be connected before the run starts.
    type: int
    default: 0
  expect_workers_max_wait:
    description:
      - How long to wait for O(expect_workers).
    type: str
    default: 60s
  replace_workers_max_wait:
    description:
      - How long a run may go on with fewer workers than it had, or than O(expect_workers) wants, as on a cluster that
        replaces them. Without it the first worker that goes ends the run.
      - Those that quit, which Locust is told, are told apart from those that are lost, which are silent. Where
        O(expect_workers) is given, others may quit without being replaced.
      - The users of a lost one are given to the others when Locust has missed it, some 4 s later; a LoadTestShape keeps
        Locust from that for a minute, unless the master runs with C(--enable-rebalancing).
      - RV(cautions) say what went and came, for how long there were fewer workers and fewer users, and what became of
        the rate; C(samples.jsonl) has it of each moment.
    type: str
    default: 0s
  start_max_wait:
    description:
      - How long Locust may take to import its locustfile and answer, with O(mode=process), and to make load after it
        accepted a run, which a listener of C(test_start) puts off.
    type: str
    default: 60s
  stop_max_wait:
    description:
      - How long Locust may take to stop its users, and with O(mode=process) to end.
    type: str
    default: 30s
  force:
    description:
      - Stop a run that someone else started and that is going on, instead of failing.
    type: bool
    default: false
  thresholds:
    description:
      - What has to be true of the run, as texts such as V(p95 < 200), of a figure, a comparison (C(<), C(<=), C(>),
        C(>=) or C(==)) and a number.
      - Figures are V(p50), V(p66), V(p75), V(p80), V(p90), V(p95), V(p98), V(p99), V(p99.9), V(p99.99) (percentile of
        the response times, ms), V(avg) (mean response time, ms), V(min) (shortest response time, ms), V(max) (longest
        response time, ms), V(median) (median response time, ms), V(rps) (requests, per second), V(fail_per_sec)
        (failed requests, per second), V(fail_ratio) (failed requests, as a share of all from 0 to 1),
        V(num_requests) (requests), V(num_failures) (failed requests), V(num_exceptions) (exceptions that tasks
        raised), V(users) (most users seen at once), V(generator_cpu) (most that a generator was seen to use of a
        processor core, percent).
      - Another percentile, such as V(p97), can be named where the locustfile has Locust count it. One that Locust does
        not give is a breach.
      - C(generator_cpu) is known of workers and, with O(mode=process), of the run's own Locust.
      - C(num_exceptions == 0) and C(fail_ratio < 0.01) are held, too, each unless a threshold of the whole run names
        its figure. A run in which no request at all succeeded never passes; where failures are what is wanted, let
        the locustfile say so with C(catch_response).
      - They are taken from the whole run. Locust counts response times rounded to two digits.
      - In place of a text, a dictionary with the text as C(threshold) and any of the following keys.
      - C(name), and C(method) where several methods share it, name an endpoint as Locust's statistics do. In place of
        C(name), C(name_pattern) is a regular expression that whole names match, each of which is held to it. An
        endpoint that never appears is a breach.
      - C(for), a time such as V(10s), makes it a breach only when Locust's current figure is beyond the limit for
        that long.
      - C(abort), V(true), ends the run as soon as it is breached.
      - C(for) and C(abort) work with V(p50), V(p95), V(rps), V(fail_per_sec), V(fail_ratio), V(users) and
        V(generator_cpu) of the whole, and with V(rps), V(fail_per_sec) and V(fail_ratio) of endpoints, which is what
        Locust gives as current figures. What has to be at least so high is looked at from 12 s after all users run.
        One that could never be looked at is a breach.
    type: list
    elements: raw
    default: []
  baseline:
    description:
      - A C(summary.json) of an earlier run, on the controller, to compare with. Where there is none yet, this run is
        not compared.
    type: path
  baseline_regression:
    description:
      - By how much each overall figure may be worse than that of O(baseline), as a percentage such as V(10%).
    type: dict
  artifacts_dir:
    description:
      - A directory on the controller. Each run makes one of its own below it, by the name of its RV(run_id).
    type: path
    default: artifacts
  artifacts_url:
    description:
      - Where people find on the web what is in O(artifacts_dir), such as the files of a pipeline's job. The page of
        O(report) is then linked to in the mark of O(lab), so that the lab's dashboard leads to it, and in the
        annotation of O(grafana_url).
    type: str
  lab:
    description:
      - The lab's name in the mark that the run leaves in a Locust with the lab's plugin C(run_mark.py), which tells the
        exporter, and so Prometheus, which run this is, its thresholds and its verdict; and in the annotation of
        O(grafana_url).
    type: str
    default: ""
  progress:
    description:
      - Whether to write a line to standard error every few seconds that tells how the run is getting on.
    type: bool
    default: true
  report:
    description:
      - Whether to leave a page with all that is known of the run, its graphs and the alerts meanwhile among the
        artifacts, C(lab_report.html). M(devsecops.monitor_lab.lab_report) makes it later, and puts two runs side by
        side.
    type: bool
    default: false
  grafana_url:
    description:
      - A Grafana, as seen from the controller, to get an annotation over the time of the run. Its tags are
        C(locust_run), the verdict, and C(lab:) with O(lab) behind it. One that cannot be reached is a warning.
    type: str
  grafana_dashboard_uid:
    description:
      - The dashboard to annotate and to link to. Without it the annotation is the whole organisation's.
    type: str
"""

EXAMPLES = r"""
- name: Run fifty users for a minute and judge the answers
  devsecops.monitor_lab.locust_run:
    users: 50
    spawn_rate: 10
    run_time: 60s
    host: http://127.0.0.1:30500
    thresholds:
      - p95 < 500
      - fail_ratio < 0.01
      - threshold: p99 < 800
        method: POST
        name: /tokenize
      - threshold: fail_ratio < 0.2
        abort: true

- name: Climb in three stages, and be no more than a tenth slower than last time
  devsecops.monitor_lab.locust_run:
    stages:
      - {duration: 30s, users: 10, spawn_rate: 10}
      - {duration: 1m, users: 100, spawn_rate: 10}
      - {duration: 30s, users: 10, spawn_rate: 50}
    warmup: 10s
    baseline: artifacts/last-release/summary.json
    baseline_regression:
      p95: 10%
"""

RETURN = r"""
run_id:
  description: The run's name, which is also that of its directory below O(artifacts_dir).
  returned: after a run
  type: str
  sample: 20261123T055147Z-4c62
verdict:
  description:
    - V(passed) where what was asked for happened, and every threshold held.
    - V(failed) where it happened, and a threshold was breached, no request succeeded, or a Locust of the run's own
      ended with an exit code that the locustfile decided on.
    - V(incomplete) where it did not happen as asked, whatever the thresholds say. RV(reasons) tells why, such as users
      that never all ran, a worker that was lost or quit, a restart, an early end, or someone else's start, stop, reset
      or change. A run that could not be started is incomplete, too, and has nothing else of what is returned here but
      RV(reasons).
  returned: after a run
  type: str
  sample: passed
reasons:
  description: What went wrong, and every threshold that was breached, a sentence each.
  returned: after a run
  type: list
  elements: str
  sample: ["p95 < 0.001 breached, p95 is 18"]
cautions:
  description: What does not change the verdict, but what its figures mean, such as a generator that was out of CPU.
  returned: after a run
  type: list
  elements: str
  sample: []
aborted:
  description: Whether a threshold with C(abort) ended the run early.
  returned: after a run
  type: bool
  sample: false
started:
  description: When Locust was asked to start.
  returned: after a run
  type: str
  sample: "2026-11-23T05:51:47.952Z"
ended:
  description: When the run ended.
  returned: after a run
  type: str
  sample: "2026-11-23T05:51:59.952Z"
locust_version:
  description: The version of Locust.
  returned: after a run
  type: str
  sample: 2.47.0
workers:
  description: How many workers were connected when the run began. None where Locust is not a master.
  returned: after a run
  type: int
  sample: 2
exit_code:
  description: What the run's own Locust ended with. None where it was not started for the run.
  returned: after a run
  type: int
  sample: 0
shape:
  description: Whether a LoadTestShape decided on the users.
  returned: after a run
  type: bool
  sample: false
settings:
  description: Those of the module's options that say what was run.
  returned: after a run
  type: dict
  sample: {"host": "http://127.0.0.1:18001", "mode": "api", "run_time": "12s", "spawn_rate": 5.0, "users": 5}
compared:
  description: Whether there was a O(baseline) to compare with.
  returned: after a run
  type: bool
  sample: false
thresholds:
  description:
    - What became of each threshold, then of V(num_exceptions == 0) and V(fail_ratio < 0.01) where they are held, and
      after them of each figure of O(baseline_regression).
    - A threshold that names an endpoint without a method is there once for each method of that name.
  returned: after a run
  type: list
  elements: dict
  sample:
    - {"threshold": "p95 < 200", "name": "/a", "method": "GET", "measured": 18.0, "passed": true,
       "message": "p95 is 18"}
    - {"threshold": "num_exceptions == 0", "name": "", "method": "", "measured": 0, "passed": true,
       "message": "num_exceptions is 0"}
  contains:
    threshold:
      description: What had to be true.
      type: str
    name:
      description: The endpoint's name; empty for the whole run.
      type: str
    method:
      description: The endpoint's method; empty for the whole run.
      type: str
    measured:
      description: What was measured; none where there is no such figure.
      type: float
    passed:
      description: Whether it held.
      type: bool
    message:
      description: The same in words.
      type: str
stats:
  description:
    - The figures of the whole run. Response times are in milliseconds, C(rps) and C(fail_per_sec) per second.
    - Where Locust could not be asked at the end, C(overall) has only what was known last.
  returned: after a run
  type: dict
  contains:
    overall:
      description: Those of all endpoints together, and C(num_exceptions).
      type: dict
      sample: {"name": "Aggregated", "method": "", "num_requests": 525, "num_failures": 0, "fail_ratio": 0.0,
        "rps": 43.93512028114524, "fail_per_sec": 0.0, "avg": 13.416525887618523, "min": 10.809540999844103,
        "max": 23.504394999918077, "median": 13.0, "avg_content_length": 2.0, "p50": 13.0, "p66": 14.0, "p75": 14.0,
        "p80": 15.0, "p90": 16.0, "p95": 18.0, "p98": 20.0, "p99": 21.0, "p99.9": 24.0, "p99.99": 24.0,
        "num_exceptions": 0}
    endpoints:
      description: Those of each endpoint, with the same keys.
      type: list
      elements: dict
errors:
  description: Each kind of failure, and how often it occurred.
  returned: after a run
  type: list
  elements: dict
  sample:
    - {"method": "GET", "name": "/a", "error": "HTTPError('500 Server Error: Internal Server Error for url: /a')",
       "occurrences": 12}
exceptions:
  description: Each kind of exception that a task raised, with its traceback, and how often it occurred.
  returned: after a run
  type: list
  elements: dict
  sample: []
artifacts:
  description:
    - The run's directory on the controller.
    - C(summary.json) holds what is returned here, but for RV(artifacts), RV(report), RV(dashboard_url) and C(msg). Its
      C(summary_version) is counted up when a key goes or changes its meaning; keys may be added without that.
    - C(report.html) is Locust's own report; C(locust_stats.csv), C(locust_failures.csv) and C(locust_exceptions.csv)
      are its tables.
    - C(junit.xml) has a test case for the run as such and one for each threshold.
    - C(samples.jsonl) has a line for each time that Locust was asked during the run, about every 2 s, with its
      C(time) in seconds since the epoch, the C(elapsed) seconds, the C(stage), counted from 0, whether it is
      C(counted) by the verdict, whether the figures are C(steady), which is to say of nothing but all users running,
      and the current figures as M(devsecops.monitor_lab.locust_run_info) returns them; of C(endpoints) those that a
      threshold with C(for) or C(abort) is about; with workers how many there should be, C(workers_wanted), and how many
      C(workers_lost), C(workers_quit) and C(workers_came) since the beginning.
    - C(locust.log) is what Locust wrote, with O(mode=process).
    - C(lab_report.html) is the page of O(report).
  returned: after a run
  type: str
  sample: /home/me/lab/artifacts/20261123T055147Z-4c62
report:
  description: The page of the run, on the controller; none without O(report).
  returned: after a run
  type: str
  sample: /home/me/lab/artifacts/20261123T055147Z-4c62/lab_report.html
dashboard_url:
  description: O(grafana_dashboard_uid) at the time of the run; none without it.
  returned: after a run
  type: str
  sample: http://127.0.0.1:3000/d/monitor-lab-locust?from=1795413102952&to=1795413124952
msg:
  description: The verdict in one line that names every breach. In check mode, what would be run.
  returned: always
  type: str
  sample: "Load run 20261123T055147Z-4c62 failed: p95 < 0.001 breached, p95 is 18"
"""

import time

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._locust.arguments import ARGUMENTS
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._locust.plan import BadOptionError
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._locust.steps import carry_out
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._locust.transport import LocustError, secrets_in


def main() -> None:
    # The action plugin of this name makes the run out of steps; this carries out one, which no task has an option for.
    module = AnsibleModule(argument_spec=ARGUMENTS, supports_check_mode=True)
    module.no_log_values.update(secrets_in(module.params["locust_url"]))
    try:
        module.exit_json(**carry_out(module.params, module.params["_step"], time))
    except BadOptionError as error:
        module.fail_json(msg=str(error), bad_option=True)
    except LocustError as error:
        module.fail_json(msg=str(error))


if __name__ == "__main__":
    main()
