# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""What a reboot of a machine without systemd leaves of a lab, made without one."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psutil

from tests.e2e.conftest import Lab, listed

# The lab's, where there is no systemd, and the package's.
DOCKER_PID_FILES = (Path("/run/monitor-lab-docker.pid"), Path("/run/docker.pid"))
CONTAINERD_PID_FILE = Path("/run/docker/containerd/containerd.pid")
POD = "tokenization-service-pod-0"
# Of both engines, in /run.
RUNNING = [Path("/run", name) for name in ("docker", "docker.sock", "containers", "libpod", "runc", "crun")]
MOUNTED = ("/var/lib/docker/", "/var/lib/containers/", *(f"{path}/" for path in RUNNING))


def docker_process() -> int:
    return int(next(file for file in DOCKER_PID_FILES if file.exists()).read_text())


def kill_docker() -> None:
    os.kill(docker_process(), signal.SIGKILL)


def others(lab: Lab) -> list[str]:
    """Return the containers of both engines that are not the lab's."""
    on_podman = listed("podman", "ps", "--pod", "--format", "{{.PodName}} {{.Names}}")
    on_docker = set(listed("docker", "ps", "--format", "{{.Names}}")) - lab.containers().keys()
    return [*(line for line in on_podman if not line.startswith(f"{POD} ")), *sorted(on_docker)]


def end_all(lab: Lab) -> None:
    """End Docker, what both engines have beside each container of the lab, and the containers, in the order in which
    nothing is started again."""
    pod = ("podman", "ps", f"--filter=pod={POD}", "--no-trunc", "--format", "{{.ID}} {{.Pid}}")
    containers = {container.id: int(container.attrs["State"]["Pid"]) for container in lab.containers().values()}
    containers.update((identity, int(process)) for identity, process in map(str.split, listed(*pod)))
    docker = psutil.Process(docker_process())
    engine = [docker, *docker.children(recursive=True)]
    beside = [
        process
        for process in psutil.process_iter(["cmdline"])
        if any(identity in (process.info["cmdline"] or []) for identity in containers)
    ]
    inside = [psutil.Process(number) for number in containers.values()]
    inside += [child for process in inside for child in process.children(recursive=True)]
    for process in [*engine, *beside, *inside]:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    _gone, alive = psutil.wait_procs([*engine, *beside, *inside], timeout=20)
    assert not alive, f"still there: {alive}"


def empty_run() -> None:
    """Leave no mount, and of /run nothing that an engine has put there, as where it is in memory."""
    places = [line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    for place in reversed([place for place in places if place.startswith(MOUNTED)]):
        subprocess.run(["umount", "--lazy", place], check=True)
    for path in (*RUNNING, *DOCKER_PID_FILES):
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


@contextlib.contextmanager
def numbers_of_others() -> Iterator[None]:
    """Meanwhile a process that is none of them has the numbers that the engine had, as where /run is on a disk."""
    with subprocess.Popen(["sleep", "infinity"]) as other:
        try:
            for path in (DOCKER_PID_FILES[0], CONTAINERD_PID_FILE):
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(f"{other.pid}")
            yield
            assert other.poll() is None, "somebody else's process was ended"
        finally:
            other.kill()
