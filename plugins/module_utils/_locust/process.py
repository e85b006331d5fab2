# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the monitor_lab contributors
"""A Locust that is started for one run, with its web interface, and is gone afterwards."""

from __future__ import annotations

import contextlib
import inspect
import json
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Optional

from . import inside
from .client import OLDEST, LocustClient, version_of
from .plan import BadOptionError, Plan
from .state import Launched
from .timing import Clock
from .transport import LocustError, address_of, port_of

# How long Locust outlives a run whose controller died.
REST = 60
# How long it has to end by itself where nobody asked for its exit code.
PATIENCE = 3.0
# What there is of it in the run's directory: what it wrote, its exit code, and what it loads first.
LOG = "locust.log"
EXIT = "exit"
INSIDE = "monitor_lab_run.py"
# How much of the log is brought.
MAX_LOG = 4 * 2**20


def check(options: Mapping[str, Any]) -> None:
    """Refuse what would keep Locust from starting; starts nothing."""
    _command(options)
    directory = options["chdir"]
    if directory is not None and not Path(directory).is_dir():
        raise BadOptionError("chdir", f"{directory} is no directory on this host")
    if not options["locustfile"]:
        raise BadOptionError("locustfile", "mode=process needs a locustfile on this host")
    for one in options["locustfile"].split(","):
        locustfile = one.strip()
        # Locust reads one from a URL, too.
        if not re.match("https?://", locustfile) and not Path(directory or "", locustfile).exists():
            raise BadOptionError("locustfile", f"{locustfile!r} is not there on this host")
    parts = address_of(options["locust_url"])
    host, port = parts.hostname or "", port_of(parts)
    with contextlib.suppress(OSError), socket.create_connection((host, port), timeout=2):
        raise BadOptionError(
            "locust_url", f"something listens on {host}:{port}; mode=process starts its own Locust there"
        )


def launch(options: Mapping[str, Any], plan: Plan, client: LocustClient, directory: Path, clock: Clock) -> Launched:
    """Start Locust and wait until it answers; return what `terminate` needs. `directory` is private to this run."""
    check(options)
    command = _command(options)
    settings = directory / inside.SETTINGS
    # In a file, because a command line can be read by every user of the host.
    settings.touch(mode=0o600, exist_ok=False)
    settings.write_text(json.dumps(_settings(options, plan)), encoding="utf-8")
    (directory / INSIDE).write_text(inspect.getsource(inside), encoding="utf-8")
    limit = plan.run_time + plan.expect_workers_max_wait + plan.start_max_wait + plan.stop_max_wait + REST
    with (directory / LOG).open("wb") as log:
        process = subprocess.Popen(  # pylint: disable=ansible-bad-function  # it outlives the module
            _kept(
                [*command, "-f", f"{directory / INSIDE},{options['locustfile']}"], directory, limit, plan.stop_max_wait
            ),
            cwd=options["chdir"],
            env=_environment(),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    launched = Launched(process.pid, _born(process.pid), str(directory))
    give_up = clock.time() + plan.start_max_wait
    while True:
        try:
            client.overview()
            return launched
        except LocustError as error:
            ended = process.poll() is not None
            if ended or not error.transient or clock.time() >= give_up:
                last = (read_log(launched).strip().splitlines() or [str(error)])[-1]
                terminate(launched, clock)
                if not ended and error.transient:
                    raise LocustError(
                        f"Locust did not answer within {plan.start_max_wait} s, which is start_max_wait: {last}"
                    ) from None
                old = _too_old(command, options) if ended else None
                raise LocustError(f"Locust did not start: {old or last}") from None
        clock.sleep(0.25)


def _kept(command: Sequence[str], directory: Path, limit: int, stop_max_wait: int) -> list[str]:
    """Return a command that ends another after so many seconds at the latest, and writes its exit code down.

    Where the controller dies, nobody else ends it; and whoever asks for its exit code is no parent of it.
    """
    keep = ["sh", "-c", 'trap : TERM; "$@"; echo $? >"$0"', str(directory / EXIT)]
    # What ends it is passed on, and then counts as its time being over.
    return [*keep, "timeout", f"--kill-after={stop_max_wait + 5}", str(limit), *command]


def terminate(launched: Launched, clock: Clock, patience: float = PATIENCE) -> Optional[int]:
    """End the Locust that `launch` started, with all processes that it made, and return its exit code.

    There is none where it had to be killed.
    """
    for number, seconds in ((signal.SIGTERM, patience), (signal.SIGKILL, 1.0)):
        _signal(launched, number)
        give_up = clock.time() + seconds
        while any(True for _one in _processes(launched)) and clock.time() < give_up:
            clock.sleep(0.1)
    try:
        return int(Path(launched.directory, EXIT).read_text())
    except (OSError, ValueError):
        return None


def cpu_seconds(launched: Launched) -> Optional[float]:
    """Return how much of a processor that Locust's processes, as far as they live, have used in all."""
    ticks = [int(fields[11]) + int(fields[12]) for _pid, fields in _processes(launched)]
    return sum(ticks) / os.sysconf("SC_CLK_TCK") if ticks else None


def read_log(launched: Launched) -> str:
    """Return what Locust wrote; of very much the end."""
    try:
        with Path(launched.directory, LOG).open("rb") as log:
            log.seek(max(0, log.seek(0, os.SEEK_END) - MAX_LOG))
            return log.read().decode(errors="replace")
    except OSError:
        return ""


def _signal(launched: Launched, number: int) -> None:
    for pid, fields in _processes(launched):
        # What is around Locust would only pass it on, and each makes Locust fire `quitting` once more.
        around = str(launched.pid) in (str(pid), fields[1])
        if number == signal.SIGKILL or not around:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)


