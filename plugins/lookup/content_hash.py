# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: content_hash
short_description: Hashes the files below folders, and texts
version_added: 1.0.0
author:
  - the monitor_lab contributors (@devsecops)
description:
  - One SHA-256, cut to twelve digits, over the names and contents of files on the controller.
  - An image is known by it, since images that were imported or loaded have no digest.
options:
  _terms:
    description:
      - Files, and folders with all that is below them. What Python and tools leave behind is passed over
        (folders and files whose names begin with a dot, C(__pycache__), C(*.egg-info), C(wheels)).
    type: list
    elements: path
    required: true
  text:
    description: Further text that belongs to the content.
    type: str
    default: ''
"""

EXAMPLES = r"""
- name: Show by which content the exporter's image is known
  ansible.builtin.debug:
    msg: "{{ lookup('devsecops.monitor_lab.content_hash', 'files/locust_exporter') }}"
"""

RETURN = r"""
_raw:
  description: Twelve hexadecimal digits.
  type: list
  elements: str
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Optional

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._lab.content import content_hash


class LookupModule(LookupBase):
    def run(self, terms: Iterable[str], variables: Optional[Mapping[str, Any]] = None, **kwargs: Any) -> list[str]:
        self.set_options(var_options=variables, direct=kwargs)
        try:
            return [content_hash(map(Path, terms), self.get_option("text"))]
        except OSError as error:
            raise AnsibleLookupError(f"content_hash: {error}") from error
