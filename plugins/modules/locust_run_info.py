#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: locust_run_info
short_description: Tell what a Locust is doing
version_added: 1.0.0
author:
  - the monitor_lab contributors (@devsecops)
description:
  - Reads Locust's state, its workers and its current figures over its web interface. Changes nothing.
extends_documentation_fragment:
  - devsecops.monitor_lab.locust
  - devsecops.monitor_lab.reads
attributes:
  platform:
    support: full
    platforms: posix
    description: Runs on POSIX hosts with Python 3.9 or newer.
seealso:
  - module: devsecops.monitor_lab.locust_run
"""

EXAMPLES = r"""
- name: Look at Locust
  devsecops.monitor_lab.locust_run_info:
  register: locust

- name: Leave a run that is going on alone
  ansible.builtin.assert:
    that: locust.state not in ['spawning', 'running']
"""

RETURN = r"""
state:
  description: Locust's state, such as V(ready), V(spawning), V(running), V(stopping) or V(stopped).
  returned: success
  type: str
  sample: running
version:
  description: Locust's version.
  returned: success
  type: str
  sample: 2.47.0
user_classes:
  description: The user classes that a run can choose from. None where Locust was started without C(--class-picker).
  returned: success
  type: list
  elements: str
  sample: [Buyer, Idler]
shape:
  description: Whether there is a C(LoadTestShape). None where Locust up to 2.21 does not tell.
  returned: success
  type: bool
  sample: false
shape_classes:
  description: Those that a run can choose from. None where Locust was started without C(--class-picker).
  returned: success
  type: list
  elements: str
  sample: []
host:
  description: The base URL of what is tested. None where the user classes have none, or different ones.
  returned: success
  type: str
  sample: http://127.0.0.1:30500
options:
  description:
    - The options that the locustfile adds, by name, each with the C(type) of its value (V(str), V(number), V(bool),
      V(list), or V(none) where it has none), whether it is C(settable) at the start of a run, and its C(choices).
    - None where Locust does not tell them.
  returned: success
  type: dict
  sample: {"region": {"type": "str", "settable": true, "choices": ["eu", "us"]}}
users:
  description: How many users are running.
  returned: success
  type: int
  sample: 5
workers:
  description: How many workers are connected. None where Locust is not a master.
  returned: success
  type: int
  sample: 2
generator_cpu:
  description: The share of a processor that the busiest worker uses, in percent. None where Locust does not tell.
  returned: success
  type: float
  sample: 12.5
rps:
  description: Requests per second, over the last 10 s.
  returned: success
  type: float
  sample: 39.3
fail_per_sec:
  description: Failed requests per second, over the last 10 s.
  returned: success
  type: float
  sample: 0.0
fail_ratio:
  description: Which share of all requests has failed, from 0 to 1.
  returned: success
  type: float
  sample: 0.0
p50:
  description: Median response time in milliseconds, over the last 10 s. None where there was no request.
  returned: success
  type: float
  sample: 13.0
p95:
  description: 95th percentile of response times in milliseconds, over the last 10 s. None where there was no request.
  returned: success
  type: float
  sample: 17.0
num_requests:
  description: How many requests have been made since the run's start.
  returned: success
  type: int
  sample: 262
num_failures:
  description: How many of them failed.
  returned: success
  type: int
  sample: 0
endpoints:
  description:
    - The current figures of each endpoint, of at most 500, with C(method), C(name), C(rps), C(fail_per_sec),
      C(num_requests), C(num_failures) and C(fail_ratio).
  returned: success
  type: list
  elements: dict
  sample:
    - {"method": "GET", "name": "/a", "rps": 39.3, "fail_per_sec": 0.0, "num_requests": 262, "num_failures": 0,
       "fail_ratio": 0.0}
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._locust.arguments import CONNECTION, client_from
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._locust.forward import forwarded
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._locust.look import look
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._locust.plan import BadOptionError
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._locust.transport import LocustError, secrets_in


def main() -> None:
    module = AnsibleModule(argument_spec=CONNECTION, supports_check_mode=True)
    module.no_log_values.update(secrets_in(module.params["locust_url"]))
    try:
        with forwarded(module.params) as port:
            seen = look(client_from(module.params, port=port))
        module.exit_json(changed=False, **seen)
    except (BadOptionError, LocustError) as error:
        module.fail_json(msg=str(error))


if __name__ == "__main__":
    main()
