#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: lab_registry_info
short_description: Tells whether a registry of container images answers
version_added: 0.1.0
author:
  - the monitor_lab contributors (@devsecops)
description:
  - Asks a registry for its API over TLS, without an image and without an engine, so that it works on a bare host.
  - Unlike M(ansible.builtin.uri) it takes the proxy as an argument, so that a password in it is in no process list.
options:
  registry:
    description: Host of the registry, with its port where that is not 443.
    type: str
    required: true
  proxy:
    description: URL of the HTTP proxy; the one of the environment where it is empty. A password in it is not shown.
    type: str
    default: ""
  no_proxy:
    description: Hosts that are reached without O(proxy), separated by commas.
    type: str
    default: ""
  ca_certificate:
    description: Certificate (PEM) of an authority to trust beyond those that the system trusts.
    type: str
    default: ""
  timeout:
    description: Seconds that each step of the connection may take.
    type: float
    default: 2
extends_documentation_fragment:
  - devsecops.monitor_lab.reads
"""

EXAMPLES = r"""
- name: Ask whether the registry answers
  devsecops.monitor_lab.lab_registry_info:
    registry: registry.example.org:5000
    ca_certificate: "{{ lookup('ansible.builtin.file', 'authority.crt') }}"
  register: asked

- name: Say why it does not
  ansible.builtin.debug:
    var: asked.reason
  when: not asked.answers
"""

RETURN = r"""
answers:
  description: Whether it answers.
  type: bool
  returned: always
  sample: false
reason:
  description: Why it does not; empty where it does.
  type: str
  returned: always
  sample: "[Errno 111] Connection refused"
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._lab.registry import why_silent


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "registry": {"type": "str", "required": True},
            "proxy": {"type": "str", "default": "", "no_log": True},
            "no_proxy": {"type": "str", "default": ""},
            "ca_certificate": {"type": "str", "default": ""},
            "timeout": {"type": "float", "default": 2},
        },
        supports_check_mode=True,
    )
    try:
        reason = why_silent(**module.params)
    except ValueError as error:
        module.fail_json(msg=str(error))
    module.exit_json(changed=False, answers=not reason, reason=reason)


if __name__ == "__main__":
    main()
