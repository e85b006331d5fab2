#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: lab_image_build
short_description: Builds images with Docker, side by side
version_added: 1.0.0
author:
  - the monitor_lab contributors (@devsecops)
description:
  - Builds without a network from archives that M(devsecops.monitor_lab.lab_image_context) packed. A base of Debian
    packages that is not there is made first, with C(mmdebstrap).
options:
  images:
    description: What is built, even if it is there.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: What the image is of, for messages.
        type: str
        required: true
      reference:
        description: What it is called.
        type: str
        required: true
      content:
        description: The hash of what it is made from. It becomes a label.
        type: str
        required: true
      archive:
        description: What it is built from, on the host.
        type: path
        required: true
      base:
        description: The image to build from, which the C(Dockerfile) takes as C(BASE).
        type: str
        required: true
      packages:
        description: Debian packages of that base; none where it is a published one.
        type: list
        elements: str
        default: []
      suite:
        description: The Debian of these packages.
        type: str
        required: true
  folder:
    description: Where the bases are made. It is left to the caller to remove it.
    type: path
    required: true
  prefix:
    description: Command that runs what reaches Debian's mirrors, by way of a proxy for example.
    type: list
    elements: str
    default: []
attributes:
  check_mode:
    description: Can run in check mode and return changed status prediction without modifying target.
    support: full
  diff_mode:
    description: Will return details on what has changed (or possibly needs changing in check mode), when in diff mode.
    support: none
  idempotent:
    description: A second run with the same arguments indicates no change.
    support: none
"""

EXAMPLES = r"""
- name: Build the exporter's image
  devsecops.monitor_lab.lab_image_build:
    images:
      - name: locust_exporter
        reference: localhost/monitor-lab/locust_exporter:5f1c8b0a9d3e
        content: 5f1c8b0a9d3e
        archive: /var/cache/monitor_lab/builds/locust_exporter.tar.gz
        base: python:3.11-slim-bookworm
        suite: bookworm
    folder: /var/cache/monitor_lab/builds
"""

RETURN = r"""
"""

from pathlib import Path

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._lab.images import Image, ImageError, build
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._lab.programs import ProgramError


def main() -> None:
    image = {
        "name": {"type": "str", "required": True},
        "reference": {"type": "str", "required": True},
        "content": {"type": "str", "required": True},
        "archive": {"type": "path", "required": True},
        "base": {"type": "str", "required": True},
        "packages": {"type": "list", "elements": "str", "default": []},
        "suite": {"type": "str", "required": True},
    }
    module = AnsibleModule(
        argument_spec={
            "images": {"type": "list", "elements": "dict", "required": True, "options": image},
            "folder": {"type": "path", "required": True},
            "prefix": {"type": "list", "elements": "str", "default": []},
        },
        supports_check_mode=True,
    )
    images = [
        Image(**{**arguments, "archive": Path(arguments["archive"]), "packages": tuple(arguments["packages"])})
        for arguments in module.params["images"]
    ]
    if not module.check_mode:
        try:
            build(images, Path(module.params["folder"]), module.params["prefix"])
        except (ImageError, ProgramError, OSError) as error:
            module.fail_json(msg=str(error))
    module.exit_json(changed=bool(images))


if __name__ == "__main__":
    main()
