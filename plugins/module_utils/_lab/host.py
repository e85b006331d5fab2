# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the monitor_lab contributors
"""What a host already has of the lab, and what it could give it."""

from __future__ import annotations

import hashlib
import http.client
import ipaddress
import json
import os
import re
import resource
import socket
import stat
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Optional

RunProgram = Callable[[Sequence[str]], str]
"""Runs a program and returns its standard output."""

LISTEN = "0A"
KINDS = {stat.S_IFREG: "file", stat.S_IFDIR: "directory", stat.S_IFLNK: "link"}
# Of the containers that the lab runs on Docker.
NAMES_BEGIN = "monitor-lab-"


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


def files(paths: Iterable[Path]) -> dict[str, dict[str, Any]]:
    """Return what lies at the paths and below them, by path, links not followed.

    Each has its C(kind) (file, directory, link or other), C(owner) and C(group) as numbers, its C(mode) as "0644", and
    a file the C(sha256) of its content, None where it could not be read.
    """
    found: dict[str, dict[str, Any]] = {}
    waiting = list(paths)
    while waiting:
        path = waiting.pop()
        try:
            status = path.lstat()
        except (FileNotFoundError, NotADirectoryError, PermissionError):
            continue
        kind = KINDS.get(stat.S_IFMT(status.st_mode), "other")
        found[str(path)] = {
            "kind": kind,
            "owner": status.st_uid,
            "group": status.st_gid,
            "mode": f"{stat.S_IMODE(status.st_mode):04o}",
        }
        try:
            if kind == "directory":
                waiting += path.iterdir()
            elif kind == "file":
                found[str(path)]["sha256"] = hashlib.sha256(path.read_bytes()).hexdigest()
        # It may be gone since.
        except (FileNotFoundError, PermissionError):
            found[str(path)]["sha256"] = None
    return found


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


def cgroups(root: Path = Path("/sys/fs/cgroup")) -> list[str]:
    """Return where the kernel tells of containers: a folder of each controller, one for all in version 2 of cgroups."""
    if (root / "cgroup.controllers").exists():
        return [str(root)]
    return [str(root / name) for name in ("memory", "cpu", "cpuacct", "pids") if (root / name).exists()]


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
    """Docker's Engine API over its socket, for the few GET requests that need no library on a bare host."""

    def __init__(self, path: str) -> None:
        super().__init__("docker", timeout=10)
        self.path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(10)
        self.sock.connect(self.path)

    def read(self, url: str) -> Any:
        """Return the answer's JSON, None where there is nothing of that name."""
        self.request("GET", url)
        answer = self.getresponse()
        content = json.loads(answer.read())
        return None if answer.status == 404 else content


def docker(path: str = "/var/run/docker.sock") -> Optional[dict[str, Any]]:
    """Return the engine's version, limits, images (name → id) and containers; None where no engine answers.

    A container has its C(state); one of the lab's has more, see container(). For the limits see limits().
    """
    connection = DockerSocket(path)
    try:
        info = connection.read("/info")
        images = connection.read("/images/json")
        containers = {}
        for listed in connection.read("/containers/json?all=true"):
            name = listed["Names"][0].lstrip("/")
            containers[name] = {"image": listed["Image"], "state": listed["State"]}
            # It may have ended since it was listed.
            inspected = connection.read(f"/containers/{listed['Id']}/json") if name.startswith(NAMES_BEGIN) else None
            if inspected:
                containers[name] = container(inspected, connection.read(f"/images/{inspected['Image']}/json"))
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()
    return {
        "version": info["ServerVersion"],
        "limits": limits(info),
        "images": image_ids(images),
        "containers": containers,
    }


def limits(info: Mapping[str, Any]) -> dict[str, Any]:
    """Return what an engine can hold its containers to, from Docker's answer on itself.

    C(cpus) is the most that it takes, 0 where it can't limit them; C(pids) and C(swap) are whether it can. An engine
    refuses more processors than there are, and forgets the others where the kernel's cgroups are without them.
    """
    return {
        "cpus": info["NCPU"] if info["CpuCfsPeriod"] and info["CpuCfsQuota"] else 0,
        "pids": info["PidsLimit"],
        "swap": info["SwapLimit"],
    }


