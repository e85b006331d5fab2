#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: lab_image_context
short_description: Packs what images are built from
version_added: 1.0.0
author:
  - the monitor_lab contributors (@devsecops)
description:
  - Packs exactly the files by which the P(devsecops.monitor_lab.content_hash#lookup) lookup knows a folder, and the
    wheels that its build needs, into a compressed tar; of several images side by side.
  - The wheels are downloaded with pip, for the Python of Debian 12. Those of C(requirements.txt) must have the
    hashes in it.
options:
  images:
    description: What is packed.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: What the image is of, for messages.
        type: str
        required: true
      folder:
        description: Folder with a C(Dockerfile); where it has a C(requirements.txt), wheels go with it.
        type: path
        required: true
      pip:
        description: Requirements file with the hashes of pip, with which the build installs the wheels.
        type: path
        required: true
      requirements:
        description: >-
          Further requirements. What they come to beyond C(requirements.txt) becomes C(requirements-user.txt), with the
          hashes of what was downloaded; it is empty without them.
        type: path
      libraries:
        description: Further folders, such as Python packages of other images, each packed under its own name.
        type: list
        elements: path
        default: []
      archive:
        description: The archive. Where it exists, it is whole, and nothing is done.
        type: path
        required: true
  platforms:
    description: Platforms that the wheels may be of.
    type: list
    elements: str
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
    images:
      - name: locust_exporter
        folder: files/locust_exporter
        pip: files/pip/requirements.txt
        archive: /home/me/.cache/monitor_lab/contexts/locust_exporter.tar.gz
    platforms: [manylinux2014_x86_64]
"""

RETURN = r"""
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._lab.images import (
    ImageError,
    context_of,
    make_contexts,
)


def main() -> None:
    image = {
        "name": {"type": "str", "required": True},
        "folder": {"type": "path", "required": True},
        "pip": {"type": "path", "required": True},
        "requirements": {"type": "path"},
        "libraries": {"type": "list", "elements": "path", "default": []},
        "archive": {"type": "path", "required": True},
    }
    module = AnsibleModule(
        argument_spec={
            "images": {"type": "list", "elements": "dict", "required": True, "options": image},
            "platforms": {"type": "list", "elements": "str", "required": True},
        },
        supports_check_mode=True,
    )
    contexts = [context_of(arguments) for arguments in module.params["images"]]
    missing = [context for context in contexts if not context.archive.exists()]
    if not module.check_mode:
        try:
            make_contexts(missing, module.params["platforms"])
        except (ImageError, OSError) as error:
            module.fail_json(msg=str(error))
    module.exit_json(changed=bool(missing))


if __name__ == "__main__":
    main()
