#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: lab_registry_info
short_description: Tells whether a registry of container images answers, and what it has
version_added: 1.0.0
author:
  - the monitor_lab contributors (@devsecops)
description:
  - Asks a registry for its API over TLS, without an image and without an engine, so that it works on a bare host.
  - Of images it tells the digests. Where their registry wants a token, it is asked for as nobody; there is no login.
  - Unlike M(ansible.builtin.uri) it takes the proxy as an argument, so that a password in it is in no process list.
options:
  registry:
    description: Host of the registry, with its port where that is not 443.
    type: str
    required: true
  images:
    description: Images with their tags, as an engine takes their names. Each is asked for at the registry in its name.
    type: list
    elements: str
    default: []
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
digests:
  description: The digest that each of O(images) has now, by its name, if it is told.
  type: dict
  returned: where the registry answers
  sample:
    prom/prometheus:v3.5.0: sha256:9c4ed2d4f2e1cdc1d1cbb4fb3f1d6e0f5fb0a1e4d3b2c1a09f8e7d6c5b4a3928
lacking:
  description: Why the digest of an image is not told, by its name.
  type: dict
  returned: where the registry answers
  sample:
    prom/prometheus:v0: it has none
reason:
  description: Why it does not; empty where it does.
  type: str
  returned: always
  sample: "[Errno 111] Connection refused"
"""

from collections.abc import Sequence

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._lab.registry import (
    RegistryError,
    Way,
    digest,
    why_silent,
)


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "registry": {"type": "str", "required": True},
            "images": {"type": "list", "elements": "str", "default": []},
            "proxy": {"type": "str", "default": "", "no_log": True},
            "no_proxy": {"type": "str", "default": ""},
            "ca_certificate": {"type": "str", "default": ""},
            "timeout": {"type": "float", "default": 2},
        },
        supports_check_mode=True,
    )
    way = Way(**{name: module.params[name] for name in Way._fields})
    try:
        reason = why_silent(module.params["registry"], way)
        told = {} if reason else look(module.params["images"], way)
    except ValueError as error:
        module.fail_json(msg=str(error))
    module.exit_json(changed=False, answers=not reason, reason=reason, **told)


def look(images: Sequence[str], way: Way) -> dict[str, dict[str, str]]:
    """Return what is told of the images. Raises ValueError where the certificate on the way is none."""
    digests, lacking = {}, {}
    for image in images:
        try:
            digests[image] = digest(image, way)
        except RegistryError as error:
            lacking[image] = str(error)
    return {"digests": digests, "lacking": lacking}


if __name__ == "__main__":
    main()
