#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: lab_alerts_info
short_description: Tells which alerts of Prometheus fired, and when
version_added: 1.0.0
author:
  - the monitor_lab contributors (@devsecops)
description:
  - Asks Prometheus what it remembers of its alerts since a moment, and waits until one of them has fired and ended.
  - All times but RV(time) are in seconds since O(since), by the clock of Prometheus.
options:
  url:
    description: Prometheus, as seen from the host that the task runs on.
    type: str
    required: true
  url_username:
    description: Who asks, where a login is wanted.
    type: str
  url_password:
    description: The password for that.
    type: str
  ca_path:
    description: File on that host with the authority (PEM) that Prometheus's certificate is of.
    type: path
  since:
    description: The moment, which is RV(time) of an earlier task. Without it there is no other answer than RV(time).
    type: float
  alert:
    description: The alert that is waited for. Without one, four evaluations of the rules are.
    type: str
    default: ""
  labels:
    description: Labels that it has, where others of its name are not meant.
    type: dict
    default: {}
  patience:
    description: Seconds to wait for its end.
    type: int
    default: 180
  timeout:
    description: Seconds that each question may take.
    type: int
    default: 10
extends_documentation_fragment:
  - devsecops.monitor_lab.reads
"""

EXAMPLES = r"""
- name: Know what time it is
  devsecops.monitor_lab.lab_alerts_info:
    url: http://127.0.0.1:9090
  register: begun

- name: Stop a part of the lab
  ansible.builtin.command: docker stop monitor-lab-node-exporter
  changed_when: true

- name: See that it is noticed
  devsecops.monitor_lab.lab_alerts_info:
    url: http://127.0.0.1:9090
    since: "{{ begun.time }}"
    alert: ServiceDown
    patience: 60
  register: seen
  failed_when: seen.fired | length == 0
"""

RETURN = r"""
time:
  description: Unix time by the clock of Prometheus, at the beginning.
  type: float
  returned: always
  sample: 1796037594.991
called:
  description: When the task began.
  type: float
  returned: with O(since)
  sample: 259.688
now:
  description: When Prometheus was asked last.
  type: float
  returned: with O(since)
  sample: 259.888
interval:
  description: How often Prometheus works out alerts, that of the group that it does most often.
  type: float
  returned: with O(since)
  sample: 5.0
settles:
  description: Seconds from a condition to its alert, at most.
  type: float
  returned: with O(since)
  sample: 30.0
fired:
  description:
    - All alerts that began to fire since then, of whichever name, each as often as it did; in their order.
    - C(end) is none where it still fires.
  type: list
  elements: dict
  returned: with O(since)
  sample:
    - {"alert": "SlowClients", "labels": {"class": "security", "instance": "127.0.0.1:30500", "job": "tokenization",
       "severity": "warning", "state": "receiving"}, "start": 25.0, "end": 44.0}
    - {"alert": "TrafficSpike", "labels": {"class": "security", "severity": "warning"}, "start": 97.0, "end": 171.0}
    - {"alert": "CredentialMissing", "labels": {"class": "security", "instance": "127.0.0.1:30500",
       "route": "/detokenize", "severity": "warning"}, "start": 185.0, "end": null}
rule:
  description:
    - Of O(alert), its C(for), how long it may then take, C(allowed), which is four evaluations, from when on its
      condition held for so long, C(held), and until when it has to fire, C(due).
    - The last two are none where it did not hold. All is none where there is no such rule.
  type: dict
  returned: with O(since)
  sample: {"for": 10.0, "allowed": 20.0, "held": 10.0, "due": 40.0}
"""

import time

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._lab.alerts import now, watch
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._lab.prometheus import PrometheusError, asker


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "url": {"type": "str", "required": True},
            "url_username": {"type": "str"},
            "url_password": {"type": "str", "no_log": True},
            "ca_path": {"type": "path"},
            "since": {"type": "float"},
            "alert": {"type": "str", "default": ""},
            "labels": {"type": "dict", "default": {}},
            "patience": {"type": "int", "default": 180},
            "timeout": {"type": "int", "default": 10},
        },
        supports_check_mode=True,
    )
    given = module.params
    ask = asker(given["url"], given["url_username"], given["url_password"], given["ca_path"], given["timeout"])
    try:
        answer = {"time": now(ask)}
        if given["since"] is not None:
            answer.update(watch(ask, time, given["since"], given["alert"], given["labels"], given["patience"]))
    except PrometheusError as error:
        module.fail_json(msg=str(error))
    module.exit_json(changed=False, **answer)


if __name__ == "__main__":
    main()
