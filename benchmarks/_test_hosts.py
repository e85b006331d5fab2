# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""Hosts to measure on: those of the Molecule scenarios, containers with systemd that are reached over ssh.

They work on the same processors as the controller, which those of a real lab don't.
"""

from __future__ import annotations

import contextlib
import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks._play import Played, play
from tests.checks.tree import CHECKOUT
from tests.role_readme import ROLES, load

SHARED = CHECKOUT / "molecule" / "shared"
SITE = CHECKOUT / "site.yml"
# There already, so that the first deployment does not install them on all hosts at once.
PACKAGES = load(ROLES / "monitor_lab" / "vars" / "distributions" / "Debian.yml")["monitor_lab_distribution"]["packages"]
ENGINE = PACKAGES["docker"] + PACKAGES["modules"]

Groups = Mapping[str, Sequence[str]]
Names = Mapping[str, Mapping[str, str]]


class Hosts:
    """The hosts, and plays on some of them. An inventory names no others: each costs time, also where nothing runs."""

    def __init__(self, scratch: Path, names: Sequence[str]) -> None:
        self.scratch = scratch
        self._all = {name: {"test_host_release": "bookworm", "test_host_packages": ENGINE} for name in names}
        self._plays = 0
        # What create.yml writes the hosts' addresses into.
        (scratch / "inventory").mkdir()

    def create(self) -> None:
        self._manage("create.yml")

    def destroy(self) -> None:
        self._manage("destroy.yml")

    def _manage(self, playbook: str) -> None:
        groups = self._written("hosts.yml", {"test_hosts": {"hosts": self._all}})
        self._play(SHARED / playbook, [self.scratch / "inventory", groups])

    def reached(self) -> dict[str, Any]:
        """Return the group of the hosts as an inventory has it: how each is reached."""
        group: dict[str, Any] = load(self.scratch / "inventory" / "test_hosts.yml")["test_hosts"]
        return group

    def play(self, playbook: Path, groups: Groups, more_names: Names | None = None, **variables: object) -> Played:
        """Play it on the hosts of these groups; hosts may have more names than they were made with."""
        reached = self.reached()
        known = {**reached["hosts"], **(more_names or {})}
        members = {name: known[name] for names in groups.values() for name in names}
        inventory = {
            "all": {
                "vars": {
                    "monitor_lab_secrets_dir": str(self.scratch / "secrets"),
                    "monitor_lab_artifacts_dir": str(self.scratch / "artifacts"),
                    # No run is made; its users would load nobody.
                    "locust_host": "http://127.0.0.1:1",
                    "locust_worker_processes": 1,
                    **variables,
                }
            },
            "test_hosts": {"vars": reached["vars"], "hosts": members},
            **{group: {"hosts": {name: {} for name in names}} for group, names in groups.items()},
        }
        return self._play(playbook, [self._written("groups.yml", inventory)])

    def _written(self, name: str, inventory: dict[str, Any]) -> Path:
        path = self.scratch / name
        # JSON is YAML.
        path.write_text(json.dumps(inventory), encoding="utf-8")
        return path

    def _play(self, playbook: Path, inventories: Sequence[Path]) -> Played:
        self._plays += 1
        return play(
            playbook,
            inventories,
            MOLECULE_EPHEMERAL_DIRECTORY=str(self.scratch),
            MOLECULE_SCENARIO_NAME="bench",
            ANSIBLE_HOST_KEY_CHECKING="false",
            # Every play connects anew, as one that is called by itself does.
            ANSIBLE_SSH_CONTROL_PATH_DIR=str(self.scratch / f"ssh{self._plays}"),
        )


@contextlib.contextmanager
def test_hosts(names: Sequence[str]) -> Iterator[Hosts]:
    with tempfile.TemporaryDirectory() as folder:
        hosts = Hosts(Path(folder), names)
        try:
            hosts.create()
            yield hosts
        finally:
            hosts.destroy()
