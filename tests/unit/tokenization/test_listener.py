# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""How a listener is shut without cutting anything off."""

from __future__ import annotations

import asyncio
import logging
import socket

import pytest
from tokenization.server import Protocol, refuse_more, take_from


@pytest.mark.parametrize(("family", "address"), [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")])
def test_what_queued_up_is_served_and_nothing_more_does(family: socket.AddressFamily, address: str) -> None:
    with socket.create_server((address, 0), family=family) as listener:
        at = listener.getsockname()[:2]
        with socket.create_connection(at, timeout=5) as before:
            refuse_more(listener)
            with pytest.raises(TimeoutError):
                socket.create_connection(at, timeout=0.3)
            before.sendall(b"asked")
            accepted, _unused = listener.accept()
            with accepted:
                assert accepted.recv(10) == b"asked"
                accepted.sendall(b"answered")
            assert before.recv(10) == b"answered"


def test_a_connection_can_be_told_to_take_from_everyone_again() -> None:
    """One that was half made when its listener was told to refuse has inherited that."""
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        socket.create_connection(listener.getsockname(), timeout=5) as client,
    ):
        accepted, _unused = listener.accept()
        with accepted:
            take_from(255, accepted)
            client.sendall(b"asked")
            accepted.settimeout(0.1)
            with pytest.raises(TimeoutError):
                accepted.recv(10)
            take_from(0, accepted)
            accepted.settimeout(5)
            assert accepted.recv(10) == b"asked"


def test_a_connection_over_tls_that_was_just_lost_is_passed_over() -> None:
    class Lost(asyncio.Transport):
        def get_extra_info(self, name: str, default: object = None) -> object:
            return default

    protocol = Protocol.__new__(Protocol)
    protocol.transport = Lost()
    protocol.take_what_is_sent_again()


def test_where_it_can_not_be_done_the_service_stops_all_the_same(caplog: pytest.LogCaptureFixture) -> None:
    """A socket that is closed refuses every option, as a system without this one does."""
    listener = socket.create_server(("127.0.0.1", 0))
    listener.close()
    with caplog.at_level(logging.WARNING):
        refuse_more(listener)
    assert "may be cut off" in caplog.text
