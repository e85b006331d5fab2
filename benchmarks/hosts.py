# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""What each further host of workers costs a `site.yml` that changes nothing, in pings on that host.

Both plays, on a Locust with 1, 2, 4 and 8 hosts of workers, take time along a straight line; their slopes are compared.
"""

from __future__ import annotations

from pathlib import Path

from benchmarks import Row
from benchmarks._line import straight_line
from benchmarks._play import Played, pings, unchanged
from benchmarks._test_hosts import SITE, Hosts, test_hosts

WORKER_HOSTS = (1, 2, 4, 8)
PINGS = 10
# In turns, and the best of each counts: what else the machine does can only slow a round down.
ROUNDS = 2


def groups(worker_hosts: int) -> dict[str, list[str]]:
    return {"locust": ["locust1"], "locust_workers": [f"load{number}" for number in range(1, worker_hosts + 1)]}


def played(hosts: Hosts, playbook: Path, worker_hosts: int) -> Played:
    done = unchanged(hosts.play(playbook, groups(worker_hosts)))
    print(
        f"{playbook.name} on {worker_hosts} hosts of workers: {done.seconds:.1f} s, "
        f"{done.processor_seconds:.1f} s of the controller's processors",
        flush=True,
    )
    return done


def measure() -> list[Row]:
    most = groups(max(WORKER_HOSTS))
    with test_hosts([*most["locust"], *most["locust_workers"]]) as hosts:
        ping = hosts.scratch / "ping.yml"
        ping.write_text(pings(PINGS, "all"), encoding="utf-8")
        hosts.play(SITE, most)
        rounds = [
            {(playbook, count): played(hosts, playbook, count) for count in WORKER_HOSTS for playbook in (SITE, ping)}
            for _round in range(ROUNDS)
        ]
    slopes = {}
    for playbook in (SITE, ping):
        line = straight_line({count: min(done[playbook, count].seconds for done in rounds) for count in WORKER_HOSTS})
        print(f"{playbook.name}: {line.text('s')}")
        slopes[playbook] = line.each
    site, one_ping = slopes[SITE], slopes[ping] / PINGS
    return [
        Row(
            "each further host of workers, in pings on that host",
            f"{site:.2f} s",
            f"{one_ping:.3f} s",
            site / one_ping,
            3,
        )
    ]
