# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""A Docker and a Podman of the tests' own, beside those that the machine may have; both need root."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._lab.host import podman_ulimits

from tests.integration.locust_exporter.harness import process
from tests.waiting import wait_until


class Engine:
    """All that it has is in `home`, its containers in `folder`; these run what the machine itself has in /usr."""

    def __init__(self, command: list[str], home: str, folder: str, env: dict[str, str] | None = None) -> None:
        self._command = command
        self._home = home
        self._env = {**os.environ, **(env or {})}
        self.folder = Path(home, folder)

    def answers(self) -> bool:
        return subprocess.run([*self._command, "info"], capture_output=True, env=self._env, check=False).returncode == 0

    def _done(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        # Where it is called, Podman's conmon leaves a file of each kill for want of memory.
        return subprocess.run(
            [*self._command, *arguments], capture_output=True, text=True, cwd=self._home, env=self._env, check=False
        )

    def __call__(self, *arguments: str) -> str:
        done = self._done(*arguments)
        assert done.returncode == 0, f"{arguments}: {done.stderr}"
        return done.stdout

    def _has_removed(self, *remove: str) -> bool:
        # Podman refuses to remove one that ends at this moment.
        containers = self("ps", "--all", "--quiet").split()
        return not containers or self._done(*remove, *containers).returncode == 0

    def run(self, name: str, script: str, *options: str) -> None:
        usual = ("--detach", "--name", name, "--network", "host", "--volume", "/usr:/usr:ro")
        self("run", *usual, *options, "test:1", "/bin/sh", "-c", script)

    def inspect(self, name: str) -> dict[str, Any]:
        (found,) = json.loads(self("inspect", name))
        assert isinstance(found, dict)
        return found

    @contextlib.contextmanager
    def with_image(self, *remove: str) -> Iterator[Engine]:
        """It has an image of links alone, as in a Debian whose /usr is merged; its containers go in the end."""
        with tempfile.TemporaryDirectory() as name:
            for link in ("bin", "lib", "lib64", "sbin"):
                Path(name, link).symlink_to(f"usr/{link}")
            with tarfile.open(f"{name}.tar", "w") as archive:
                archive.add(name, arcname=".")
        self("import", f"{name}.tar", "test:1")
        Path(f"{name}.tar").unlink()
        try:
            yield self
        finally:
            wait_until("its containers are gone", lambda: self._has_removed(*remove))


def processes() -> list[str]:
    """The command lines of all, each as one text."""
    return [" ".join(process.info["cmdline"] or ()) for process in psutil.process_iter(["cmdline"])]


@contextlib.contextmanager
def docker() -> Iterator[Engine]:
    with tempfile.TemporaryDirectory() as name:
        listen = f"--host=unix://{name}/socket"
        engine = Engine(["docker", listen], name, "data/containers")
        paths = [f"--data-root={name}/data", f"--exec-root={name}/run", f"--pidfile={name}/pid"]
        daemon = ["dockerd", *paths, listen, "--bridge=none", "--iptables=false"]
        try:
            with process(daemon, ready=engine.answers), engine.with_image("rm", "--force"):
                yield engine
        finally:
            # Of the host's network; it outlives its engine.
            subprocess.run(["umount", f"{name}/run/netns/default"], check=True)


@contextlib.contextmanager
def podman() -> Iterator[Engine]:
    with tempfile.TemporaryDirectory() as name:
        settings = Path(name, "containers.conf")
        settings.write_text(f"[containers]\ndefault_ulimits = {json.dumps(podman_ulimits())}\n")
        paths = [f"--root={name}/data", f"--runroot={name}/run", f"--tmpdir={name}/tmp"]
        command = ["podman", *paths, "--cgroup-manager=cgroupfs", "--storage-driver=vfs"]
        engine = Engine(command, name, "data/vfs-containers", {"CONTAINERS_CONF": str(settings)})
        try:
            with engine.with_image("rm", "--force", "--time=0"):
                yield engine
        finally:
            # It looks after each container once more when that has ended.
            wait_until("Podman has ended", lambda: not any(name in command for command in processes()))
