#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: lab_report
short_description: Make a page about a load run, an exercise or a stretch of time
version_added: 1.0.0
author:
  - the monitor_lab contributors (@devsecops)
description:
  - Makes one page of HTML out of what M(devsecops.monitor_lab.locust_run) left and what Prometheus knows. It tells the
    verdict, thresholds, endpoints, failures, exceptions and alerts, and shows graphs of the load, its generators and
    the service.
  - Of an exercise of the playbook C(devsecops.monitor_lab.exercise) it has the table, the alerts, the runs and the
    graphs of its time.
  - The page asks for nothing else, so that it can be read offline, as an artifact of a pipeline, on a phone and
    printed. It has no script, and is smaller than 2 MB whatever it is about.
  - Of two runs it says what became slower or worse, by how much, and whether that is more than the noise of the two.
    Each is cut into windows of at least 12 s that do not overlap, in which all users ran. Their means are compared by
    Welch's interval, which is made wider where several figures are compared (Bonferroni) and by what Locust rounds. How
    endpoints differ can be told by what Prometheus knows alone. It takes three windows of each run.
extends_documentation_fragment:
  - devsecops.monitor_lab.prometheus
requirements:
  - matplotlib 3.6 or newer, on the controller
options:
  run:
    description:
      - The load run or the exercise, by its id, or with a slash in it by the path of its folder, from the directory
        that Ansible was started in. The last run of O(artifacts_dir) where neither this nor O(from) is given.
    type: str
  against:
    description: An earlier run to put beside the run, likewise.
    type: str
  from:
    description:
      - The beginning of a stretch of time, in place of a run, as V(2026-11-30T09:00), which is UTC where it names no
        zone, or as V(2h) for two hours ago.
    type: str
  to:
    description: Its end, likewise; now where it is left out.
    type: str
  artifacts_dir:
    description:
      - The directory on the controller below which runs and exercises leave their artifacts. The page of either is in
        its folder, that of a stretch of time in this directory.
    type: path
    default: artifacts
  dashboard_url:
    description: The address of a dashboard in Grafana, C(https://HOST/d/UID), to link to at the time of the page.
    type: str
notes:
  - Runs on the controller and does not connect to the host.
attributes:
  action_group:
    support: full
    description: >-
      Defaults for the whole group can be set with C(group/devsecops.monitor_lab.prometheus) in C(module_defaults).
    membership: [devsecops.monitor_lab.prometheus]
  check_mode:
    support: full
    description: Makes the page, and does not write it.
  diff_mode:
    support: none
    description: Nobody reads the difference of two pages.
  idempotent:
    support: full
    description: A page is written anew where it would differ.
seealso:
  - module: devsecops.monitor_lab.locust_run
"""

EXAMPLES = r"""
- name: Make the page of the last run
  devsecops.monitor_lab.lab_report:
    prometheus_url: http://127.0.0.1:9090

- name: Say what became slower since another run
  devsecops.monitor_lab.lab_report:
    run: 20261123T055147Z-4c62
    against: 20261122T160311Z-0b9e
    prometheus_url: http://127.0.0.1:9090

- name: Make the page of an exercise
  devsecops.monitor_lab.lab_report:
    run: exercise-20261123T060204Z
    prometheus_url: http://127.0.0.1:9090

- name: Make a page of this morning
  devsecops.monitor_lab.lab_report:
    from: 2026-11-30T06:00
    to: 2026-11-30T12:00
    prometheus_url: http://127.0.0.1:9090
"""

RETURN = r"""
report:
  description: The page's file on the controller.
  returned: success
  type: str
  sample: /home/me/lab/artifacts/20261123T055147Z-4c62/lab_report.html
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._locust.arguments import REPORT


def main() -> None:
    # The action plugin of this name does all; this is its documentation.
    AnsibleModule(**REPORT, supports_check_mode=True).fail_json(msg="This runs on the controller only.")


if __name__ == "__main__":
    main()