def image_ids(images: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Return name → id of images as Docker lists them: names with a tag, and with the digest that a registry gave."""
    names = {image["Id"]: [*(image["RepoTags"] or []), *(image["RepoDigests"] or [])] for image in images}
    return {name: image_id for image_id, of_image in names.items() for name in of_image}


def container(inspected: Mapping[str, Any], image: Optional[Mapping[str, Any]]) -> dict[str, Any]:
    """Return what makes a container, from Docker's answers on it and on its image, which may be gone.

    C(image) (the name that it was made from), C(image_id), C(state), C(command), C(entrypoint), C(environment)
    (variable → SHA-256 of its value, which may be secret), C(labels), C(working_dir), C(user) and C(host_config), as
    Docker has it; C(of_image) is what its image says of those that make a program.
    """
    config = inspected["Config"]
    return {
        "image": config["Image"],
        "image_id": inspected["Image"],
        "state": inspected["State"]["Status"],
        "user": config["User"],
        "host_config": inspected["HostConfig"],
        **_program(config),
        "of_image": _program((image or {}).get("Config") or {}),
    }


def _program(config: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "command": config.get("Cmd") or [],
        "entrypoint": config.get("Entrypoint") or [],
        "environment": hashed(dict(entry.split("=", 1) for entry in config.get("Env") or [] if "=" in entry)),
        "labels": config.get("Labels") or {},
        "working_dir": config.get("WorkingDir") or "",
    }


def hashed(environment: Mapping[str, Any]) -> dict[str, str]:
    """Return variable → SHA-256 of its value."""
    return {name: hashlib.sha256(str(value).encode()).hexdigest() for name, value in environment.items()}


def podman(run: RunProgram, proc: Path = Path("/proc")) -> dict[str, Any]:
    """Return Podman's images (name → id) and pods, with the containers of the lab's pods. Needs Podman.

    A pod of the lab's is Dead where Podman takes it for Running, and its processes are gone.
    """
    images = json.loads(run(["podman", "images", "--format", "json"]) or "[]")
    pods = json.loads(run(["podman", "pod", "ps", "--format", "json"]) or "[]")
    ours = [
        each["Id"]
        for pod in pods
        if "monitor-lab-service" in (pod.get("Labels") or {})
        for each in pod["Containers"]
        if each["Id"] != pod["InfraId"]
    ]
    inspected = json.loads(run(["podman", "container", "inspect", *ours])) if ours else []
    return {
        "images": {name: image["Id"] for image in images for name in image.get("Names") or []},
        "pods": {
            pod["Name"]: {
                "state": _state(pod, inspected, proc),
                "labels": pod.get("Labels") or {},
                "infra_container": pod["InfraId"],
                "containers": [pod_container(each) for each in inspected if each["Pod"] == pod["Id"]],
            }
            for pod in pods
        },
    }


def _state(pod: Mapping[str, Any], inspected: Iterable[Mapping[str, Any]], proc: Path) -> str:
    """Return a pod's state. Podman goes by what conmon left in /run, which outlives a reboot where it is on a disk."""
    status: str = pod["Status"]
    watches = {
        each["Id"]: _command_line(proc / str(each["State"].get("ConmonPid", 0)))
        for each in inspected
        if each["Pod"] == pod["Id"]
    }
    return "Dead" if status == "Running" and any(one not in watches[one] for one in watches) else status


def pod_container(inspected: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a pod's container is made of: C(name), C(image), C(environment) (hashed), C(memory) in bytes."""
    return {
        "name": inspected["Name"],
        "image": inspected["ImageName"],
        "environment": _program({"Env": inspected["Config"].get("Env")})["environment"],
        "memory": inspected["HostConfig"]["Memory"],
    }
