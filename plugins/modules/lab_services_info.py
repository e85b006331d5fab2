#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: lab_services_info
short_description: Asks services whether they answer
version_added: 1.0.0
author:
  - the monitor_lab contributors (@devsecops)
description:
  - Asks all of them at once, over HTTP, from the host on which it runs. No redirect is followed.
options:
  services:
    description: The services.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Name of the service.
        type: str
        required: true
      url:
        description: What is asked.
        type: str
        required: true
      healthy:
        description: Regular expression, which the answer of a healthy service has.
        type: str
        default: ""
      use_proxy:
        description: Whether it is asked through the proxy that the environment names. The lab's own are not.
        type: bool
        default: false
      url_username:
        description: Who asks, where a login is wanted.
        type: str
      url_password:
        description: The password for that.
        type: str
      ca_path:
        description: File on that host with the authority (PEM) that the service's certificate is of.
        type: path
  timeout:
    description: Seconds that each may take to answer.
    type: int
    default: 5
extends_documentation_fragment:
  - devsecops.monitor_lab.reads
"""

EXAMPLES = r"""
- name: Ask Prometheus
  devsecops.monitor_lab.lab_services_info:
    services:
      - {name: prometheus, url: "http://127.0.0.1:9090/api/v1/status/buildinfo"}
  register: asked
"""

RETURN = r"""
answers:
  description: >-
    Each service's C(name) and C(url), the C(status) that it answered, 0 where there was no answer, whether it is
    C(up), which is healthy, and the C(version) that it said it has, empty where it said none.
  type: list
  elements: dict
  returned: always
  sample:
    - name: prometheus
      url: http://127.0.0.1:9090/api/v1/status/buildinfo
      status: 200
      up: true
      version: 2.42.0+ds
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._lab.services import ask


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "services": {
                "type": "list",
                "elements": "dict",
                "required": True,
                "options": {
                    "name": {"type": "str", "required": True},
                    "url": {"type": "str", "required": True},
                    "healthy": {"type": "str", "default": ""},
                    "use_proxy": {"type": "bool", "default": False},
                    "url_username": {"type": "str"},
                    "url_password": {"type": "str", "no_log": True},
                    "ca_path": {"type": "path"},
                },
            },
            "timeout": {"type": "int", "default": 5},
        },
        supports_check_mode=True,
    )
    module.exit_json(changed=False, answers=ask(module.params["services"], module.params["timeout"]))


if __name__ == "__main__":
    main()
