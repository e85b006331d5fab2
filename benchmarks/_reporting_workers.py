# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""Workers that do nothing but report to a master, as Locust's do: a heartbeat each second, statistics each third.

python3 -m benchmarks._reporting_workers PORT WORKERS ENDPOINTS REQUESTS: of each endpoint in a report. Prints a line
when the master knows them all.
"""

from __future__ import annotations

import sys
import time
from typing import Any

import gevent
import msgpack
from locust import __version__
from locust.rpc import Message, zmqrpc
from locust.runners import HEARTBEAT_INTERVAL, WORKER_REPORT_INTERVAL
from locust.stats import RequestStats

# They spread over so many, as a busy service's do.
RESPONSE_TIMES = 40


def report(endpoints: int, requests: int) -> dict[str, Any]:
    """Return what a worker reports after three seconds of load."""
    stats = RequestStats(use_response_times_cache=False)
    for endpoint in range(endpoints):
        for request in range(requests):
            stats.log_request("GET", f"/endpoint/{endpoint}", 1 + request % RESPONSE_TIMES, 100)
    return {
        "stats": stats.serialize_stats(),
        "stats_total": stats.total.get_stripped_report(),
        "errors": {},
        "user_classes_count": {},
        "user_count": 0,
    }


def as_of_now(report: dict[str, Any], requests: int) -> bytes:
    """Return it packed, with the requests made in the last seconds."""
    now = time.time()
    seconds = {int(now) - ago: requests // 3 for ago in range(3)}
    for entry in (*report["stats"], report["stats_total"]):
        entry |= {"start_time": now - 3, "last_request_timestamp": now, "num_reqs_per_sec": seconds}
    return bytes(msgpack.packb(report))


def work(number: int, port: int, said: list[bytes], known: list[int]) -> None:
    name = f"reporting_{number}"
    client = zmqrpc.Client("127.0.0.1", port, name)
    client.send(Message("client_ready", __version__, name))
    assert client.recv().type == "ack"
    known.append(number)

    def listen() -> None:
        while True:
            client.recv()

    def beat() -> None:
        beat = {"state": "ready", "current_cpu_usage": 50, "current_memory_usage": 100_000_000}
        while True:
            client.send(Message("heartbeat", beat, name))
            gevent.sleep(HEARTBEAT_INTERVAL)

    gevent.spawn(listen)
    gevent.spawn(beat)
    # Real ones do not report all at once.
    gevent.sleep(WORKER_REPORT_INTERVAL * (number % 64) / 64)
    while True:
        # As Message has it; packing all of it for each would make this the one that is full.
        client.socket.send(b"\x93" + msgpack.packb("stats") + said[0] + msgpack.packb(name))
        gevent.sleep(WORKER_REPORT_INTERVAL)


def main(port: int, workers: int, endpoints: int, requests: int) -> None:
    now = report(endpoints, requests)
    said = [as_of_now(now, requests)]
    known: list[int] = []

    def keep_up() -> None:
        while True:
            gevent.sleep(1)
            said[0] = as_of_now(now, requests)

    gevent.spawn(keep_up)
    for number in range(workers):
        gevent.spawn(work, number, port, said, known)
    while len(known) < workers:
        gevent.sleep(0.1)
    print("known", flush=True)
    while True:
        gevent.sleep(60)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
