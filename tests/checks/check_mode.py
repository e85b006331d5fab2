# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""Check mode changes nothing, whatever a module says of itself: its source was read, or its task is left out there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

FOLDERS = ("roles", "playbooks")
GUARD = "not ansible_check_mode"
# Ansible's own are trusted, and so are those of this collection, which have tests for it.
OWN = ("ansible.builtin.", "devsecops.monitor_lab.")
# Of other collections, those whose source was read, in the versions of requirements.txt: they ask whether it is check
# mode before each change, or say that they don't support it, and then Ansible leaves them out.
READ = {
    "community.docker.docker_container",
    "community.docker.docker_container_exec",
    "community.docker.docker_container_info",
    "community.docker.docker_image_export",
    "community.docker.docker_image_info",
    "community.docker.docker_image_load",
    "community.docker.docker_image_pull",
    "community.docker.docker_image_push",
    "community.docker.docker_image_remove",
    "community.docker.docker_image_tag",
    "community.docker.docker_prune",
    "community.docker.docker_volume",
    "community.general.ufw",
    "containers.podman.podman_image",
    "containers.podman.podman_load",
    "containers.podman.podman_network",
    "containers.podman.podman_volume",
    "kubernetes.core.k8s",
    "kubernetes.core.k8s_cluster_info",
    "kubernetes.core.k8s_info",
    "kubernetes.core.k8s_log",
    "kubernetes.core.k8s_scale",
}
# Say that they support check mode, and change things there too.
UNTRUE = {"containers.podman.podman_play"}


def tasks_in(document: Any, conditions: tuple[str, ...] = ()) -> Iterator[tuple[dict[str, Any], tuple[str, ...]]]:
    """Yield each task of a playbook or of a file of tasks, with its conditions and those of the blocks around it."""
    for entry in document if isinstance(document, list) else []:
        when = entry.get("when", [])
        all_of = (*conditions, *(when if isinstance(when, list) else [when]))
        yield entry, all_of
        for section in ("tasks", "pre_tasks", "post_tasks", "handlers", "block", "rescue", "always"):
            yield from tasks_in(entry.get(section), all_of)


def fault(module: str, task: dict[str, Any], conditions: tuple[str, ...]) -> str:
    """Return what check mode may change by a task of a module; empty where that is nothing."""
    arguments = task[module] if isinstance(task[module], dict) else {}
    if task.get("check_mode") is False:
        only_reads = module == "ansible.builtin.uri" and arguments.get("method", "GET") in ("GET", "HEAD")
        if not (only_reads or module.endswith("_info") or task.get("changed_when") is False):
            return "runs in check mode, and does not say changed_when: false"
    if module in UNTRUE and GUARD not in conditions:
        return f"changes things in check mode: add `{GUARD}` to its `when`"
    if not module.startswith(OWN) and module not in UNTRUE | READ:
        return "read in its source whether it changes things in check mode, then name it in tests/checks/check_mode.py"
    return ""


def findings(path: Path, text: str) -> list[str]:
    """Return the tasks in the file at `path`, relative to the checkout, that may change something in check mode."""
    if path.suffix != ".yml" or path.parts[0] not in FOLDERS:
        return []
    return [
        f"{path.as_posix()}: {task.get('name', '')}: {module}: {said}"
        for document in yaml.safe_load_all(text)
        for task, conditions in tasks_in(document)
        for module in task
        if module.count(".") == 2 and (said := fault(module, task, conditions))
    ]
