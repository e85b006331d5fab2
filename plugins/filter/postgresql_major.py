# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: postgresql_major
short_description: Tells PostgreSQL's major version in an image
version_added: 1.0.0
author:
  - the monitor_lab contributors (@devsecops)
description:
  - What the lab builds has one version, and a published image tells it by its tag.
  - Empty where the tag tells none.
positional: upstream, built
options:
  _input:
    description: The image, as the host has it.
    type: str
    required: true
  upstream:
    description: The published image, with or without a digest.
    type: str
    required: true
  built:
    description: The version in an image that the lab has built.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Show PostgreSQL's version
  ansible.builtin.debug:
    msg: "{{ 'postgres:17.7-bookworm' | devsecops.monitor_lab.postgresql_major('postgres:17.7-bookworm', '15') }}"
"""

RETURN = r"""
_value:
  description: The version, such as V(17).
  type: str
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils import _images


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"postgresql_major": _images.postgresql_major}
