# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""The load that one core makes: LeanHttpUser beside FastHttpUser, the seed's locustfile, wrk and k6.

Each generator has one core, and nginx another. Rates are requests by second of the generator's own processor time,
which is requests/s where it has its core to itself, and holds on a machine that does something else meanwhile. Takes
about eight minutes. Needs the Debian packages nginx-light and wrk; k6 where K6 names its program.
"""

from __future__ import annotations

import json
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks import Row
from benchmarks._nginx import Target, nginx
from tests.checks.tree import CHECKOUT

HERE = Path(__file__).parent
LOCUST = CHECKOUT / "files" / "locust"
SEED = CHECKOUT / "tests" / "integration" / "locustfile" / "seed_locustfile.txt"
# The seed's wait time is a line of its own; what differs must be the client alone.
WITHOUT_WAIT = "\nTokenizationServiceUser.wait_time = lambda self: 0\n"
# As the shipped locustfile had it: looking for cookies with every request costs a tenth of the rate.
WITHOUT_COOKIES = "\nTokenizationServiceUser.on_start = lambda self: setattr(self.client.client, 'cookiejar', None)\n"
WITHOUT_COOKIES_AND_STORED = """
def _begin(self):
    self.stored = set()
    self.client.client.cookiejar = None
TokenizationServiceUser.on_start = _begin
"""
THROUGHPUT = "\nfrom locust import constant_throughput\nTokenizationServiceUser.wait_time = constant_throughput({})\n"
USERS = 50
MANY_USERS = 5000
SECONDS = 4
MOST_FAILURES = 0.02
# In turns, and the best of each counts: what else the machine does can only slow a round down.
ROUNDS = 5

Measured = dict[str, float]


def on_fast_http_user(text: str, begin: str = WITHOUT_COOKIES) -> str:
    """Return a locustfile with FastHttpUser in place of LeanHttpUser."""
    imported = text.replace("from lean_http_user import LeanHttpUser", "from locust import FastHttpUser")
    return imported.replace("(LeanHttpUser):", "(FastHttpUser):") + begin


def locust(text: str, url: str, core: int, users: int = USERS, **environment: str) -> Measured:
    """Let users of a locustfile ask without a token, on one core; return what _measured.py finds.

    Raises RuntimeError where more fails than is meant to: failures have a rate of their own.
    """
    with tempfile.TemporaryDirectory() as name:
        file, found = Path(name) / "load.py", Path(name) / "found"
        file.write_text(text, encoding="utf-8")
        command = ["taskset", "-c", str(core), sys.executable, "-m", "locust"]
        load = ["-f", f"{file},{HERE / '_measured.py'}", "--headless", "--host", url]
        load += ["--users", str(users), "--spawn-rate", str(min(users, 1000))]
        run = subprocess.run(
            [*command, *load, "--only-summary", "--exit-code-on-error", "0"],
            env={
                **os.environ,
                "PYTHONPATH": str(LOCUST),
                "MEASURE_SECONDS": str(SECONDS),
                "MEASURE_FILE": str(found),
                **environment,
            },
            capture_output=True,
            text=True,
            check=False,
        )
        if not found.exists():
            raise RuntimeError(f"Locust ended with {run.returncode}:\n{run.stderr}")
        measured: Measured = json.loads(found.read_text(encoding="utf-8"))
    if measured["failures"] > MOST_FAILURES * measured["requests"]:
        raise RuntimeError(f"{measured['failures']:.0f} of {measured['requests']:.0f} requests failed:\n{run.stdout}")
    return measured


def rate(measured: Measured) -> float:
    return measured["requests"] / measured["processor_seconds"]


def of_program(command: list[str], core: int, environment: dict[str, str], pattern: str) -> float:
    """Run another generator; return its requests by second of its processor time."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    run = subprocess.run(
        ["taskset", "-c", str(core), *command],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    made = re.search(pattern, run.stdout)
    if made is None:
        raise RuntimeError(f"not a report of {command[0]}:\n{run.stdout}")
    return int(made[1]) / (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def wrk(url: str, core: int) -> float:
    program = shutil.which("wrk")
    if program is None:
        raise SystemExit("wrk is what this benchmark compares with: apt-get install wrk")
    command = [program, "--threads", "1", "--connections", str(USERS), "--duration", f"{SECONDS}s"]
    return of_program(
        [*command, "--script", str(HERE / "_post.lua"), f"{url}/tokenize"], core, {}, r"(\d+) requests in"
    )


def k6(program: str, url: str, core: int) -> float:
    command = [program, "run", "--quiet", "--vus", str(USERS), "--duration", f"{SECONDS}s", str(HERE / "_post.js")]
    environment = {"GOMAXPROCS": "1", "URL": f"{url}/tokenize"}
    return of_program(command, core, environment, r"http_reqs[.]*: *(\d+)")


def processor_seconds(pid: int) -> float:
    """Return the user and system time that the process has used (`man 5 proc_pid_stat`, fields 14 and 15)."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure() -> list[Row]:
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        raise RuntimeError("this benchmark needs two cores: one for the generator, one for its target")
    with tempfile.TemporaryDirectory() as folder, nginx(Path(folder), cores[1]) as target:
        return compare(target, cores[0])


def compare(target: Target, core: int) -> list[Row]:
    shipped = (LOCUST / "locustfile.py").read_text(encoding="utf-8")
    endpoints = (HERE / "_endpoints.py").read_text(encoding="utf-8")
    shipped_on_fast = on_fast_http_user(shipped, WITHOUT_COOKIES_AND_STORED)

    def over_tls(text: str) -> float:
        return rate(locust(text + WITHOUT_WAIT, target.tls_url, core, SSL_CERT_FILE=str(target.ca_file)))

    turns: dict[str, Any] = {
        "shipped": lambda: rate(locust(shipped + WITHOUT_WAIT, target.url, core)),
        "fast": lambda: rate(locust(shipped_on_fast + WITHOUT_WAIT, target.url, core)),
        "seed": lambda: rate(locust(SEED.read_text(encoding="utf-8") + WITHOUT_WAIT, target.url, core)),
        "wrk": lambda: wrk(target.url, core),
        "shipped, TLS": lambda: over_tls(shipped),
        "fast, TLS": lambda: over_tls(shipped_on_fast),
        "endpoints": lambda: rate(locust(endpoints, target.url, core)),
        "endpoints, fast": lambda: rate(locust(on_fast_http_user(endpoints), target.url, core)),
    }
    if program := os.environ.get("K6"):
        turns["k6"] = lambda: k6(program, target.url, core)
    rates: dict[str, list[float]] = {name: [] for name in turns}
    busy = 0.0
    for number in range(ROUNDS):
        for name, turn in turns.items():
            before = processor_seconds(target.pid)
            rates[name].append(turn())
            if name != "wrk":
                busy = max(busy, (processor_seconds(target.pid) - before) / SECONDS)
        print(f"round {number + 1}: " + ", ".join(f"{name} {rates[name][-1]:,.0f}" for name in turns), flush=True)
    best = {name: max(found) for name, found in rates.items()}

    def row(what: str, one: str, other: str, least: float) -> Row:
        return Row(what, f"{best[one]:,.0f}", f"{best[other]:,.0f}", best[one] / best[other], least, at_least=True)

    rows = [
        row("requests/s per core, shipped / seed's", "shipped", "seed", 10),
        row("requests/s per core, shipped / on FastHttpUser", "shipped", "fast", 2.5),
        row("requests/s per core, shipped / wrk", "shipped", "wrk", 0.14),
        row("over TLS, shipped / on FastHttpUser", "shipped, TLS", "fast, TLS", 2),
        row("40 endpoints, 1 % failures, / on FastHttpUser", "endpoints", "endpoints, fast", 2.5),
    ]
    if "k6" in best:
        rows.append(row("requests/s per core, shipped / k6", "shipped", "k6", 1.3))
    rows.append(Row("busy share of the target's core", f"{busy:.0%}", "", busy, 0.85))
    return [
        *rows,
        *waiting(shipped, shipped_on_fast, target.url, core),
        *times(shipped, best["fast"], target.url, core),
    ]


def waiting(shipped: str, shipped_on_fast: str, url: str, core: int) -> list[Row]:
    """Measure many users with the seed's waiting times: their memory, and the processor that they take."""
    # Until the connections are made, and all users are in step.
    warm = {"MEASURE_WARM_SECONDS": "10"}
    few, few_on_fast = (locust(text, url, core, 10, **warm) for text in (shipped, shipped_on_fast))
    many, many_on_fast = (locust(text, url, core, MANY_USERS, **warm) for text in (shipped, shipped_on_fast))

    def memory(many: Measured, few: Measured) -> float:
        return (many["memory_mb"] - few["memory_mb"]) / (MANY_USERS - 10) * 1000

    ours, theirs = memory(many, few), memory(many_on_fast, few_on_fast)
    share = many["processor_seconds"] / many["seconds"]
    made = many["requests"] / many["seconds"]
    of_fast = many_on_fast["processor_seconds"] / many_on_fast["seconds"]
    return [
        Row("memory of 1,000 waiting users, / FastHttpUser's", f"{ours:.1f} MB", f"{theirs:.1f} MB", ours / theirs, 1),
        Row(
            f"share of a core of {MANY_USERS:,} users ({made:,.0f} requests/s)",
            f"{share:.2f}",
            f"{of_fast:.2f} on FastHttpUser",
            share,
            0.35,
        ),
    ]


def times(shipped: str, highest: float, url: str, core: int) -> list[Row]:
    """Compare the unrounded response times at half of FastHttpUser's highest rate."""
    throughput = THROUGHPUT.format(highest / 2 / USERS)
    texts = {"lean": shipped, "fast": on_fast_http_user(shipped, WITHOUT_COOKIES_AND_STORED)}
    found: dict[str, list[Measured]] = {"lean": [], "fast": []}
    for _round in range(ROUNDS):
        for name, text in texts.items():
            found[name].append(locust(text + throughput, url, core, MEASURE_TIMES="1"))
    rows = []
    for key, what in (("p50_ms", "p50"), ("p95_ms", "p95")):
        ours, theirs = (min(one[key] for one in found[name]) for name in ("lean", "fast"))
        # 5 %, or a tenth of a millisecond where that is more: as a share of it.
        allowed = max(0.05 * theirs, 0.1)
        rows.append(
            Row(
                f"{what} at half of FastHttpUser's rate, how much longer, of what is allowed",
                f"{ours:.3f} ms",
                f"{theirs:.3f} ms",
                (ours - theirs) / allowed,
                1,
            )
        )
    return rows
