# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""Who gets into the port of a real master, what is heard on the way there, and what ends it."""

from __future__ import annotations

import contextlib
import shutil
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
import zmq
from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._curve import make_pair
from zmq.utils.monitor import recv_monitor_message

from tests.integration.locustfile.conftest import free_port
from tests.integration.locustfile.plugin_locusts import USER_CLASS, Locusts, Started, locusts_of
from tests.locusts import EACH_VERSION
from tests.waiting import wait_until

# Each ends the listener of any version that reads it: no MessagePack, and a message whose data are none.
MALFORMED = (b"\xc1", b"\x93\xa9exception\xc0\xa1x", b"\x93\xaalocustfile\xc0\xa1x")
NOT_IN = "Failed to connect to master"
READY = b"\x93\xacclient_ready\xff\xa8stranger"
REFUSALS = zmq.EVENT_HANDSHAKE_FAILED_AUTH | zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL | zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL


class Keys:
    """The folders of a lab's master and workers, and of a stranger who has the master's public key."""

    def __init__(self, folder: Path) -> None:
        self.master, self.workers, self.stranger = (folder / name for name in ("master", "workers", "stranger"))
        for one in (self.master, self.workers, self.stranger):
            one.mkdir()
        master_secret, self.master_public = make_pair()
        worker_secret, worker_public = make_pair()
        self.stranger_secret, self.stranger_public = make_pair()
        (self.master / "master.key").write_text(master_secret + "\n")
        (self.master / "worker.pub").write_text(worker_public + "\n")
        (self.workers / "worker.key").write_text(worker_secret + "\n")
        (self.workers / "master.pub").write_text(self.master_public + "\n")
        (self.stranger / "worker.key").write_text(self.stranger_secret)
        shutil.copy(self.workers / "master.pub", self.stranger)


class Relay:
    """Carries bytes to a port, and keeps them."""

    def __init__(self, port: int) -> None:
        self._to = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self.heard = bytearray()
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            here = self._listener.accept()[0]
            try:
                there = socket.create_connection(("127.0.0.1", self._to))
            except OSError:
                # Workers try again.
                here.close()
                continue
            for ends in ((here, there), (there, here)):
                threading.Thread(target=self._carry, args=ends, daemon=True).start()

    def _carry(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError), source, sink:
            while data := source.recv(65536):
                self.heard += data
                sink.sendall(data)


class Master:
    """A master with its workers, which come through a relay."""

    def __init__(self, locusts: Locusts, *plugins: str, **environment: str) -> None:
        self._locusts = locusts
        self.port, web_port = free_port(), free_port()
        self._url = f"http://127.0.0.1:{web_port}"
        self.started = locusts.start(
            (*plugins, "watchdog"),
            *("--master", "--master-bind-host=127.0.0.1", f"--master-bind-port={self.port}"),
            *("--web-host=127.0.0.1", f"--web-port={web_port}", "--host=http://127.0.0.1:9"),
            **environment,
        )
        self.relay = Relay(self.port)

    def worker(self, *plugins: str, **environment: str) -> Started:
        master = ("--master-host=127.0.0.1", f"--master-port={self.relay.port}")
        return self._locusts.start(plugins, "--worker", "--loglevel=DEBUG", *master, **environment)

    def stats(self) -> dict[str, object]:
        answer = requests.get(f"{self._url}/stats/requests", timeout=10).json()
        assert isinstance(answer, dict)
        return answer

    def workers(self) -> list[object]:
        # Not there at first.
        found = self.stats().get("workers", [])
        assert isinstance(found, list)
        return found

    def wait_for_workers(self, count: int) -> None:
        wait_until(f"{count} workers are there", lambda: len(self.workers()) == count)

    def load(self) -> None:
        """Let the workers make load, and wait for what they tell of it."""
        form = {"user_count": "2", "spawn_rate": "2", "host": "http://127.0.0.1:9"}
        assert requests.post(f"{self._url}/swarm", data=form, timeout=30).json()["success"]
        wait_until("the users are there", lambda: (self.stats()["state"], self.stats()["user_count"]) == ("running", 2))


@pytest.fixture(params=EACH_VERSION)
def locusts(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Locusts]:
    with locusts_of(tmp_path, request.param) as locusts:
        yield locusts


def is_let_in(port: int, keys: tuple[str, str, str] | None = None) -> bool:
    """Send all that does harm, as anybody can who has ZeroMQ, and say whether the master took it.

    `keys` are a secret, its public one, and the master's.
    """
    with zmq.Context() as context, context.socket(zmq.DEALER) as stranger:
        stranger.setsockopt(zmq.LINGER, 0)
        stranger.setsockopt(zmq.IDENTITY, b"stranger")
        if keys:
            secret, public, masters = (key.encode() for key in keys)
            stranger.setsockopt(zmq.CURVE_SECRETKEY, secret)
            stranger.setsockopt(zmq.CURVE_PUBLICKEY, public)
            stranger.setsockopt(zmq.CURVE_SERVERKEY, masters)
        with stranger.get_monitor_socket(REFUSALS | zmq.EVENT_HANDSHAKE_SUCCEEDED) as monitor:
            stranger.connect(f"tcp://127.0.0.1:{port}")
            for message in (READY, *MALFORMED):
                stranger.send(message)
            assert monitor.poll(60_000)
            event = recv_monitor_message(monitor)["event"]
        if event == zmq.EVENT_HANDSHAKE_SUCCEEDED:
            # It is asked for something here, or has sent all.
            stranger.poll(1000)
            return True
        assert event & REFUSALS
        assert not stranger.poll(0)
        return False


def test_only_the_labs_workers_join_and_all_is_encrypted(locusts: Locusts, tmp_path: Path) -> None:
    keys = Keys(tmp_path)
    master = Master(locusts, "curve", LOCUST_CURVE_DIR=str(keys.master))
    others = [master.worker(), master.worker("curve", LOCUST_CURVE_DIR=str(keys.stranger))]
    master.worker("curve", LOCUST_CURVE_DIR=str(keys.workers))
    master.wait_for_workers(1)
    assert not is_let_in(master.port)
    assert not is_let_in(master.port, (keys.stranger_secret, keys.stranger_public, keys.master_public))
    # One who takes another key for the master's is not answered at all, and tells nothing.
    assert not is_let_in(master.port, (keys.stranger_secret, keys.stranger_public, keys.stranger_public))

    master.load()
    wait_until("the others have tried for a while", lambda: all(NOT_IN in worker.logged() for worker in others))
    assert len(master.workers()) == 1
    assert master.started.process.poll() is None
    assert "its key is not the workers'" in master.started.logged()
    assert len(master.relay.heard) > 1000
    for word in (USER_CLASS, "spawn", "client_ready", "heartbeat"):
        assert word.encode() not in master.relay.heard


def test_a_master_that_is_deaf_ends_and_its_workers_with_it(locusts: Locusts) -> None:
    """Without keys, whoever reaches the port can end it so; and what the relay hears can be read."""
    master = Master(locusts)
    worker = master.worker()
    master.wait_for_workers(1)
    master.load()
    assert USER_CLASS.encode() in master.relay.heard
    assert is_let_in(master.port)
    assert master.started.process.wait(60) == 1
    assert "client_listener has ended" in master.started.logged()
    worker.process.wait(60)
