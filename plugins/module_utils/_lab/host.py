# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the monitor_lab contributors
"""What a host already has of the lab, and what it could give it: listeners, packages, images, containers, pods."""

from __future__ import annotations

import http.client
import ipaddress
import json
import os
import re
import resource
import socket
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Optional

RunProgram = Callable[[Sequence[str]], str]
"""Runs a program and returns its standard output."""

LISTEN = "0A"


class HostError(Exception):
    """The host could not be looked at; the message says what failed."""


def parse_listeners(table: str) -> dict[int, tuple[str, int]]:
    """Read the sockets that listen from the text of /proc/net/tcp or tcp6 (see proc(5)): inode → (address, port)."""
    listeners: dict[int, tuple[str, int]] = {}
    for line in table.splitlines()[1:]:
        fields = line.split()
        if len(fields) > 9 and fields[3] == LISTEN:
            address, port = fields[1].split(":")
            listeners[int(fields[9])] = (_address(address), int(port, 16))
    return listeners


def _address(hexadecimal: str) -> str:
    """Read an address as the kernel prints it: 32-bit words in its byte order, little-endian where the engines run."""
    words = [bytes.fromhex(hexadecimal[start : start + 8])[::-1] for start in range(0, len(hexadecimal), 8)]
    address = ipaddress.ip_address(b"".join(words))
    mapped = getattr(address, "ipv4_mapped", None)
    return str(mapped or address)


def listeners(services: Mapping[str, str], proc: Path = Path("/proc")) -> list[dict[str, Any]]:
    """Return all TCP listeners, each with its C(address), C(port), C(program) and C(service).

    The program is a command line, or None where its process is hidden from us; the service is one of the lab's or None.

    A container of the lab says which it is in its environment (MONITOR_LAB_SERVICE). A pod's port is held by conmon
    instead, which names the pod's infra container: services maps that container's id to the service.
    """
    sockets: dict[int, tuple[str, int]] = {}
    for table in ("tcp", "tcp6"):
        path = proc / "net" / table
        if path.exists():
            sockets.update(parse_listeners(path.read_text()))
    owners = _owners(proc, sockets)
    found = []
    for inode, (address, port) in sorted(sockets.items(), key=lambda item: (item[1][1], item[1][0])):
        owner = owners.get(inode)
        command = _command_line(owner) if owner else []
        found.append(
            {
                "address": address,
                "port": port,
                "program": " ".join(command)[:200] or None,
                "service": (_service(owner) if owner else None)
                or next((services[word] for word in command if word in services), None),
            }
        )
    return found


def _owners(proc: Path, sockets: Container[int]) -> dict[int, Path]:
    owners: dict[int, Path] = {}
    for process in proc.glob("[0-9]*"):
        for inode in _sockets(process):
            if inode in sockets:
                owners[inode] = process
    return owners


def _sockets(process: Path) -> Iterator[int]:
    try:
        descriptors = list((process / "fd").iterdir())
    except OSError:  # The process has ended, or belongs to somebody else.
        return
    for descriptor in descriptors:
        try:
            match = re.match(r"socket:\[(\d+)\]", str(descriptor.readlink()))
        except OSError:  # A busy server closes some while they are read; its listener stays.
            continue
        if match:
            yield int(match.group(1))


def _command_line(process: Path) -> list[str]:
    try:
        return (process / "cmdline").read_bytes().rstrip(b"\0").decode(errors="replace").split("\0")
    except OSError:
        return []


def _service(process: Path) -> Optional[str]:
    try:
        environment = (process / "environ").read_bytes().split(b"\0")
    except OSError:
        return None
    for entry in environment:
        if entry.startswith(b"MONITOR_LAB_SERVICE="):
            return entry.split(b"=", 1)[1].decode(errors="replace")
    return None


