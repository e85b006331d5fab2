# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: web_config
short_description: Writes the web configuration that Prometheus and its exporters take
version_added: 1.0.0
author:
  - the monitor_lab contributors (@devsecops)
description:
  - TLS by a certificate that the server has, and one user with the bcrypt hash of a password.
  - Needs the Python package bcrypt on the controller where a login is wanted.
positional: _input, tls_folder, salt
options:
  _input:
    description: What the server is asked with, as P(devsecops.monitor_lab.service_access#filter) says.
    type: dict
    required: true
  tls_folder:
    description: Folder in which the server has C(tls.crt) and C(tls.key).
    type: path
    required: true
  salt:
    description: A secret text, by which the hash is the same in each run.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Write it
  ansible.builtin.copy:
    content: "{{ monitor_lab_access.prometheus | devsecops.monitor_lab.web_config('/etc/prometheus/tls', salt) }}"
    dest: /etc/prometheus/web.yml
    mode: "0400"
"""

RETURN = r"""
_value:
  description: The text of the file.
  type: str
"""

from collections.abc import Callable, Mapping
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._web_config import WebConfigError
from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._web_config import web_config as text_of


def web_config(options: Mapping[str, Any], tls_folder: str, salt: str) -> str:
    try:
        return text_of(options, tls_folder, salt)
    except WebConfigError as error:
        raise AnsibleFilterError(str(error)) from error


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"web_config": web_config}
