# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""The load on a cluster, on the node of the Molecule scenario `kubernetes`: a worker as a pod against one on the host.

A worker is a process on one core, and nginx on another answers it. More than one core is not measured: the node is this
machine. Takes about ten minutes, and a quarter of an hour more where Kubernetes has yet to be built.
"""

from __future__ import annotations

import getpass
import itertools
import json
import os
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from benchmarks import Row
from benchmarks._nginx import nginx
from benchmarks._test_hosts import SITE, Groups, Hosts
from tests.checks.tree import CHECKOUT
from tests.role_readme import load

SCENARIO = CHECKOUT / "molecule" / "kubernetes"
LOAD_RUN = CHECKOUT / "playbooks" / "load_run.yml"
NODE = "molecule-kubernetes-node1"
LOCUSTFILE = """
from lean_http_user import LeanHttpUser
from locust import FastHttpUser, constant, task
class Fast(FastHttpUser):
    wait_time = constant(0)
    @task
    def look(self): self.client.get("/")
class Lean(LeanHttpUser):
    wait_time = constant(0)
    @task
    def look(self): self.client.get("/")
"""
# As fast as Locust's own is, and with the lab's, of which a pod's way through the node's bridge takes a part.
USERS = {"Fast": 0.9, "Lean": None}
# In turns, and the best of each counts: what else the machine does can only slow a round down.
ROUNDS = 2
SCALED_TO = 3
KILLED_AFTER = 15

ON_CLUSTER: Groups = {"locust": ["cluster"], "kubernetes_nodes": ["node1"]}
ON_HOST: Groups = {"locust": ["node1"], "locust_workers": ["node1"]}


class Node:
    """The scenario's node, with Locust as pods on its cluster and as containers beside."""

    def __init__(self, hosts: Hosts, url: str, locustfile: Path) -> None:
        self._hosts = hosts
        self._runs = 0
        self._settings = {"locust_file": str(locustfile), "locust_host": url, "locust_arguments": ["--class-picker"]}

    def deploy(self, groups: Groups) -> None:
        self._play(SITE, groups)

    def run(self, groups: Groups, **options: object) -> dict[str, Any]:
        """Return the summary of a run, with its samples, and when its playbook began as "played"."""
        self._runs += 1
        artifacts = self._hosts.scratch / f"run{self._runs}"
        told = {"artifacts_dir": str(artifacts), "spawn_rate": 100, **options}
        played = time.time()
        self._play(LOAD_RUN, groups, **{f"locust_run_{name}": value for name, value in told.items()})
        (summary,) = artifacts.glob("*/summary.json")
        samples = (summary.parent / "samples.jsonl").read_text(encoding="utf-8").splitlines()
        read: dict[str, Any] = json.loads(summary.read_text(encoding="utf-8"))
        return {**read, "played": played, "samples": [json.loads(line) for line in samples]}

    def _play(self, playbook: Path, groups: Groups, **variables: object) -> None:
        cluster = load(SCENARIO / "inventory.yml")["tokenization"]["hosts"]["cluster"]
        # It is this machine, where nobody of the node's users is.
        here = {"cluster": {**cluster, "ansible_user": getpass.getuser()}}
        self._hosts.play(playbook, groups, here, **self._settings, **variables)

    def kill_a_worker(self) -> None:
        """As the node's kernel would, where memory is short."""
        find = "docker ps --quiet --filter name=k8s_locust_locust-workers | head -n 1"
        subprocess.run(["docker", "exec", NODE, "sh", "-c", f"docker kill --signal=KILL $({find})"], check=True)


def molecule(scratch: Path, command: str) -> None:
    environment = {**os.environ, "MOLECULE_EPHEMERAL_DIRECTORY": str(scratch)}
    subprocess.run(["molecule", command, "--scenario-name", "kubernetes"], cwd=CHECKOUT, env=environment, check=True)


@contextmanager
def node() -> Iterator[Node]:
    with tempfile.TemporaryDirectory() as folder:
        hosts = Hosts(Path(folder), ["node1"])
        locustfile = hosts.scratch / "locustfile.py"
        locustfile.write_text(LOCUSTFILE, encoding="utf-8")
        try:
            # Which prepares it, too.
            molecule(hosts.scratch, "create")
            cores = sorted(os.sched_getaffinity(0))
            with nginx(hosts.scratch, cores[-1], address_towards(hosts)) as target:
                yield Node(hosts, target.url, locustfile)
        finally:
            molecule(hosts.scratch, "destroy")


def address_towards(hosts: Hosts) -> str:
    """Return this machine's address as the node, and what runs there, sees it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as toward:
        # Of UDP nothing is sent.
        toward.connect((hosts.reached()["hosts"]["node1"]["ansible_host"], 9))
        address: str = toward.getsockname()[0]
    return address


def rate(summary: dict[str, Any]) -> float:
    overall = summary["stats"]["overall"]
    assert overall["num_failures"] == 0, summary["errors"]
    return float(overall["rps"])


def seconds_to_load(summary: dict[str, Any]) -> float:
    return datetime.fromisoformat(summary["started"]).timestamp() - float(summary["played"])


def seconds_to_full_load(summary: dict[str, Any], killed: float) -> float:
    """Return the time from there until all users run on all workers again. SystemExit where none of them went."""
    later = [sample for sample in summary["samples"] if sample["time"] > killed]
    users = summary["settings"]["users"]
    short = [
        number for number, one in enumerate(later) if one["workers"] < one["workers_wanted"] or one["users"] < users
    ]
    if not short or short[-1] + 1 == len(later):
        raise SystemExit(f"after {killed:.0f} it was not seen that a worker went and came: {later}")
    return float(later[short[-1] + 1]["time"]) - killed


def measure() -> list[Row]:
    with node() as there:
        there.deploy(ON_CLUSTER)
        there.deploy(ON_HOST)
        rates: dict[tuple[str, str], list[float]] = {}
        waits = []
        for _round, user in itertools.product(range(ROUNDS), USERS):
            for place, groups in (("pod", ON_CLUSTER), ("host", ON_HOST)):
                summary = there.run(groups, users=50, user_classes=[user], time="20s", warmup="5s")
                rates.setdefault((user, place), []).append(rate(summary))
                if place == "pod":
                    waits.append(seconds_to_load(summary))
        scaled = seconds_to_load(there.run(ON_CLUSTER, users=3, time="5s", workers=SCALED_TO))
        killed: list[float] = []

        def kill() -> None:
            killed.append(time.time())
            there.kill_a_worker()

        timer = threading.Timer(min(waits) + KILLED_AFTER, kill)
        timer.start()
        seconds = seconds_to_full_load(there.run(ON_CLUSTER, users=6, time="60s", workers=2), killed[0])
    best = {key: max(each) for key, each in rates.items()}
    return [
        *(
            Row(
                f"requests/s of one worker, as a pod and on the host: {user}HttpUser",
                f"{best[user, 'pod']:.0f}/s",
                f"{best[user, 'host']:.0f}/s",
                best[user, "pod"] / best[user, "host"],
                wanted,
                at_least=True,
            )
            for user, wanted in USERS.items()
        ),
        Row(
            f"from the command to load, with {SCALED_TO} workers for the run and with the one that is there",
            f"{scaled:.1f} s",
            f"{min(waits):.1f} s",
            scaled / min(waits),
        ),
        Row("from a worker that is killed to full load", f"{seconds:.1f} s", "", seconds),
    ]
