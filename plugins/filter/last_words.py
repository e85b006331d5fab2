# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: last_words
short_description: Tells what a program said before it failed
version_added: 0.1.0
author:
  - the monitor_lab contributors (@devsecops)
description:
  - The last four lines of its standard error in one line, or the module's message where no program ran.
options:
  _input:
    description: The result of a task that failed, C(ansible_failed_result) for example. Of a loop, what failed counts.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Run something
  block:
    - name: Run it
      ansible.builtin.command:
        argv: [pip, download, no-such-package]
      changed_when: true
  rescue:
    - name: Say why it failed
      ansible.builtin.fail:
        msg: "It could not be had: {{ ansible_failed_result | devsecops.monitor_lab.last_words }}"
"""

RETURN = r"""
_value:
  description: The lines, with V( | ) between them.
  type: str
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._images import last_words


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"last_words": last_words}
