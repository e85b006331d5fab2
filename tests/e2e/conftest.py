# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""A clone of the checkout, as a newcomer has it, with secrets of its own; only downloads are shared."""

from __future__ import annotations

import contextlib
import hashlib
import os
import platform
import re
import signal
import subprocess
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import docker
import pytest
import requests
from jinja2.nativetypes import NativeEnvironment

from tests.checks.tree import CHECKOUT, copy_as_collection
from tests.made_up import table_of
from tests.role_readme import load

MINUTES = 60
DEFAULTS = load(CHECKOUT / "roles" / "monitor_lab" / "defaults" / "main.yml")
# A lab may be without Grafana: no registry of this machine has it.
SERVICES = [entry for entry in table_of(CHECKOUT) if "required" not in entry]


def default_port(variable: str) -> int:
    """The port of a lab without a cluster, which has others."""
    return int(NativeEnvironment().from_string(str(DEFAULTS[variable])).render(monitor_lab_has_load_cluster=False))


PORTS = {default_port(variable): entry["name"] for entry in SERVICES for variable in entry["ports"]}
URLS = {entry["name"]: f"http://127.0.0.1:{default_port(entry['ports'][0])}" for entry in SERVICES}


CONFIG = Path("/etc/monitor_lab")
# For the part that makes a bundle of them (molecule/offline/prepare.yml).
IMAGES = CHECKOUT / "artifacts" / "tests" / "cache" / "images"
VOLUMES = (Path("/var/lib/docker/volumes"), Path("/var/lib/containers/storage/volumes"))


def volumes() -> frozenset[str]:
    """The volumes of both engines, read from the disk: removal stops an engine that the lab had started."""
    return frozenset(folder.name for volumes in VOLUMES for folder in volumes.glob("*") if folder.is_dir())


@dataclass(frozen=True)
class Played:
    """What one call printed, and how it ended."""

    code: int
    output: str

    @property
    def recap(self) -> dict[str, int]:
        """ok, changed, failed … of the one host."""
        found = re.findall(r"^localhost +: (.*)$", self.output, re.MULTILINE)
        assert found, self.output[-4000:]
        return {name: int(count) for name, count in re.findall(r"(\w+)=(\d+)", found[-1])}

    @property
    def message(self) -> str:
        """The output as one line, since Ansible wraps messages."""
        return " ".join(self.output.split())


