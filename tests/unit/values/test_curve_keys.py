# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""CURVE's keys, compared with what ZeroMQ makes of them."""

from __future__ import annotations

import zmq
from ansible_collections.devsecops.monitor_lab.plugins.plugin_utils._curve import make_pair, z85


def test_bytes_are_written_as_zeromq_specifies() -> None:
    # The example of https://rfc.zeromq.org/spec/32/.
    assert z85(bytes.fromhex("864fd26fb559f75b")) == "HelloWorld"
    assert z85(b"") == ""
    assert z85(b"\xff" * 4) == "%nSc0"


def test_a_public_key_is_the_one_that_zeromq_finds() -> None:
    pairs = [make_pair() for _unused in range(20)]
    assert len(set(pairs)) == 20
    for secret, public in pairs:
        assert len(secret) == len(public) == 40
        assert zmq.curve_public(secret.encode()) == public.encode()
