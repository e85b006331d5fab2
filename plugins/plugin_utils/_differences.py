# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the monitor_lab contributors
"""What of a service on a host differs from what is wanted, in words; both are data."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Optional

from ansible.module_utils.common.yaml import yaml_load

from ..module_utils._lab.host import hashed
from ._load_files import environment_text
from ._values import memory_bytes

WantedFile = Mapping[str, Any]
"""An entry of the argument C(files_wanted) of the role C(files)."""

WantedContainer = Mapping[str, Any]
"""The argument C(container_wanted) of the role C(container)."""

Looked = Mapping[str, Any]
"""What M(devsecops.monitor_lab.lab_host_info) returned for the host."""

# The journal limits itself (journald.conf(5), SystemMaxUse): a tenth of its file system where nothing else is set.
_LOG = {
    True: {"log_driver": "journald", "log_options": {}},
    False: {"log_driver": "json-file", "log_options": {"max-size": "10m", "max-file": "3"}},
}

# Podman's own default, which its pod has: Locust's processes on a large machine are fewer, with all their threads, and
# what goes on making processes ends before the host's are used up.
_PIDS = 2048

# Of Docker's HostConfig, what is never wanted and community.docker.docker_container leaves as it is where no option
# names it: what `docker update` changes, and what gives a container more than the lab does. Each is unset as null, 0,
# -1, false or empty.
_UNSTATED = (
    "Binds",
    "BlkioWeight",
    "CapAdd",
    "CpuPeriod",
    "CpuQuota",
    "CpuRealtimePeriod",
    "CpuRealtimeRuntime",
    "CpuShares",
    "CpusetCpus",
    "CpusetMems",
    "DeviceRequests",
    "Devices",
    "GroupAdd",
    "MemoryReservation",
    "PidMode",
    "Privileged",
    "UTSMode",
    "UsernsMode",
)


def differences(
    looked: Looked,
    files: Sequence[WantedFile] = (),
    containers: Iterable[WantedContainer] = (),
    pod: Optional[str] = None,
    further: Optional[Mapping[str, Any]] = None,
) -> list[str]:
    """Return what differs on a host from these files, containers and pod (the text of its manifest).

    `further` are sentences, each with whether it is true.
    """
    found = file_differences(files, looked["files"])
    for container in wanted_ones(containers):
        found += container_differences(container, looked)
    if pod is not None:
        found += pod_differences(pod, (looked["podman"] or {}).get("pods", {}))
    return found + [sentence for sentence, is_true in (further or {}).items() if is_true]


def wanted_ones(entries: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the files or containers whose C(wanted) is true or not said."""
    return [dict(entry) for entry in entries if entry.get("wanted", True)]


