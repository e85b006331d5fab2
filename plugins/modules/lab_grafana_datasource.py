#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: lab_grafana_datasource
short_description: Have a data source for the lab's Prometheus in a Grafana that exists
version_added: 1.0.0
author:
  - the monitor_lab contributors (@devsecops)
description:
  - >-
    Takes a data source that is there as it is, by its name or uid or because it has Prometheus's URL; else makes one,
    with a name that is free, and corrects that one later. What others made is not changed.
  - >-
    Grafana is asked whether it reaches Prometheus by it: from 9.0 by the data source's health, and before, or where
    that proves nothing, by a query through Grafana. Where it does not, the task fails and says what to do.
  - Secrets are sent where Grafana has no or other ones, which a digest among its settings tells.
extends_documentation_fragment:
  - devsecops.monitor_lab.grafana
options:
  grafana_url:
    description:
      - Where Grafana is served, with its sub-path where it has one.
    type: str
    required: true
  retries:
    description:
      - How many more times to ask, a second apart, while Grafana is not there yet or still starting.
    type: int
    default: 30
  datasource:
    description:
      - The data source, as P(devsecops.monitor_lab.grafana_datasource#filter) describes it, without its secrets.
      - >-
        What has its C(uid) is the lab's own, unless both have C(monitorLab) in C(jsonData), by which labs in one
        Grafana are told apart, and it differs.
    type: dict
    required: true
  secrets:
    description:
      - Its C(secureJsonData).
    type: dict
    default: {}
  existing:
    description:
      - >-
        The name or uid of a data source that is there and reaches Prometheus, to take as it is. An Editor's login
        suffices for it; all else takes an Admin's.
    type: str
    default: ""
  state:
    description:
      - V(present) has a data source that reaches Prometheus, V(absent) removes the lab's own.
    type: str
    choices: [present, absent]
    default: present
attributes:
  check_mode:
    description: Sends nothing but GET requests in check mode.
    support: full
  diff_mode:
    description: Shows what differs, without secrets.
    support: full
  idempotent:
    description: A data source that is as wanted is only read.
    support: full
"""

EXAMPLES = r"""
- name: Have a data source
  devsecops.monitor_lab.lab_grafana_datasource:
    grafana_url: https://grafana.example.org
    grafana_api_key: "{{ grafana_token }}"
    datasource:
      name: Prometheus
      uid: monitor-lab-prometheus
      type: prometheus
      access: proxy
      url: http://192.0.2.14:9090
      basicAuth: false
      jsonData:
        timeInterval: 5s
  register: found
"""

RETURN = r"""
uid:
  description: The data source's uid.
  returned: success
  type: str
  sample: monitor-lab-prometheus
name:
  description: Its name, empty where there was none to be removed.
  returned: success
  type: str
  sample: Prometheus (monitor_lab)
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._grafana.arguments import CONNECTION, REQUIRED_BY
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._grafana.client import GrafanaError, client_from
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._grafana.datasource import (
    Outcome,
    absent,
    present,
)

ARGUMENTS: dict[str, dict[str, Any]] = {
    **CONNECTION,
    "grafana_url": {"type": "str", "required": True},
    "retries": {"type": "int", "default": 30},
    "datasource": {"type": "dict", "required": True},
    "secrets": {"type": "dict", "default": {}, "no_log": True},
    "existing": {"type": "str", "default": ""},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
}


def outcome(params: dict[str, Any], check: bool) -> Outcome:
    """Have the data source, or not; with `check`, only say what would change."""
    grafana = client_from(params)
    grafana.wait_until_ready(params["retries"])
    if params["state"] == "absent":
        return absent(grafana, params["datasource"], check=check)
    return present(grafana, params["datasource"], params["secrets"], params["existing"], check=check)


def main() -> None:
    module = AnsibleModule(
        argument_spec=ARGUMENTS,
        required_one_of=[("grafana_api_key", "url_username")],
        required_by=REQUIRED_BY,
        supports_check_mode=True,
    )
    try:
        found = outcome(module.params, module.check_mode)
    except GrafanaError as error:
        module.fail_json(msg=str(error))
    module.exit_json(
        changed=found.changed,
        uid=found.uid,
        name=found.name,
        diff={"before": found.before, "after": found.after},
    )


if __name__ == "__main__":
    main()