@dataclass(frozen=True)
class Lab:
    checkout: Path
    secrets: Path
    volumes_before: frozenset[str]
    first: Played | None = None

    @property
    def environment(self) -> dict[str, str]:
        return {**os.environ, "XDG_CONFIG_HOME": str(self.secrets.parent), "PWD": str(self.checkout)}

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            arguments,
            cwd=self.checkout,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def call(self, *arguments: str) -> Played:
        process = self.start(*arguments)
        try:
            output = process.communicate(timeout=40 * MINUTES)[0]
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            raise
        return Played(process.returncode, output)

    def __call__(self, *arguments: str) -> Played:
        return self.call("./lab", *arguments)

    def together(self, *calls: Sequence[str]) -> list[Played]:
        """What changes nothing need not wait for one another; two at a time, since a play keeps a processor busy."""
        with ThreadPoolExecutor(2) as pool:
            return list(pool.map(lambda arguments: self.call(*arguments), calls))

    def interrupted(self, task: str, *arguments: str) -> int:
        """Ctrl-C as a terminal sends it, to the whole foreground group, as soon as a task of that name begins.

        Pressed again where nothing comes of it: Python drops one that comes in a destructor; and Ansible ends its
        workers, and where one of them holds the lock of the queue of results at that moment, Ansible itself waits for
        that lock for ever.
        """
        process = self.start("./lab", *arguments)
        assert process.stdout
        for line in process.stdout:
            if line.startswith("TASK") and task in line:
                break
        while process.poll() is None:
            os.killpg(process.pid, signal.SIGINT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.communicate(timeout=5)
        return process.returncode

    def containers(self) -> dict[str, Any]:
        found = docker.from_env().containers.list(all=True, filters={"name": "monitor-lab-"})
        return {str(container.name): container for container in found}

    def secret(self, name: str) -> str:
        return (self.secrets / name).read_text()


def listed(*command: str) -> list[str]:
    """What an engine's own command prints, in order."""
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return sorted(done.stdout.splitlines())


def files(*folders: Path) -> dict[str, tuple[int, int, int, str]]:
    """path: owner, group, mode and a digest of the content"""
    found = {}
    for path in sorted(path for folder in folders for path in (folder, *folder.rglob("*"))):
        status = path.lstat()
        content = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
        found[str(path)] = (status.st_uid, status.st_gid, status.st_mode, content)
    return found


def state(lab: Lab) -> dict[str, object]:
    """All that the lab has put on this machine."""
    containers = {
        name: (container.id, container.attrs["State"]["StartedAt"]) for name, container in lab.containers().items()
    }
    return {
        "containers": containers,
        "pods": listed("podman", "pod", "ps", "--no-trunc", "--format", "{{.ID}} {{.Status}}"),
        "pods' containers": listed(
            "podman", "ps", "--all", "--no-trunc", "--format", "{{.ID}} {{.Exited}} {{.StartedAt}}"
        ),
        "networks": listed("podman", "network", "ls", "--quiet") + listed("docker", "network", "ls", "--quiet"),
        "volumes": sorted(volumes()),
        "images": listed("podman", "images", "--quiet") + listed("docker", "images", "--quiet"),
        "files": files(CONFIG, Path("/etc/containers"), lab.secrets, lab.checkout / "artifacts"),
    }


def query(expression: str) -> list[dict[str, Any]]:
    answer = requests.get(f"{URLS['prometheus']}/api/v1/query", params={"query": expression}, timeout=10)
    answer.raise_for_status()
    found: list[dict[str, Any]] = answer.json()["data"]["result"]
    return found


def tokenize(name: str) -> None:
    """Have the service keep something under a name."""
    stored = requests.post(f"{URLS['tokenization']}/tokenize", json={"name": name, "data": "kept"}, timeout=10)
    assert stored.status_code == 200, stored.text


def detokenize(name: str, token: str) -> requests.Response:
    return requests.post(
        f"{URLS['tokenization']}/detokenize",
        json={"name": name},
        headers={"Authorization": f"Bearer {token}"},
        timeout=10,
    )


def keep_image(reference: str, images: Path) -> None:
    """As a controller does in that folder of its cache."""
    images.mkdir(parents=True, exist_ok=True)
    kept = images / f"{reference.rsplit('/')[-1].replace(':', '-')}-{platform.machine()}.tar.gz"
    with kept.open("wb") as file, subprocess.Popen(["docker", "save", reference], stdout=subprocess.PIPE) as saved:
        subprocess.run(["gzip", "-1"], stdin=saved.stdout, stdout=file, check=True)


def docker_images() -> list[str]:
    """The lab's own that it runs."""
    found = listed("docker", "images", "--format", "{{.Repository}}:{{.Tag}}", "localhost/monitor-lab/*")
    return [reference for reference in found if "/debian:" not in reference]


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """The lab as `./lab up` brings it up the first time. Whoever has one running here already keeps it."""
    folder = tmp_path_factory.mktemp("lab")
    checkout = copy_as_collection(folder)
    assert not (checkout / ".venv").exists()
    # By what it has on the disk: an engine that is stopped can't be asked.
    taken = [name for name in volumes() if name.startswith("monitor-lab-")] + [str(CONFIG)] * CONFIG.exists()
    assert not taken, f"a lab, or the data of one, is here already; ./lab down first: {taken}"
    lab = Lab(checkout, folder / "config" / "monitor_lab", volumes())
    first = lab("up")
    try:
        assert first.code == 0, first.output[-6000:]
        for reference in docker_images():
            keep_image(reference, IMAGES)
        yield replace(lab, first=first)
    finally:
        lab("down", "--purge")
