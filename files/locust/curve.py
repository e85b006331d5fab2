# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""A Locust plugin: master and workers prove to each other who they are, and what they say is encrypted (CURVE).

Without it whoever reaches the master's port gets the locustfile, is a worker, and ends a run. LOCUST_CURVE_DIR names
the folder with the keys, as ZeroMQ writes them: the master's has `master.key` and `worker.pub`, the workers' have
`worker.key` and `master.pub`. Load it beside the locustfile of both; it needs Locust 2.15.1 or newer:

    LOCUST_CURVE_DIR=keys locust -f locustfile.py,curve.py --master
    LOCUST_CURVE_DIR=keys locust -f locustfile.py,curve.py --worker
"""

from __future__ import annotations

import functools
import logging
import os
import struct
import sys
import time
from pathlib import Path
from typing import Any

import gevent
import zmq.green as zmq
from locust.rpc import zmqrpc
from zmq.utils import z85

log = logging.getLogger(__name__)

DOMAIN = b"locust"
# Who is refused asks again several times a second.
LOG_SECONDS = 60


def with_curve(make):
    @functools.wraps(make)
    def made(self, sock_type, *arguments):
        make(self, sock_type, *arguments)
        folder = Path(os.environ["LOCUST_CURVE_DIR"])
        secure = secure_master if sock_type == zmq.ROUTER else secure_worker
        secure(self.socket, folder)

    return made


def secure_master(socket: Any, folder: Path) -> None:
    socket.setsockopt(zmq.CURVE_SERVER, 1)
    socket.setsockopt(zmq.CURVE_SECRETKEY, key(folder / "master.key"))
    # Nobody joins where the check below can't be asked.
    socket.setsockopt(zmq.ZAP_DOMAIN, DOMAIN)
    socket.setsockopt(zmq.ZAP_ENFORCE_DOMAIN, 1)
    checks = socket.context.socket(zmq.REP)
    checks.bind("inproc://zeromq.zap.01")
    gevent.spawn(check_keys, checks, z85.decode(key(folder / "worker.pub")))


def check_keys(checks: Any, expected: bytes) -> None:
    """Answer ZeroMQ, which asks about each connection (https://rfc.zeromq.org/spec/27/)."""
    logs_again = 0.0
    while True:
        version, request, _domain, address, _identity, _mechanism, *keys = checks.recv_multipart()
        right = keys == [expected]
        if not right and time.monotonic() >= logs_again:
            logs_again = time.monotonic() + LOG_SECONDS
            log.warning("A worker at %s was refused: its key is not the workers'", address.decode())
        verdict = (b"200", b"OK") if right else (b"400", b"not the workers' key")
        checks.send_multipart([version, request, *verdict, b"", b""])


def secure_worker(socket: Any, folder: Path) -> None:
    secret = key(folder / "worker.key")
    socket.setsockopt(zmq.CURVE_SERVERKEY, key(folder / "master.pub"))
    socket.setsockopt(zmq.CURVE_PUBLICKEY, zmq.curve_public(secret))
    socket.setsockopt(zmq.CURVE_SECRETKEY, secret)


def key(path: Path) -> bytes:
    try:
        text = path.read_bytes().strip()
    except OSError as error:
        sys.exit(f"curve: a key of LOCUST_CURVE_DIR can't be read: {error}")
    try:
        usable = len(text) == 40 and len(z85.decode(text)) == 32
    except (KeyError, struct.error):
        usable = False
    if not usable:
        sys.exit(f"curve: {path} must hold a CURVE key, 40 characters of Z85")
    return text


if os.environ.get("LOCUST_CURVE_DIR"):
    if not zmq.has("curve"):
        sys.exit("curve: this ZeroMQ can't encrypt; install pyzmq from PyPI")
    # Locust makes a socket and gives it its address in one go; this lies between.
    zmqrpc.BaseSocket.__init__ = with_curve(zmqrpc.BaseSocket.__init__)  # type: ignore[method-assign]  # that is meant
