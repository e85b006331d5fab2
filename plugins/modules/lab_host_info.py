#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: lab_host_info
short_description: Tells what a host already has of the lab
version_added: 0.1.0
author:
  - the monitor_lab contributors (@devsecops)
description:
  - Looks at a host once, so that the lab's roles know what is there and what is missing without asking again.
  - Needs nothing on the host but Python, so that it works on a bare one.
options:
  packages:
    description: Debian packages to look for.
    type: list
    elements: str
    default: []
  data_path:
    description: Where the free space is measured.
    type: path
    default: /var/lib
extends_documentation_fragment:
  - devsecops.monitor_lab.reads
"""

EXAMPLES = r"""
- name: Look at the host
  devsecops.monitor_lab.lab_host_info:
    packages: [docker.io, podman]
  register: host

- name: Stop where something else has Prometheus's port
  ansible.builtin.assert:
    that: host.listeners | selectattr('port', 'eq', 9090) | rejectattr('service', 'eq', 'prometheus') | length == 0
"""

RETURN = r"""
cpus:
  description: Processors that a process may use.
  type: int
  returned: always
  sample: 2
free_memory_mb:
  description: Memory that could be had without swapping, in MiB.
  type: int
  returned: always
  sample: 23011
free_disk_mb:
  description: Free space at O(data_path), in MiB.
  type: int
  returned: always
  sample: 81412
podman_ulimits:
  description: Limits that Podman has to be told because this host may not raise them to Podman's own.
  type: list
  elements: str
  returned: always
  sample: ["nofile=20000:20000", "nproc=96365:96365"]
listeners:
  description: TCP listeners. V(service) names the lab's service that listens, if it is one.
  type: list
  elements: dict
  returned: always
  sample:
    - address: 127.0.0.1
      port: 9646
      program: python3 -m locust_exporter --web.listen-address=127.0.0.1:9646
      service: locust_exporter
packages:
  description: Those of O(packages) that are V(missing), and the packages that an V(interrupted) dpkg left half-way.
  type: dict
  returned: always
  sample: {missing: [podman], interrupted: []}
docker:
  description: The Docker engine's version, its images (name to content label) and containers. Null where none answers.
  type: dict
  returned: always
  sample:
    version: 20.10.24+dfsg1
    images: {"monitor-lab/locust_exporter:5f1c8b0a9d3e": 5f1c8b0a9d3e}
    containers:
      monitor-lab-locust-exporter: {image: "monitor-lab/locust_exporter:5f1c8b0a9d3e", state: running}
podman:
  description: Podman's images (name to content label) and pods. Null where there is no Podman.
  type: dict
  returned: always
  sample:
    images: {"localhost/monitor-lab/tokenization:0c7be2a41f90": 0c7be2a41f90}
    pods:
      tokenization-service-pod-0:
        state: Running
        labels: {app: tokenization-service, monitor-lab-service: tokenization}
        infra_container: 3b5c4b7cabd07389c60bfc82b2e2806edea2dc7101997e131c08b257fe6e2b78
"""

import os
from collections.abc import Sequence
from pathlib import Path

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._lab import host


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "packages": {"type": "list", "elements": "str", "default": []},
            "data_path": {"type": "path", "default": "/var/lib"},
        },
        supports_check_mode=True,
    )

    def run(command: Sequence[str]) -> str:
        return str(module.run_command(command, check_rc=True)[1])

    podman = host.podman(run) if module.get_bin_path("podman") else None
    services = {
        pod["infra_container"]: pod["labels"].get("monitor-lab-service")
        for pod in (podman["pods"].values() if podman else ())
    }
    try:
        packages = run(["dpkg-query", "--show", "--showformat", "${db:Status-Abbrev}${Package}\n"])
        found = {
            "cpus": len(os.sched_getaffinity(0)),
            "free_memory_mb": host.free_memory_mb(Path("/proc/meminfo").read_text()),
            "free_disk_mb": host.free_disk_mb(Path(module.params["data_path"])),
            "podman_ulimits": host.podman_ulimits(),
            "listeners": host.listeners(services),
            "packages": host.parse_packages(packages, module.params["packages"]),
            "docker": host.docker(),
            "podman": podman,
        }
    except host.HostError as error:
        module.fail_json(msg=str(error))
    module.exit_json(changed=False, **found)


if __name__ == "__main__":
    main()
