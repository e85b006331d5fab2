#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: lab_image_context
short_description: Packs what an image is built from
version_added: 0.1.0
author:
  - the monitor_lab contributors (@devsecops)
description:
  - Packs exactly the files by which the P(devsecops.monitor_lab.content_hash#lookup) lookup knows a folder, and the
    wheels that its build needs, into a compressed tar.
options:
  folder:
    description: Folder with a C(Dockerfile).
    type: path
    required: true
  wheels:
    description: Folder with wheels; it becomes C(wheels/).
    type: path
    required: true
  requirements:
    description: Further requirements; they become C(requirements-user.txt), which is empty without them.
    type: path
  dest:
    description: The archive. Where it exists, it is whole, and nothing is done.
    type: path
    required: true
attributes:
  check_mode:
    description: Can run in check mode and return changed status prediction without modifying target.
    support: full
  diff_mode:
    description: Will return details on what has changed (or possibly needs changing in check mode), when in diff mode.
    support: none
  idempotent:
    description: A second run with the same arguments indicates no change.
    support: full
"""

EXAMPLES = r"""
- name: Pack what the exporter's image is built from
  devsecops.monitor_lab.lab_image_context:
    folder: files/locust_exporter
    wheels: /tmp/wheels
    dest: /tmp/locust_exporter.tar.gz
"""

RETURN = r"""
"""

from pathlib import Path

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._lab.content import pack


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "folder": {"type": "path", "required": True},
            "wheels": {"type": "path", "required": True},
            "requirements": {"type": "path"},
            "dest": {"type": "path", "required": True},
        },
        supports_check_mode=True,
    )
    destination = Path(module.params["dest"])
    requirements = module.params["requirements"]
    changed = not destination.exists()
    if changed and not module.check_mode:
        try:
            pack(
                Path(module.params["folder"]),
                Path(module.params["wheels"]),
                Path(requirements) if requirements else None,
                destination,
            )
        except OSError as error:
            module.fail_json(msg=f"The context could not be packed: {error}")
    module.exit_json(changed=changed)


if __name__ == "__main__":
    main()
