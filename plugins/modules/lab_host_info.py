#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: lab_host_info
short_description: Tells what a host already has of the lab
version_added: 1.0.0
author:
  - the monitor_lab contributors (@devsecops)
description:
  - Looks at a host once, so that the lab's roles know what is there and what differs without asking again.
  - Needs nothing on the host but Python, so that it works on a bare one.
  - Sets the facts of the system that the roles need, as M(ansible.builtin.setup) names them.
  - Says what to do where the host cannot be reached or is of a distribution that the lab does not know.
options:
  paths:
    description: Files and folders to look at, these with all below them.
    type: list
    elements: path
    default: []
  pod:
    description: Whether the host is to run a pod on Podman, which takes more packages.
    type: bool
    default: false
  packages:
    description: Debian packages to look for. Those of all distributions that the lab knows, where this is not set.
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
    paths: [/etc/monitor_lab]
    pod: true
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
cgroups:
  description: >-
    Folders in which the kernel tells what containers use; one where its cgroups are of version 2, else one of each
    controller.
  type: list
  elements: str
  returned: always
  sample: [/sys/fs/cgroup]
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
  description: >-
    Those that the lab needs on such a host and that are V(missing), and the packages that an V(interrupted) dpkg left
    half-way.
  type: dict
  returned: always
  sample: {missing: [podman], interrupted: []}
distribution:
  description: What is the distribution's own, names of packages for example, from the role C(monitor_lab).
  type: dict
  returned: always
units:
  description: Whether a unit of systemd is enabled, as C(systemctl is-enabled) says. Empty where there is no systemd.
  type: dict
  returned: always
  sample: {podman-restart.service: enabled}
firewall:
  description: >-
    Whether V(ufw) and V(firewalld) are in use, and what rules ufw has for what comes in, in their order. The lab's have
    the comment V(monitor_lab).
  type: dict
  returned: always
  sample:
    ufw: true
    firewalld: false
    ufw_rules:
      - {action: allow, protocol: tcp, port: "22", to: 0.0.0.0/0, from: 0.0.0.0/0, comment: ""}
files:
  description: >-
    What is at O(paths) and below, by path. C(sha256) is that of a file's content; null where it may not be read.
  type: dict
  returned: always
  sample:
    /etc/monitor_lab: {kind: directory, owner: 0, group: 0, mode: "0700"}
    /etc/monitor_lab/prometheus/prometheus.yml:
      kind: file
      owner: 0
      group: 0
      mode: "0644"
      sha256: 7f83b1657ff1fc53b92dc18148a1d65dfc2d4b1fa3d677284addd200126d9069
docker:
  description: >-
    The Docker engine's version, its images (name to id; names with a tag, and with the digest that a registry gave) and
    containers. Null where none answers. V(limits) is what it can hold containers to; V(cpus) is 0 where it cannot limit
    them, else the most that it takes. Of the lab's
    containers there is all that they are made of; values in their environment are hashed, since they may be secret.
  type: dict
  returned: always
  sample:
    version: 20.10.24+dfsg1
    limits: {cpus: 2, pids: true, swap: true}
    images:
      debian:bookworm: sha256:f511e2db0e59b34206af50e85b32f2511c935986a30a2d38b887d80112434045
    containers:
      somebody-elses: {image: "debian:bookworm", state: running}
podman:
  description: >-
    Podman's images (name to id) and pods. Null where there is no Podman. Of the lab's pods there are the containers,
    too, and one is Dead that Podman takes for running though its processes are gone.
  type: dict
  returned: always
  sample:
    images:
      localhost/monitor-lab/tokenization:f7b6f5b357f7: bb7d75ebb91fba9eb18802d4d02b15374332a8f38d74a4d6d7e253f3f5026f90
    pods:
      tokenization-service-pod-0:
        state: Running
        labels: {app: tokenization-service, monitor-lab-service: tokenization}
        infra_container: 3b5c4b7cabd07389c60bfc82b2e2806edea2dc7101997e131c08b257fe6e2b78
        containers:
          - name: tokenization-service-pod-0-tokenization
            image: localhost/monitor-lab/tokenization:f7b6f5b357f7
            environment: {TOKENIZATION_HOST: 72a7b5a4e7d0ea6d92a47e5e25f36cd92e4a5bfa51e6ac4f7b4c1b6d3f5c1c0e}
            memory: 268435456
"""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.facts.system.distribution import DistributionFactCollector
from ansible.module_utils.facts.system.platform import PlatformFactCollector
from ansible.module_utils.facts.system.service_mgr import ServiceMgrFactCollector
from ansible.module_utils.facts.system.user import UserFactCollector
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._lab import firewall, host

UNITS = ("podman-restart.service",)


def facts(module: AnsibleModule) -> dict[str, Any]:
    """Return what M(ansible.builtin.setup) would, of these alone: all of it takes as long as the rest of the look."""
    found: dict[str, Any] = {}
    # Each may ask what those before found.
    for collector in (PlatformFactCollector, DistributionFactCollector, ServiceMgrFactCollector, UserFactCollector):
        collected = {f"ansible_{name}": value for name, value in found.items()}
        found.update(collector().collect(module, {**found, **collected}))
    return {f"ansible_{name}": value for name, value in found.items()}


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "paths": {"type": "list", "elements": "path", "default": []},
            "pod": {"type": "bool", "default": False},
            "packages": {"type": "list", "elements": "str", "default": []},
            "data_path": {"type": "path", "default": "/var/lib"},
        },
        supports_check_mode=True,
    )

    def run(command: Sequence[str], check: bool = True) -> str:
        return str(module.run_command(command, check_rc=check)[1])

    podman = host.podman(run) if module.get_bin_path("podman") else None
    services = {
        pod["infra_container"]: pod["labels"].get("monitor-lab-service")
        for pod in (podman["pods"].values() if podman else ())
    }
    system = facts(module)
    packages = ["dpkg-query", "--show", "--showformat", "${db:Status-Abbrev}${Package}\n"]
    # It ends with 1 where one is not enabled.
    units = run(["systemctl", "is-enabled", *UNITS], check=False) if system["ansible_service_mgr"] == "systemd" else ""
    try:
        found = {
            "cpus": len(os.sched_getaffinity(0)),
            "free_memory_mb": host.free_memory_mb(Path("/proc/meminfo").read_text()),
            "free_disk_mb": host.free_disk_mb(Path(module.params["data_path"])),
            "podman_ulimits": host.podman_ulimits(),
            "cgroups": host.cgroups(),
            "listeners": host.listeners(services),
            # A host of another distribution has no dpkg.
            "packages": host.parse_packages(
                run(packages) if module.get_bin_path(packages[0]) else "", module.params["packages"]
            ),
            "units": dict(zip(UNITS, units.split())),
            "firewall": firewall.firewall(),
            "files": host.files(Path(path) for path in module.params["paths"]),
            "docker": host.docker(),
            "podman": podman,
        }
    except host.HostError as error:
        module.fail_json(msg=str(error))
    module.exit_json(changed=False, ansible_facts=system, **found)


if __name__ == "__main__":
    main()