def _processes(launched: Launched) -> Iterator[tuple[int, list[str]]]:
    """Yield each process of the session that `launch` began, with the fields of proc(5) from the third on.

    They stay when the one that began it is gone, as workers do whose master was killed. A session's number is not given
    to another process as long as there is one in it.
    """
    first = _stat(launched.pid)
    if first is not None and first[19] != launched.born:
        return
    for entry in Path("/proc").iterdir():
        fields = _stat(int(entry.name)) if entry.name.isdecimal() else None
        if fields is not None and fields[0] not in ("Z", "X") and fields[3] == str(launched.pid):
            yield int(entry.name), fields


def _stat(pid: int) -> Optional[list[str]]:
    try:
        return Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
    except OSError:
        return None


def _born(pid: int) -> Optional[str]:
    """Return when a process was started, in the kernel's ticks, or None where it has ended."""
    fields = _stat(pid)
    return None if fields is None else fields[19]


def _environment() -> dict[str, str]:
    """Return the environment without Locust's own settings, which would beat those of the run."""
    return {name: value for name, value in os.environ.items() if not name.startswith("LOCUST_")}


def _too_old(command: Sequence[str], options: Mapping[str, Any]) -> Optional[str]:
    """Say of a Locust that did not start that it is too old, if it is."""
    try:
        told = subprocess.run(  # pylint: disable=ansible-bad-function  # no module is known here
            [*command, "--version"],
            cwd=options["chdir"],
            env=_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=30,
            check=False,
        ).stdout
    except (OSError, subprocess.TimeoutExpired):
        return None
    match = re.search(r"locust (\d[\w.+-]*)", told.decode(errors="replace"))
    if match is None or version_of(match[1]) >= OLDEST:
        return None
    return f"this is Locust {match[1]}; 2.15.1 or newer is needed"


def _command(options: Mapping[str, Any]) -> list[str]:
    """Return the command's words; one with spaces in its path is one word."""
    command = options["locust_command"]
    try:
        words = [command] if shutil.which(command) else shlex.split(command)
    except ValueError as error:
        raise BadOptionError("locust_command", f"{command!r} is no command: {error}") from None
    # Found from here, not from chdir.
    found = shutil.which(words[0]) if words else None
    if found is None:
        raise BadOptionError("locust_command", f"{command} is not a command on this host")
    return [str(Path(found).absolute()), *words[1:]]


def _settings(options: Mapping[str, Any], plan: Plan) -> dict[str, Any]:
    parts = address_of(options["locust_url"])
    base_path = parts.path.rstrip("/")
    return {
        **{name: value for name, value in plan.locust_options.items() if value is not None},
        **(_own_master(plan) if "processes" in plan.locust_options else {}),
        "locustfile": options["locustfile"],
        "web_host": parts.hostname,
        "web_port": port_of(parts),
        **({"web_base_path": base_path} if base_path else {}),
        **({"tags": list(options["tags"])} if options["tags"] else {}),
        # Lets the run choose its user classes and its LoadTestShape.
        "class_picker": True,
    }


def _own_master(plan: Plan) -> dict[str, Any]:
    """Return where this run's own workers find their master, which no others should, nor they another."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    own = {"master_bind_host": "127.0.0.1", "master_bind_port": port, "master_host": "127.0.0.1", "master_port": port}
    return {name: value for name, value in own.items() if name not in plan.locust_options}
