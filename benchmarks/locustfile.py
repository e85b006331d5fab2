# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""The shipped locustfile against the seed's: one Locust process each, and a trivial target on another core."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks import Row
from tests.checks.tree import CHECKOUT

SHIPPED = CHECKOUT / "files" / "locust" / "locustfile.py"
SEED = CHECKOUT / "tests" / "integration" / "locustfile" / "seed_locustfile.txt"
# The seed's wait time is a line of its own; what differs must be the client alone.
WITHOUT_WAIT = "\nTokenizationServiceUser.wait_time = lambda self: 0\n"
USERS = 50
SECONDS = 5
# In turns, and the best of each counts: what else the machine does can only slow a round down.
ROUNDS = 5


@contextlib.contextmanager
def target(core: int) -> Iterator[tuple[int, str]]:
    """Run the trivial target on `core`; yield its process id and its URL."""
    command = ["taskset", "-c", str(core), sys.executable, "-m", "benchmarks._target"]
    with subprocess.Popen(command, cwd=CHECKOUT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process.pid, f"http://127.0.0.1:{process.stdout.readline().strip()}"
        finally:
            process.terminate()


def cpu_seconds(pid: int) -> float:
    """Return the user and system time that the process has used (`man 5 proc_pid_stat`, fields 14 and 15)."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def requests_per_second(locustfile: Path, url: str, core: int, token_file: Path) -> float:
    command = ["taskset", "-c", str(core), sys.executable, "-m", "locust", "-f", str(locustfile), "--host", url]
    load = ["--headless", "--users", str(USERS), "--spawn-rate", str(USERS), "--run-time", f"{SECONDS}s"]
    environment = {**os.environ, "TOKENIZATION_BEARER_TOKEN_FILE": str(token_file), "TOKENIZATION_URL": url}
    run = subprocess.run(
        [*command, *load, "--reset-stats", "--only-summary", "--json"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if run.returncode != 0:
        raise RuntimeError(f"{locustfile.name} ended with {run.returncode}:\n{run.stderr}")
    rows = json.loads(run.stdout)
    seconds = max(row["last_request_timestamp"] for row in rows) - min(row["start_time"] for row in rows)
    return float(sum(row["num_requests"] for row in rows) / seconds)


def measure() -> list[Row]:
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        raise RuntimeError("this benchmark needs two cores: one for Locust, one for its target")
    rates: dict[str, list[float]] = {"shipped": [], "seed": []}
    busy = 0.0
    with tempfile.TemporaryDirectory() as folder, target(cores[1]) as (pid, url):
        files = {"shipped": SHIPPED, "seed": SEED}
        for name, path in files.items():
            files[name] = Path(folder) / f"{name}.py"
            files[name].write_text(path.read_text(encoding="utf-8") + WITHOUT_WAIT, encoding="utf-8")
        token_file = Path(folder) / "token"
        token_file.write_text("any", encoding="ascii")
        for _round in range(ROUNDS):
            for name, path in files.items():
                before = cpu_seconds(pid)
                rates[name].append(requests_per_second(path, url, cores[0], token_file))
                busy = max(busy, (cpu_seconds(pid) - before) / SECONDS)
    shipped, seed = (max(rates[name]) for name in ("shipped", "seed"))
    return [
        Row("requests/s, shipped / seed's", f"{shipped:,.0f}", f"{seed:,.0f}", shipped / seed, 3.5, at_least=True),
        Row("busy share of the target's core", f"{busy:.0%}", "", busy, 0.85, at_least=False),
    ]
