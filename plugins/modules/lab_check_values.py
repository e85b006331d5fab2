#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: lab_check_values
short_description: Stops where a variable of the lab has a value that cannot be used
version_added: 1.0.0
author:
  - the monitor_lab contributors (@devsecops)
description:
  - Checks every variable that is set and that a role of this collection describes, and says all that is wrong at once,
    one line a fault, with what to write instead.
  - Looked at are type and choices, as the role's argument specification states them, and what that cannot state, such
    as the range of a port, the unit of an amount of memory, a duration as Prometheus writes it, and whether a file is
    on the controller.
  - A variable that no role describes is a fault where its name is within two letters of one that a role does.
  - A value whose template names what is not known yet, a fact of the host for example, is left to the role.
  - Values that may hold a password are not shown.
notes:
  - Runs on the controller and does not connect to the host. The play needs C(any_errors_fatal) where one host's fault
    is to keep the others from being touched.
attributes:
  check_mode:
    description: Only reads.
    support: full
  diff_mode:
    description: Only reads.
    support: none
  idempotent:
    description: Only reads.
    support: full
"""

EXAMPLES = r"""
- name: Stop where a value cannot be used
  devsecops.monitor_lab.lab_check_values:
"""

RETURN = r"""
msg:
  description: How many values cannot be used, and on a line each the host, the variable and what to write instead.
  type: str
  returned: failure
  sample: |-
    2 values cannot be used; nothing was changed.
    mon1: monitor_lab_prometheus_port: nine is not a port; write a whole number from 1 to 65535
    mon1: locust_file: there is no /nowhere.py on the controller; write the path of an existing file
"""

from ansible.module_utils.basic import AnsibleModule


def main() -> None:
    # The action plugin of this name does all; this is its documentation.
    AnsibleModule(argument_spec={}, supports_check_mode=True).fail_json(msg="This runs on the controller only.")


if __name__ == "__main__":
    main()
