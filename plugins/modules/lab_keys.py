#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: lab_keys
short_description: Has the lab's passwords and certificates on the controller
version_added: 1.0.0
author:
  - the monitor_lab contributors (@devsecops)
description:
  - Makes the passwords and pairs of keys that are missing, a file each.
  - Makes, once, an authority of the lab's own, and a certificate of it for each host. The authority's key stays in that
    folder and goes nowhere.
  - A host's certificate is made anew where it ends within 30 days, is for other names or is not of that authority.
options:
  secrets_dir:
    description: Folder on the controller with the passwords.
    type: path
    required: true
  passwords:
    description: Names of the passwords' files. Each is of 64 hex digits.
    type: list
    elements: str
    default: []
  key_pairs:
    description:
      - Names of pairs of keys for CURVE, ZeroMQ's encryption, each of which is made as NAME.key and NAME.pub.
    type: list
    elements: str
    default: []
  tls_dir:
    description:
      - Folder on the controller with C(authority.crt) and C(authority.key), and a C(.crt) and C(.key) named after each
        host. Leave it out where the lab has no TLS.
    type: path
  names:
    description: The names and addresses at which each host is reached.
    type: dict
    default: {}
  given:
    description:
      - Whether somebody brought the certificates. Then none is made, C(authority.key) is not looked for, and what is
        wrong with them is told.
    type: bool
    default: false
  foreign_grafana:
    description: Whether Grafana is somebody else's, whose password is not the lab's to remove.
    type: bool
    default: false
notes:
  - Runs on the controller and does not connect to the host, once for all hosts.
attributes:
  check_mode:
    description: Says what it would make, and makes nothing.
    support: full
  diff_mode:
    description: Keys are not shown.
    support: none
  idempotent:
    description: Makes what is missing or due.
    support: full
"""

EXAMPLES = r"""
- name: Have a password, and a host's certificate
  devsecops.monitor_lab.lab_keys:
    secrets_dir: ~/.config/monitor_lab
    passwords: [prometheus_password]
    tls_dir: ~/.config/monitor_lab/tls
    names:
      mon1: [mon1.example.org, 192.0.2.14, localhost]
"""

RETURN = r"""
made:
  description: Names of the files that were made.
  type: list
  elements: str
  returned: success
  sample: [authority.key, authority.crt, mon1.key, mon1.crt, prometheus_password]
"""

from ansible.module_utils.basic import AnsibleModule


def main() -> None:
    # The action plugin of this name does all; this is its documentation.
    AnsibleModule(
        argument_spec={
            "secrets_dir": {"type": "path", "required": True, "no_log": False},
            "passwords": {"type": "list", "elements": "str", "default": [], "no_log": False},
            "key_pairs": {"type": "list", "elements": "str", "default": [], "no_log": False},
            "tls_dir": {"type": "path"},
            "names": {"type": "dict", "default": {}},
            "given": {"type": "bool", "default": False},
            "foreign_grafana": {"type": "bool", "default": False},
        },
        supports_check_mode=True,
    ).fail_json(msg="This runs on the controller only.")


if __name__ == "__main__":
    main()
