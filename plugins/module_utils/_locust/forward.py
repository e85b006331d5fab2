# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026, the monitor_lab contributors
"""A port of this machine that leads to a Locust on a Kubernetes cluster, for as long as one module call takes."""

from __future__ import annotations

import contextlib
import os
import re
import select
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from typing import IO, Any, Optional, cast

from .plan import BadOptionError
from .transport import LocustError, address_of, port_of, printable

# How long kubectl may take until it forwards, and to end.
START = 10.0
END = 3.0
# Ends kubectl as soon as nobody holds the other end of the pipe any longer: however this process ends.
KEPT = '"$@" </dev/null & exec >/dev/null 2>&1; read -r _; kill $!; wait'


@contextlib.contextmanager
def forwarded(options: Mapping[str, Any]) -> Iterator[Optional[int]]:
    """Yield the port of loopback at which Locust is now; none where C(locust_url) is to be taken as it is."""
    if options["kubernetes"] is None:
        yield None
        return
    process = subprocess.Popen(  # pylint: disable=ansible-bad-function  # it goes on beside the module
        ["sh", "-c", KEPT, "sh", *_command(options)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    # Both are there, since they were asked for.
    held, said = cast("IO[bytes]", process.stdin), cast("IO[bytes]", process.stdout)
    try:
        yield _port(said)
    finally:
        held.close()
        _await(process)
        said.close()


def _command(options: Mapping[str, Any]) -> list[str]:
    kubectl = shutil.which("kubectl")
    if kubectl is None:
        raise BadOptionError("kubernetes", "there is no kubectl on this host; install it, or set locust_url alone")
    where = options["kubernetes"]
    named = [f"--{name}={where[name]}" for name in ("kubeconfig", "context", "namespace") if where[name]]
    port = port_of(address_of(options["locust_url"]))
    return [kubectl, "port-forward", "--address=127.0.0.1", *named, f"service/{where['service']}", f":{port}"]


def _port(output: IO[bytes]) -> int:
    """Return the port that kubectl chose, when it says so."""
    said, give_up = b"", time.monotonic() + START
    while True:
        found = re.search(rb"Forwarding from 127\.0\.0\.1:(\d{1,5}) ", said)
        if found:
            return int(found[1])
        ready = select.select([output], [], [], max(0.0, give_up - time.monotonic()))[0]
        more = os.read(output.fileno(), 4096) if ready else b""
        if not more:
            text = printable(" ".join(said.decode(errors="replace").split())) or f"it said nothing for {START:.0f} s"
            raise LocustError(f"kubectl port-forward does not lead to Locust: {text}", transient=True)
        said += more


def _await(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(END)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
