# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: pod_files
short_description: Makes ConfigMaps and Secrets of files
version_added: 1.0.0
author:
  - the monitor_lab contributors (@devsecops)
description:
  - As many as it takes, since each holds 1 MB, with a hash over all in their names, and what makes one folder of them
    in a pod. All of it is encoded.
  - Files are those of the controller or have their content; owners and modes are the pod's to say.
positional: _input, folder, app, namespace
options:
  _input:
    description: Files and folders, as the role C(files) takes them. Those that are C(secret) go into Secrets.
    type: list
    elements: dict
    required: true
  folder:
    description: The folder that they are below, whose name is left out.
    type: path
    required: true
  app:
    description: What the objects' names begin with, and their label C(app).
    type: str
    required: true
  namespace:
    description: Their namespace.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Bring a locustfile to a cluster
  kubernetes.core.k8s:
    definition: "{{ (files | devsecops.monitor_lab.pod_files('/etc/locust', 'locust-master', 'monitor-lab')).objects }}"
  vars:
    files: [{path: /etc/locust/load/locustfile.py, src: locustfile.py}]
"""

RETURN = r"""
_value:
  description: >-
    C(objects), the ConfigMaps, C(secrets), the Secrets, C(sources), those of a projected volume that has all of them,
    and C(hash), over names and contents, which is their label C(monitor-lab-content), too.
  type: dict
"""

from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils import _pod_files


def pod_files(value: Any, folder: str, app: str, namespace: str) -> dict[str, Any]:
    try:
        return _pod_files.pod_files(value, folder, app, namespace)
    except _pod_files.PodFileError as error:
        raise AnsibleFilterError(f"locust_file: {error}") from error


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"pod_files": pod_files}