def parse_packages(text: str, names: Iterable[str]) -> dict[str, list[str]]:
    """Tell which of the names are not installed, and which packages an interrupted dpkg left half-way.

    The text has lines of a status and a package, as dpkg-query(1) prints ${db:Status-Abbrev}${Package}.
    """
    installed = set()
    interrupted = []
    for line in text.splitlines():
        status, package = line[:3].strip(), line[3:].strip()
        if status == "ii" or status == "hi":
            installed.add(package)
        elif status[1:2] in ("U", "F", "H", "W", "t"):
            interrupted.append(package)
    return {"missing": [name for name in names if name not in installed], "interrupted": sorted(interrupted)}


def free_memory_mb(meminfo: str) -> int:
    """Return the memory that could be had without swapping, in MiB, from the text of /proc/meminfo."""
    match = re.search(r"^MemAvailable:\s+(\d+) kB", meminfo, re.MULTILINE)
    if not match:
        raise HostError("/proc/meminfo has no MemAvailable")
    return int(match.group(1)) // 1024


def free_disk_mb(path: Path) -> int:
    """Return the free space below a path, or below its nearest parent that exists, in MiB."""
    while not path.exists():
        path = path.parent
    found = os.statvfs(str(path))
    return found.f_bavail * found.f_frsize // 2**20


def podman_ulimits() -> list[str]:
    """Return the limits that root's Podman must be told, as default_ulimits takes them; empty where its own will do.

    By itself it raises both to 1048576, and no container starts where the hard limit is lower and may not be raised.
    conmon lowers its own limit of processes to the kernel's pid_max, so that is the most that can be asked for.
    """
    if _may_raise_limits():
        return []
    pid_max = int(Path("/proc/sys/kernel/pid_max").read_text())
    most = {"nofile": 1048576, "nproc": pid_max}
    hard = {
        "nofile": resource.getrlimit(resource.RLIMIT_NOFILE)[1],
        "nproc": resource.getrlimit(resource.RLIMIT_NPROC)[1],
    }
    unlimited = resource.RLIM_INFINITY
    allowed = {name: most[name] if limit == unlimited else min(limit, most[name]) for name, limit in hard.items()}
    return [f"{name}={limit}:{limit}" for name, limit in allowed.items()]


def _may_raise_limits() -> bool:
    capabilities = re.search(r"^CapEff:\s+([0-9a-f]+)$", Path("/proc/self/status").read_text(), re.MULTILINE)
    cap_sys_resource = 24
    return bool(capabilities and int(capabilities.group(1), 16) >> cap_sys_resource & 1)


class DockerSocket(http.client.HTTPConnection):
    """Docker's Engine API over its socket, for the three GET requests that need no library on a bare host."""

    def __init__(self, path: str) -> None:
        super().__init__("docker", timeout=10)
        self.path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(10)
        self.sock.connect(self.path)

    def read(self, url: str) -> Any:
        self.request("GET", url)
        return json.loads(self.getresponse().read())


def docker(path: str = "/var/run/docker.sock") -> Optional[dict[str, Any]]:
    """Return the engine's version, its images and containers; None where no engine answers."""
    connection = DockerSocket(path)
    try:
        version = connection.read("/version")["Version"]
        images = connection.read("/images/json")
        containers = connection.read("/containers/json?all=true")
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()
    return {
        "version": version,
        "images": {
            tag: (image["Labels"] or {}).get("monitor_lab.content", "")
            for image in images
            for tag in image["RepoTags"] or []
        },
        "containers": {
            container["Names"][0].lstrip("/"): {"image": container["Image"], "state": container["State"]}
            for container in containers
        },
    }


def podman(run: RunProgram) -> dict[str, Any]:
    """Return Podman's images and pods. Needs Podman."""
    images = json.loads(run(["podman", "images", "--format", "json"]) or "[]")
    pods = json.loads(run(["podman", "pod", "ps", "--format", "json"]) or "[]")
    return {
        "images": {
            name: (image.get("Labels") or {}).get("monitor_lab.content", "")
            for image in images
            for name in image.get("Names") or []
        },
        "pods": {
            pod["Name"]: {
                "state": pod["Status"],
                "labels": pod.get("Labels") or {},
                "infra_container": pod["InfraId"],
            }
            for pod in pods
        },
    }
