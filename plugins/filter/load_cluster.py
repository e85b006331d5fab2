# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: load_cluster
short_description: Tells how Locust is reached on a Kubernetes cluster, and how many workers it has
version_added: 1.0.0
author:
  - the monitor_lab contributors (@devsecops)
description:
  - It fails where Locust is not there, and where workers are asked for that something else decides on.
positional: _input, namespace, workers
options:
  _input:
    description: >-
      What C(kubernetes.core.k8s_info) found, each of its C(resources) - the Service of Locust, the Deployment of its
      workers, and a HorizontalPodAutoscaler of theirs.
    type: list
    elements: dict
    required: true
  namespace:
    description: Where that is.
    type: str
    required: true
  workers:
    description: How many workers the run asks for, if it does.
    type: int
"""

EXAMPLES = r"""
- name: Show what there is of Locust
  ansible.builtin.debug:
    msg: "{{ found.resources | devsecops.monitor_lab.load_cluster('monitor-lab', 20) }}"
"""

RETURN = r"""
_value:
  description:
    - Whether it takes a C(forward) to the C(port) of the Service, since no node has a port of it; how many C(replicas)
      of the workers there are, how many C(workers) there should be, whether that C(scales) them, and how many there are
      to C(expect).
  type: dict
"""

from collections.abc import Callable
from typing import Any, Optional, Union

from ansible.errors import AnsibleFilterError
from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils import _load_cluster


def load_cluster(
    objects: list[dict[str, Any]],
    namespace: str,
    workers: Optional[Union[int, str]] = None,
) -> dict[str, Any]:
    try:
        return _load_cluster.load_cluster(objects, namespace, workers)
    except ValueError as error:
        raise AnsibleFilterError(str(error)) from error


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"load_cluster": load_cluster}
