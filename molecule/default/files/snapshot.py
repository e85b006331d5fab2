# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""Prints, as JSON, what a host has, seen with the system's own tools: the lab's modules have no part in it."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

PLACES = (
    "/etc/monitor_lab",
    "/etc/monitor_lab.crt",
    "/etc/containers/containers.conf.d",
    "/etc/firewalld/policies",
    "/var/cache/monitor_lab",
)


def lines(*command: str) -> list[str]:
    if not shutil.which(command[0]):
        return []
    return sorted(set(subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()))


def listeners() -> list[str]:
    """Address and port of what listens, but for containerd, which comes with Docker's package and takes any port.

    127.0.0.11 is the name server that Docker gives a container, thus this host.
    """
    found = set()
    for line in subprocess.run(["ss", "-Hltnp"], check=True, capture_output=True, text=True).stdout.splitlines():
        if '"containerd"' not in line:
            found.add(line.split()[3])
    return sorted(listener for listener in found if not listener.startswith("127.0.0.11:"))


def rules() -> list[str]:
    """The lab's, of a firewall."""
    found = []
    for command in (["ufw", "show", "added"], ["firewall-cmd", "--get-policies"]):
        if shutil.which(command[0]):
            found += subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    return [rule for rule in found if "monitor_lab" in rule]


below = [path for place in map(Path, PLACES) if place.exists() for path in [place, *place.rglob("*")]]
pods = lines("podman", "pod", "ps", "--format", '{{index .Labels "app"}}')
print(
    json.dumps(
        {
            "packages": lines("apt-mark", "showmanual"),
            "files": sorted(str(path) for path in below if path.is_file()),
            "folders": sorted(str(path) for path in below if path.is_dir()),
            "images": [
                image
                for image in sorted(
                    {
                        *lines("docker", "images", "--format", "{{.Repository}}:{{.Tag}}"),
                        *lines("podman", "images", "--format", "{{.Repository}}:{{.Tag}}"),
                    }
                )
                if not re.match("localhost/podman-pause:", image)
            ],
            "containers": sorted([*lines("docker", "ps", "--all", "--format", "{{.Names}}"), *pods]),
            "volumes": sorted(
                [*lines("docker", "volume", "ls", "--quiet"), *lines("podman", "volume", "ls", "--quiet")]
            ),
            "networks": sorted(
                [
                    *lines("docker", "network", "ls", "--format", "{{.Name}}"),
                    *lines("podman", "network", "ls", "--format", "{{.Name}}"),
                ]
            ),
            "listeners": listeners(),
            "rules": rules(),
        }
    )
)