def file_differences(wanted: Sequence[WantedFile], seen: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Return what differs between the files of a service and those that a host has."""
    found = [fault for file in whole_files(wanted) for fault in _faults(file, seen.get(file["path"]))]
    return found + [f"{path} does not belong there" for path in strays(wanted, seen)]


def due_files(wanted: Iterable[WantedFile], seen: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return those of the files, whole, that a host has not or has otherwise."""
    return [file for file in whole_files(wanted) if _faults(file, seen.get(file["path"]))]


def _faults(file: Mapping[str, Any], there: Optional[Mapping[str, Any]]) -> list[str]:
    if there is None:
        return [f"{file['path']} is not there"]
    if there["kind"] != file["state"]:
        return [f"{file['path']} is a {there['kind']}"]
    found = [f"{file['path']} has another {name}" for name in ("owner", "group", "mode") if there[name] != file[name]]
    if file["state"] == "file" and there["sha256"] != _sha256(file):
        found.append(f"{file['path']} has another content")
    return found


def strays(wanted: Sequence[WantedFile], seen: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Return the paths that do not belong into a folder that is the lab's alone, and those of another kind than wanted.

    What lies below such a path goes with it, and is not told.
    """
    files = whole_files(wanted)
    kinds = {file["path"]: file["state"] for file in files}
    alone = [f"{file['path']}/" for file in files if file["whole"]]
    found: list[str] = []
    for path in sorted(seen):
        below = path in kinds or any(path.startswith(folder) for folder in alone)
        if below and seen[path]["kind"] != kinds.get(path) and not any(path.startswith(f"{one}/") for one in found):
            found.append(path)
    return found


def whole_files(wanted: Iterable[WantedFile]) -> list[dict[str, Any]]:
    """Return the files that are wanted with what they leave out: root's own, for all to read, and no secret."""
    return [
        {
            "state": "file",
            "mode": "0755" if file.get("state") == "directory" else "0644",
            "secret": False,
            "whole": False,
            **file,
            # Ansible before 2.19 makes text of what a template works out.
            "owner": int(file.get("owner", 0)),
            "group": int(file.get("group", 0)),
        }
        for file in wanted_ones(wanted)
    ]


def files_hash(wanted: Iterable[Mapping[str, Any]]) -> str:
    """Return SHA-256 over names and contents of files that the role C(files) takes, cut to twelve digits."""
    digest = hashlib.sha256()
    for file in wanted:
        if file.get("state", "file") == "file":
            digest.update(f"\0{file['path']}\0{_sha256(file)}".encode())
    return digest.hexdigest()[:12]


def _sha256(file: Mapping[str, Any]) -> str:
    return hashlib.sha256(content_of(file)).hexdigest()


def content_of(file: Mapping[str, Any]) -> bytes:
    """Return what is to be in a file."""
    return Path(file["src"]).read_bytes() if "src" in file else str(file["content"]).encode()


def container_module_options(wanted: WantedContainer, looked: Looked) -> dict[str, Any]:
    """Return all options of M(community.docker.docker_container), with whether a container that is there has to go."""
    return {**container_options(wanted, looked), "recreate": bool(container_unstated(wanted, looked))}


def container_options(wanted: WantedContainer, looked: Looked) -> dict[str, Any]:
    """Return the options of M(community.docker.docker_container) that make a container in the lab's only form.

    A limit that the host's engine can't hold it to is None.
    """
    held = (looked["docker"] or {"limits": {"cpus": 0, "pids": False, "swap": False}})["limits"]
    memory = memory_bytes(wanted["memory"])
    environment = {"MONITOR_LAB_SERVICE": wanted["service"], **wanted.get("env", {})}
    return {
        "name": wanted["name"],
        "image": wanted["image"],
        "command": list(wanted["command"]),
        "env": {name: environment_text(value) for name, value in environment.items()},
        "labels": {"monitor_lab.service": wanted["service"], "monitor_lab.files": wanted.get("files", "")},
        "user": str(wanted["user"]),
        "mounts": [*wanted.get("mounts", ()), *(_seen(folder) for folder in wanted.get("sees", ()))],
        "tmpfs": ["/tmp"],
        "memory": memory,
        # That of both together: none of it is swapped.
        "memory_swap": memory if held["swap"] else None,
        "cpus": min(float(wanted.get("cpus", 1)), held["cpus"]) or None,
        "pids_limit": _PIDS if held["pids"] else None,
        "network_mode": "host",
        "read_only": True,
        "cap_drop": ["ALL"],
        "security_opts": ["no-new-privileges"],
        "working_dir": wanted.get("workdir", ""),
        # One that is tried runs once, and Docker itself removes it then, whoever waits for it.
        # A Docker that was killed stops what it finds running when it is back; Docker 20.10 takes what runs
        # "unless-stopped" for stopped by somebody then.
        "restart_policy": "no" if wanted.get("tried") else "always",
        "auto_remove": wanted.get("tried", False),
        **_LOG[looked["ansible_facts"]["ansible_service_mgr"] == "systemd"],
    }


def _seen(folder: str) -> dict[str, Any]:
    # What is mounted in it stays out: read_only leaves that as it is, before Docker 25.
    return {"type": "bind", "source": folder, "target": f"/host{folder}", "read_only": True, "non_recursive": True}


def container_differences(wanted: WantedContainer, looked: Looked) -> list[str]:
    """Return what differs between a container and the one that the host has."""
    docker = looked["docker"] or {"containers": {}, "images": {}}
    name, there = wanted["name"], docker["containers"].get(wanted["name"])
    if there is None:
        return [f"container {name} is not there"]
    if there["state"] != "running":
        return [f"container {name} is {there['state']}"]
    options = container_options(wanted, looked)
    host, image = there["host_config"], there["of_image"]
    log = host.get("LogConfig") or {}
    pairs = {
        "image": ((options["image"], docker["images"].get(options["image"])), (there["image"], there["image_id"])),
        "command": (options["command"] or image["command"], there["command"]),
        "entrypoint": (image["entrypoint"], there["entrypoint"]),
        "environment": ({**image["environment"], **hashed(options["env"])}, there["environment"]),
        "labels": ({**image["labels"], **options["labels"]}, there["labels"]),
        "user": (options["user"], there["user"]),
        "mounts": (_mounts(options["mounts"]), _inspected_mounts(host.get("Mounts") or [])),
        "tmpfs": (options["tmpfs"], list(host.get("Tmpfs") or {})),
        "memory": (options["memory"], host.get("Memory")),
        "memory_swap": (options["memory_swap"], _limit(host, "MemorySwap")),
        "cpus": (_nano(options["cpus"]), _limit(host, "NanoCpus")),
        "pids_limit": (options["pids_limit"], _limit(host, "PidsLimit")),
        "workdir": (options["working_dir"] or image["working_dir"], there["working_dir"]),
        "network": (options["network_mode"], host.get("NetworkMode")),
        "read_only": (options["read_only"], host.get("ReadonlyRootfs")),
        "cap_drop": (options["cap_drop"], host.get("CapDrop")),
        "security_opts": (options["security_opts"], host.get("SecurityOpt")),
        "restart_policy": (options["restart_policy"], (host.get("RestartPolicy") or {}).get("Name")),
        "log": (
            (options["log_driver"], options["log_options"]),
            (log.get("Type"), log.get("Config") or {}),
        ),
    }
    named = [key for key, (ours, theirs) in pairs.items() if ours != theirs] + container_unstated(wanted, looked)
    return [f"container {name} has another {key}" for key in dict.fromkeys(named)]


def container_unstated(wanted: WantedContainer, looked: Looked) -> list[str]:
    """Return what differs that no option of M(community.docker.docker_container) puts right: made anew, it is gone."""
    there = ((looked["docker"] or {}).get("containers") or {}).get(wanted["name"])
    if there is None:
        return []
    options = container_options(wanted, looked)
    host, image = there["host_config"], there["of_image"]
    more = {
        "environment": there["environment"].keys() - options["env"].keys() - image["environment"].keys(),
        "labels": there["labels"].keys() - options["labels"].keys() - image["labels"].keys(),
        "mounts": set(_inspected_mounts(host.get("Mounts") or [])) - set(_mounts(options["mounts"])),
        "tmpfs": (host.get("Tmpfs") or {}).keys() - options["tmpfs"],
        "entrypoint": there["entrypoint"] != image["entrypoint"],
        **{key: host.get(key) not in (None, 0, -1, False, "", [], {}) for key in _UNSTATED},
    }
    return [name for name, has_more in more.items() if has_more]


def _limit(host: Mapping[str, Any], name: str) -> Optional[int]:
    """Return a limit of Docker's HostConfig; None where there is none, which Docker writes as null, 0 or -1."""
    return None if host.get(name) in (None, 0, -1) else int(host[name])


def _nano(cpus: Optional[float]) -> Optional[int]:
    return None if cpus is None else round(cpus * 10**9)


def _mounts(mounts: Iterable[Mapping[str, Any]]) -> list[tuple[Any, ...]]:
    return sorted(
        (
            mount["type"],
            mount["source"],
            mount["target"],
            mount.get("read_only", False),
            mount.get("non_recursive", False),
        )
        for mount in mounts
    )


def _inspected_mounts(mounts: Iterable[Mapping[str, Any]]) -> list[tuple[Any, ...]]:
    return sorted(
        (
            mount["Type"],
            mount["Source"],
            mount["Target"],
            mount.get("ReadOnly", False),
            (mount.get("BindOptions") or {}).get("NonRecursive", False),
        )
        for mount in mounts
    )


def pod_differences(manifest: str, pods: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Return what differs between the pod of a manifest and the one that Podman has, found by its label app."""
    template = yaml_load(manifest.encode())["spec"]["template"]
    app, labels = template["metadata"]["labels"]["app"], template["metadata"]["labels"]
    there = [pod for pod in pods.values() if pod["labels"].get("app") == app]
    if len(there) != 1:
        return [f"pod {app} is not there" if not there else f"pod {app} is there {len(there)} times"]
    (pod,) = there
    if pod["state"] != "Running":
        return [f"pod {app} is {pod['state']}"]
    found = [] if pod["labels"] == labels else ["labels"]
    for container in template["spec"]["containers"]:
        running = [one for one in pod["containers"] if one["name"].endswith(f"-{container['name']}")]
        environment = hashed({variable["name"]: variable["value"] for variable in container["env"]})
        if not running:
            found.append(f"containers: {container['name']} is not there")
            continue
        memory = int(container["resources"]["limits"]["memory"])
        found += ["image"] if running[0]["image"] != container["image"] else []
        found += ["memory"] if running[0]["memory"] != memory else []
        there_too = (running[0]["environment"].get(name) == value for name, value in environment.items())
        found += [] if all(there_too) else ["environment"]
    found += ["containers"] if len(pod["containers"]) != len(template["spec"]["containers"]) else []
    return [f"pod {app} has another {name}" for name in found]
