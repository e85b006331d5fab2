# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the monitor_lab contributors
"""A Locust that is started for one run, with its web interface, and is gone afterwards."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import urllib.parse
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Optional

from .client import LocustClient, LocustError
from .plan import BadOptionError, Plan
from .state import Launched
from .timing import Clock

# How long Locust may take to answer after its start, and how long it outlives a run whose controller died.
START = 30
REST = 60
# What Locust writes, in the run's directory.
LOG = "locust.log"


def check(options: Mapping[str, Any], plan: Plan) -> None:
    """Refuse what would keep Locust from starting; starts nothing that stays."""
    command = _command(options)
    locustfile = options["locustfile"]
    if not locustfile or not Path(locustfile).exists():
        raise BadOptionError("locustfile", f"mode=process needs a locustfile on this host; {locustfile!r} is not there")
    address = _address(options["locust_url"])
    with contextlib.suppress(OSError), socket.create_connection(address, timeout=2):
        raise BadOptionError(
            "locust_url", f"something listens on {address[0]}:{address[1]}; mode=process starts its own Locust there"
        )
    if plan.user_classes:
        listed = subprocess.run(
            [command, "-f", locustfile, "--list"], stdout=subprocess.PIPE, text=True, check=False
        ).stdout
        unknown = sorted(set(plan.user_classes) - {line.strip() for line in listed.splitlines()})
        if unknown:
            raise BadOptionError("user_classes", f"{locustfile} has no {', '.join(unknown)}")


def launch(options: Mapping[str, Any], plan: Plan, client: LocustClient, directory: Path, clock: Clock) -> Launched:
    """Start Locust and wait until it answers; return what `terminate` needs. `directory` is private to this run."""
    check(options, plan)
    config = directory / "locust.conf"
    # In a file, because a command line can be read by every user of the host.
    config.touch(mode=0o600, exist_ok=False)
    config.write_text("".join(f"{name} = {value}\n" for name, value in _settings(options, plan).items()))
    limit = plan.run_time + plan.expect_workers_max_wait + START + REST
    with (directory / LOG).open("wb") as log:
        process = subprocess.Popen(
            # Where the controller dies, nobody else ends the process.
            ["timeout", "--kill-after=5", str(limit), _command(options), "--config", str(config)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    launched = Launched(process.pid, _born(process.pid))
    give_up = clock.time() + START
    while True:
        try:
            client.overview()
            return launched
        except LocustError as error:
            ended = process.poll() is not None
            if ended or not error.transient or clock.time() >= give_up:
                last = (directory / LOG).read_text(errors="replace").strip().splitlines()[-1:]
                terminate(launched, clock)
                raise LocustError(f"Locust did not start: {(last or [str(error)])[0]}") from None
        clock.sleep(0.25)


def terminate(launched: Launched, clock: Clock) -> None:
    """End the Locust that `launch` started, with all processes that it made."""
    for number, patience in ((signal.SIGTERM, 3.0), (signal.SIGKILL, 1.0)):
        give_up = clock.time() + patience
        while _born(launched.pid) == launched.born:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(launched.pid, number)
            if clock.time() >= give_up:
                break
            clock.sleep(0.2)


def _born(pid: int) -> Optional[str]:
    """Return when a process was started, in the kernel's ticks (proc(5), field 22), or None where it has ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] == "Z" else fields[19]


def _command(options: Mapping[str, Any]) -> str:
    command: Optional[str] = shutil.which(options["locust_command"])
    if command is None:
        raise BadOptionError("locust_command", f"{options['locust_command']} is not a command on this host")
    return command


def _address(url: str) -> tuple[str, int]:
    parts = urllib.parse.urlsplit(url)
    return parts.hostname or "127.0.0.1", parts.port or (443 if parts.scheme == "https" else 80)


def _settings(options: Mapping[str, Any], plan: Plan) -> dict[str, str]:
    host, port = _address(options["locust_url"])
    base_path = urllib.parse.urlsplit(options["locust_url"]).path.rstrip("/")
    tags: list[str] = options["tags"] or []
    return {
        **{name.replace("_", "-"): value for name, value in plan.locust_options.items()},
        "locustfile": options["locustfile"],
        "web-host": host,
        "web-port": str(port),
        **({"web-base-path": base_path} if base_path else {}),
        **({"tags": f"[{', '.join(tags)}]"} if tags else {}),
        # Lets the run choose its user classes, and keeps a LoadTestShape of the locustfile from taking over.
        "class-picker": "true",
    }
