# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""What 10, 25 and 50 hosts of workers cost the controller in a `site.yml` that changes nothing: memory and time.

So many hosts are one container under as many names, each with an ssh connection of its own. It has the processors of
one machine, those of the controller, so the time is more than that of real hosts.
"""

from __future__ import annotations

import json

from benchmarks import Row
from benchmarks._line import straight_line
from benchmarks._play import Played, unchanged
from benchmarks._test_hosts import SITE, Hosts, test_hosts

HOSTS = (10, 25, 50)
# In turns, and the best of each counts: what else the machine does can only slow a round down.
ROUNDS = 2
# Of one daemon, as many connections begin at once as Ansible has forks.
MORE_CONNECTIONS = {
    "name": "Let many connect at once",
    "hosts": "locust_workers",
    "gather_facts": False,
    "become": True,
    "tasks": [
        {
            "name": "Let many connect at once",
            "ansible.builtin.copy": {
                "content": "MaxStartups 100\n",
                "dest": "/etc/ssh/sshd_config.d/many.conf",
                "mode": "0644",
            },
        },
        {"name": "Reload", "ansible.builtin.service": {"name": "ssh", "state": "reloaded"}},
    ],
}


def on_many(hosts: Hosts, count: int) -> Played:
    """Play `site.yml` on the workers' host under so many names. The master is not among them: it is somewhere else."""
    reached = hosts.reached()["hosts"]
    # Ansible shares a connection between names with one address; the folder is that of all its connections.
    named = {
        f"name{number}": {**reached["load1"], "ansible_control_path": f"%(directory)s/{number}"}
        for number in range(count)
    }
    master = reached["locust1"]["ansible_host"]
    groups = {"locust_workers": list(named)}
    done = unchanged(hosts.play(SITE, groups, named, monitor_lab_locust_address=master, monitor_lab_exposed=True))
    print(
        f"{count} hosts: {done.seconds:.1f} s, {done.processor_seconds:.1f} s of the controller's processors, "
        f"{done.memory_mb:.0f} MB",
        flush=True,
    )
    return done


def measure() -> list[Row]:
    both = {"locust": ["locust1"], "locust_workers": ["load1"]}
    with test_hosts(["locust1", "load1"]) as hosts:
        connections = hosts.scratch / "connections.yml"
        # JSON is YAML.
        connections.write_text(json.dumps([MORE_CONNECTIONS]), encoding="utf-8")
        hosts.play(connections, both)
        # Open, as hosts without the master among them are that have one address: a lab of one machine.
        hosts.play(SITE, both, monitor_lab_exposed=True)
        rounds = [{count: on_many(hosts, count) for count in HOSTS} for _round in range(ROUNDS)]
    most = max(HOSTS)
    seconds = {count: min(done[count].seconds for done in rounds) for count in HOSTS}
    processor = {count: min(done[count].processor_seconds for done in rounds) for count in HOSTS}
    memory = {count: max(done[count].memory_mb for done in rounds) for count in HOSTS}
    rows = []
    for what, unit, points in (
        ("wall time", "s", seconds),
        ("the controller's processor time", "s", processor),
        ("memory of the controller's largest process", "MB", memory),
    ):
        line = straight_line(points)
        print(f"{what}: {line.text(unit)}")
        rows += [
            Row(f"{what}, {most} hosts, {unit}", f"{points[most]:.1f} {unit}", "", points[most]),
            Row(f"{what}, each further host, {unit}", f"{line.each:.3f} {unit}", "", line.each),
        ]
    return rows
